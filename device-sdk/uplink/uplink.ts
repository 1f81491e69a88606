/**
 * From the queue to the gateway: publishes frames in queue order through a window of our own, and
 * asks again for what stays unanswered. What comes back is answers.ts; what releases is release.ts.
 *
 * @module uplink
 */
import type { Clock } from '../clock.ts';
import { parseFrame } from '../formats/frame.ts';
import { leafHash } from '../formats/merkle.ts';
import type { Result } from '../formats/result.ts';
import { parseStatement } from '../formats/statement.ts';
import { topicOf } from '../formats/topic.ts';
import type { Queue } from '../queue/queue.ts';
import type { QueuedEntry } from '../queue/queue-types.ts';
import { type Answer, Answers } from './answers.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import { type Link, type LinkOptions, openLink } from './link.ts';
import { mirroredLeaf } from './mirrored-leaf.ts';
import type { Trust } from './release.ts';
import { type Tracked, Window, type WindowOptions } from './window.ts';

export type UplinkQueue = Pick<
  Queue,
  'peek' | 'release' | 'markAccepted' | 'park' | 'parked' | 'unpark'
>;

export type UplinkEvent =
  | Answer
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected'; readonly reason: string; readonly retryInMs: number };

export interface UplinkOptions {
  readonly device: string;
  readonly queue: UplinkQueue;
  readonly trust: Trust;
  readonly clock: Clock;
  readonly link: Pick<LinkOptions, 'url' | 'username' | 'password'> &
    Partial<Pick<LinkOptions, 'tls' | 'keepaliveS' | 'connectTimeoutMs'>>;
  readonly window?: WindowOptions;
  readonly backoff?: BackoffOptions;
  /** How often parked frames are tried again; they are at every start too. */
  readonly parkedRetryMs?: number;
  readonly tickMs?: number;
  readonly onEvent?: (event: UplinkEvent) => void;
  /** A log time that a verified answer proved. */
  readonly onLogTime?: (logTimeMs: number) => void;
  /** The disk failed, or a bug: nothing in memory can be trusted any more. */
  readonly onFatal: (error: unknown) => void;
}

export interface UplinkStats {
  readonly connected: boolean;
  readonly connections: number;
  readonly published: number;
  readonly inFlight: number;
  /** Answered or given up for now, and still owed a receipt. */
  readonly waiting: number;
  readonly accepted: number;
  readonly receipted: number;
  readonly refused: number;
  readonly parked: number;
  readonly ignored: number;
}

const READ_AHEAD = 8;
/** Per tick, so that asking again never keeps new frames out of the window. */
const ASKS_PER_TICK = 4;

