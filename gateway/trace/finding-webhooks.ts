import { FeedRunner, type FeedStep, type RetryTimes } from '../epcis/subscriptions/feed-runner.ts';
import { deliver } from '../epcis/subscriptions/webhook.ts';
import type { FeedFinding } from '../http/trace-backend.ts';
import type { Db, Query } from '../store/database.ts';
import type { TraceDesk } from './trace-desk.ts';
import { type FindingWebhook, readSecret } from './webhook-config.ts';

export interface FindingWebhooksParts {
  readonly db: Db;
  readonly trace: Pick<TraceDesk, 'findings' | 'onCommitted'>;
  readonly webhooks: readonly FindingWebhook[];
  /** Whose findings these are: origin of the log and URI of the member. */
  readonly about: { readonly ledger: string; readonly by: string };
  /** The operator's decision, as for subscribers to events. */
  readonly privateDests: boolean;
  readonly nowMs: () => number;
  /** Who did not take what it was sent; it is kept for it. */
  readonly onTrouble: (url: string, detail: string) => void;
  readonly retry?: RetryTimes;
}

const RETRY: RetryTimes = { firstMs: 1_000, maxMs: 600_000 };
const FINDINGS_A_DELIVERY = 100;
/** Commits come many a second; findings are looked for at most this often. */
const LOOK_EVERY_MS = 250;
/** Time makes findings too, and blocks of other members come without a commit here. */
const LOOK_ANYWAY_MS = 15_000;
/** A place that moved on without findings costs a look after a crash, and nothing else. */
const KEEP_EVERY_MS = 60_000;

type Step = FeedStep<FeedFinding, string>;

/**
 * Findings posted to those whom the operator named, to each in its own time, in the feed's order and
 * at least once: the place behind what was taken is on disk before the next is sent.
 */
export class FindingWebhooks {
  readonly #parts: FindingWebhooksParts;
  readonly #get: Query;
  readonly #put: Query;
  readonly #secrets: ReadonlyMap<string, string>;
  readonly #runners: FeedRunner<FeedFinding, string>[] = [];
  readonly #end = new AbortController();
  readonly #undo: (() => void)[] = [];
  #look: NodeJS.Timeout | null = null;

  /** Throws ConfigError where a secret can't be read. */
  constructor(parts: FindingWebhooksParts) {
    this.#parts = parts;
    this.#get = parts.db.prepare('SELECT cursor FROM finding_webhook WHERE url = ?').pluck();
    this.#put = parts.db.prepare('INSERT OR REPLACE INTO finding_webhook VALUES (?, ?)');
    this.#secrets = new Map(
      parts.webhooks.flatMap(({ url, secretFile }) =>
        secretFile === null ? [] : [[url, readSecret(secretFile)]],
      ),
    );
  }

  /** Goes on where each one was; a new one begins with what is found from now on. */
  start(): void {
    for (const webhook of this.#parts.webhooks) {
      const runner = this.#runnerOf(webhook);
      this.#runners.push(runner);
      runner.start();
    }
    const anyway = setInterval(() => this.#recorded(), LOOK_ANYWAY_MS);
    anyway.unref();
    const undo = this.#parts.trace.onCommitted(() => {
      this.#look ??= setTimeout(() => this.#recorded(), LOOK_EVERY_MS);
    });
    this.#undo.push(undo, () => clearInterval(anyway));
  }

  /** Deliveries under way are broken off: they are repeated after the next start. */
  async close(): Promise<void> {
    for (const undo of this.#undo.splice(0)) undo();
    if (this.#look) clearTimeout(this.#look);
    this.#end.abort();
    await Promise.all(this.#runners.map((runner) => runner.stop()));
  }

  #recorded(): void {
    this.#look = null;
    for (const runner of this.#runners) runner.recorded();
  }

  #runnerOf({ url, kinds }: FindingWebhook): FeedRunner<FeedFinding, string> {
    const { nowMs, onTrouble, retry = RETRY } = this.#parts;
    let keptMs = nowMs();
    const keep = (cursor: string) => {
      this.#put.run(url, cursor);
      keptMs = nowMs();
    };
    return new FeedRunner<FeedFinding, string>({
      next: async (cursor) => {
        const step = this.#after(cursor, kinds);
        const isLate = nowMs() - keptMs >= KEEP_EVERY_MS;
        if (step.items.length === 0 && isLate) keep(step.position);
        return step;
      },
      position: this.#placeOf(url, keep),
      time: { stream: true },
      reportIfEmpty: false,
      retry,
      nowMs,
      send: (findings) => this.#send(url, findings),
      onTaken: keep,
      onTrouble: (error) => onTrouble(url, error instanceof Error ? error.message : String(error)),
    });
  }

  #placeOf(url: string, keep: (cursor: string) => void): string {
    const kept = this.#get.get(url) as string | undefined;
    if (kept !== undefined) return kept;
    const { end } = this.#page({ limit: 1 });
    keep(end);
    return end;
  }

  #after(cursor: string, kinds: FindingWebhook['kinds']): Step {
    const { findings, next, end } = this.#page({ after: cursor, limit: FINDINGS_A_DELIVERY });
    const items = findings.filter(({ kind }) => kinds === null || kinds.includes(kind));
    return { items, position: next ?? end, isEnd: next === null };
  }

  #page(query: { after?: string; limit: number }) {
    const page = this.#parts.trace.findings(query);
    if (!page.ok) throw new Error(`${page.code}: ${page.detail}`);
    return page.value;
  }

  async #send(dest: string, feed: readonly FeedFinding[]): Promise<boolean> {
    const { about, privateDests, onTrouble } = this.#parts;
    const { signal } = this.#end;
    const findings = feed.map(({ cursor: _, ...finding }) => finding);
    const delivered = await deliver({
      dest,
      body: JSON.stringify({ ...about, findings }),
      signatureToken: this.#secrets.get(dest) ?? null,
      privateDests,
      signal,
    });
    if (!delivered.ok && !signal.aborted) onTrouble(dest, delivered.detail);
    return delivered.ok;
  }
}
