/**
 * What the gateway says on the downlink topic, and what it changes in the queue. Every answer is
 * judged by release.ts first; what proves nothing is counted and ignored.
 *
 * @module answers
 */
import { type Downlink, parseDownlink } from '../formats/downlink.ts';
import type { RefusalCode } from '../formats/refusal.ts';
import type { Queue } from '../queue/queue.ts';
import { judgeReceipt, judgeRefusal, type Release, type Trust } from './release.ts';
import type { Tracked, Window } from './window.ts';

export type Answer =
  | { readonly kind: 'accepted'; readonly id: Uint8Array; readonly seq: number }
  | ({ readonly kind: 'receipted'; readonly id: Uint8Array; readonly seq: number } & Release)
  /** `listed`: released by the batch that lists it; otherwise parked or to be asked again. */
  | {
      readonly kind: 'refused';
      readonly id: Uint8Array;
      readonly seq: number;
      readonly code: RefusalCode;
      readonly listed: boolean;
    }
  /** An answer that counts for nothing: malformed, for no frame of ours, or not proved. */
  | { readonly kind: 'ignored'; readonly why: string; readonly detail: string };

export interface AnswersOptions {
  readonly queue: Pick<Queue, 'release' | 'markAccepted' | 'park'>;
  readonly window: Window;
  readonly trust: Trust;
  readonly monotonicMs: () => number;
  readonly onAnswer: (answer: Answer) => void;
  readonly onLogTime: (logTimeMs: number) => void;
  /** Calls `flush` soon; several receipts then share one flush of the disk. */
  readonly defer: (flush: () => void) => void;
}

/** Flow control, not a verdict: the frame is asked for again, not parked for a day. */
const TRANSIENT: ReadonlySet<RefusalCode> = new Set(['rate_limited', 'stale_batch']);

export class Answers {
  readonly counts = { accepted: 0, receipted: 0, refused: 0, parked: 0, ignored: 0 };
  readonly #options: AnswersOptions;
  #releases: { id: Uint8Array; answer: Answer }[] = [];

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  take(payload: Uint8Array): void {
    const parsed = parseDownlink(payload);
    if (!parsed.ok) {
      this.#ignore('malformed', `${parsed.code}: ${parsed.detail}`);
      return;
    }
    const message = parsed.value;
    const tracked = this.#options.window.find(message.id);
    if (tracked === null) this.#ignore('unknown', 'for no frame that is with the gateway');
    else if (message.kind === 'accepted') this.#accepted(tracked);
    else if (message.kind === 'receipt') this.#receipted(tracked, message.receipt);
    else if (message.batch === null) this.#refused(tracked, message.code);
    else this.#listed(tracked, { code: message.code, batch: message.batch });
  }

  /** A crash before this: the frames are sent again and answered with the same receipts. */
  flush(): void {
    const releases = this.#releases;
    this.#releases = [];
    if (releases.length === 0) return;
    const written = this.#options.queue.release(releases.map(({ id }) => id));
    if (!written.ok) this.#ignore(written.code, written.detail);
    else for (const { answer } of releases) this.#report(answer);
  }

  #accepted(tracked: Tracked): void {
    const { window, queue, monotonicMs } = this.#options;
    if (!window.isFlying(tracked.id)) return;
    window.await(tracked, monotonicMs());
    queue.markAccepted([tracked.id]);
    const { id, seq } = tracked;
    this.#report({ kind: 'accepted', id, seq });
  }

  #receipted(tracked: Tracked, receipt: Uint8Array): void {
    const verdict = judgeReceipt(tracked, receipt, this.#options.trust);
    if (!verdict.ok) {
      this.#ignore(verdict.code, verdict.detail);
      return;
    }
    const { id, seq } = tracked;
    this.#release(tracked, verdict.value, { kind: 'receipted', id, seq, ...verdict.value });
  }

  #refused(tracked: Tracked, code: RefusalCode): void {
    const { window, monotonicMs } = this.#options;
    const { id, seq } = tracked;
    if (TRANSIENT.has(code)) window.await(tracked, monotonicMs());
    else this.#park(tracked, code);
    this.#report({ kind: 'refused', id, seq, code, listed: false });
  }

  #listed(
    tracked: Tracked,
    refusal: Pick<Downlink & { kind: 'refused' }, 'code'> & Parameters<typeof judgeRefusal>[1],
  ): void {
    const verdict = judgeRefusal(tracked, refusal, this.#options.trust);
    if (!verdict.ok) {
      this.#ignore(verdict.code, verdict.detail);
      return;
    }
    const { id, seq } = tracked;
    const { code } = refusal;
    this.#release(tracked, verdict.value, { kind: 'refused', id, seq, code, listed: true });
  }

  #park(tracked: Tracked, code: RefusalCode): void {
    const { queue, window, monotonicMs } = this.#options;
    const parked = queue.park(tracked.id, code);
    if (parked.ok) {
      window.forget(tracked.id);
      this.counts.parked += 1;
    } else {
      // No room for the mark: out of the way in memory at least, until the next connection.
      window.await(tracked, monotonicMs());
    }
  }

  #release(tracked: Tracked, release: Release, answer: Answer): void {
    if (release.logTimeMs !== null) this.#options.onLogTime(release.logTimeMs);
    this.#options.window.forget(tracked.id);
    this.#releases.push({ id: tracked.id, answer });
    if (this.#releases.length === 1) this.#options.defer(() => this.flush());
  }

  #ignore(why: string, detail: string): void {
    this.#report({ kind: 'ignored', why, detail });
  }

  #report(answer: Answer): void {
    this.counts[answer.kind] += 1;
    this.#options.onAnswer(answer);
  }
}