export class Uplink {
  readonly #options: UplinkOptions;
  readonly #clock: Clock;
  readonly #window: Window;
  readonly #answers: Answers;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  #link: Link | null = null;
  #connections = 0;
  #published = 0;
  #cursor = 0;
  #readAhead: QueuedEntry[] = [];
  #unparkAtMs: number;
  #running: Promise<void>[] = [];

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#window = new Window(options.window);
    this.#backoff = new Backoff(options.backoff);
    this.#unparkAtMs = this.#clock.monotonicMs();
    this.#answers = new Answers({
      queue: options.queue,
      window: this.#window,
      trust: options.trust,
      monotonicMs: () => this.#clock.monotonicMs(),
      onAnswer: (answer) => options.onEvent?.(answer),
      onLogTime: (logTimeMs) => options.onLogTime?.(logTimeMs),
      defer: (flush) => void setImmediate(() => this.#fatal(flush)),
    });
  }

  start(): void {
    this.#running = [this.#guard(() => this.#keepConnected()), this.#guard(() => this.#tick())];
  }

  /** Frames in flight stay queued; a later start sends them again. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('uplink stopped'));
    await Promise.all(this.#running);
    this.#fatal(() => this.#answers.flush());
  }

  /** Something was appended. */
  wake(): void {
    this.#fatal(() => this.#pump());
  }

  stats(): UplinkStats {
    return {
      connected: this.#link !== null,
      connections: this.#connections,
      published: this.#published,
      inFlight: this.#window.inFlight,
      waiting: this.#window.waiting,
      ...this.#answers.counts,
    };
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#stop;
    const firstDelayMs = this.#backoff.firstDelayMs();
    if (firstDelayMs > 0) await this.#clock.sleep(firstDelayMs, signal);
    while (!signal.aborted) {
      const startedAtMs = this.#clock.monotonicMs();
      const reason = await this.#connectOnce(signal);
      if (signal.aborted) return;
      const retryInMs = this.#backoff.delayAfter(this.#clock.monotonicMs() - startedAtMs);
      this.#options.onEvent?.({ kind: 'disconnected', reason, retryInMs });
      await this.#clock.sleep(retryInMs, signal);
    }
  }

  async #connectOnce(signal: AbortSignal): Promise<string> {
    const { device, link } = this.#options;
    const opened = await openLink(
      {
        ...link,
        clientId: device,
        downTopic: topicOf(device, 'down'),
        upTopic: topicOf(device, 'up'),
        onDown: (payload) => this.#fatal(() => this.#answer(payload)),
      },
      signal,
    );
    if (!opened.ok) return `${opened.code}: ${opened.detail}`;
    this.#link = opened.value;
    this.#connections += 1;
    this.#rewind();
    this.#options.onEvent?.({ kind: 'connected' });
    this.#fatal(() => this.#pump());
    const reason = await opened.value.ended;
    this.#link = null;
    this.#window.lost(this.#clock.monotonicMs());
    return reason;
  }

  async #tick(): Promise<void> {
    const { tickMs = 1_000, window = {} } = this.#options;
    const everyMs = Math.min(tickMs, (window.answerTimeoutMs ?? 30_000) / 4);
    for (;;) {
      const nowMs = this.#clock.monotonicMs();
      if (nowMs >= this.#unparkAtMs) this.#unpark(nowMs);
      const sound = this.#window.expire(nowMs);
      if (!sound) this.#link?.close('no PUBACK within the answer time-out');
      if (this.#window.takeForgotten()) this.#rewind();
      this.#askAgain(nowMs);
      this.#pump();
      await this.#clock.sleep(everyMs, this.#stop.signal);
    }
  }

  #unpark(nowMs: number): void {
    this.#unparkAtMs = nowMs + (this.#options.parkedRetryMs ?? 86_400_000);
    const ids = this.#options.queue.parked().map(({ id }) => id);
    if (ids.length === 0) return;
    this.#options.queue.unpark(ids);
    this.#rewind();
  }

  #rewind(): void {
    this.#cursor = 0;
    this.#readAhead = [];
  }

  #answer(payload: Uint8Array): void {
    this.#answers.take(payload);
    this.#pump();
  }

  #askAgain(nowMs: number): void {
    if (this.#link === null) return;
    for (let asked = 0; asked < ASKS_PER_TICK; asked += 1) {
      const due = this.#window.due(nowMs);
      if (due === null || !this.#window.admits(due.id)) return;
      const [entry] = this.#options.queue.peek(due.position - 1, 1);
      if (entry?.position === due.position) this.#publish(due, entry.frame);
      // Evicted meanwhile: its id is kept or in a gap record, and nothing is left to send.
      else this.#window.forget(due.id);
    }
  }

  #pump(): void {
    if (this.#link === null) return;
    for (;;) {
      const entry = this.#nextEntry();
      // A suspect frame waits here until it can have the line to itself.
      if (entry === null || !this.#window.admits(entry.id)) return;
      this.#readAhead.shift();
      this.#cursor = entry.position;
      if (this.#window.find(entry.id) === null) this.#publish(trackedOf(entry), entry.frame);
    }
  }

  #nextEntry(): QueuedEntry | null {
    if (this.#window.room() === 0) return null;
    if (this.#readAhead.length === 0) {
      this.#readAhead = this.#options.queue.peek(this.#cursor, READ_AHEAD);
    }
    return this.#readAhead[0] ?? null;
  }

  #publish(tracked: Tracked, frame: Uint8Array): void {
    this.#window.send(tracked, this.#clock.monotonicMs());
    this.#published += 1;
    this.#link?.publish(frame, () => this.#window.pubacked(tracked.id));
  }

  async #guard(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#options.onFatal(error);
    }
  }

  #fatal(body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#options.onFatal(error);
    }
  }
}

/** Our own frame, checked when it was signed; a queue that returns anything else is broken. */
function trackedOf(entry: QueuedEntry): Tracked {
  const frame = must(parseFrame(entry.frame));
  const statement = must(parseStatement(frame.statement));
  const { id, position, seq } = entry;
  const hashes = {
    leafHash: leafHash(statement.entry),
    mirroredLeafHash: mirroredLeaf(statement),
  };
  return { id, position, seq, sub: statement.sub, ...hashes };
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`own frame: ${result.code}: ${result.detail}`);
  return result.value;
}
