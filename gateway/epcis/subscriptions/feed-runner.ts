import type { SubscriptionTime } from '../../http/epcis-backend.ts';
import { nextTimeMs, readSchedule } from './schedule.ts';

export interface RetryTimes {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** What comes after a position; with no items and `isEnd`, nothing does yet. */
export interface FeedStep<Item, Position> {
  readonly items: readonly Item[];
  readonly position: Position;
  readonly isEnd: boolean;
}

export interface FeedParts<Item, Position> {
  readonly next: (position: Position) => Promise<FeedStep<Item, Position>>;
  readonly position: Position;
  readonly time: SubscriptionTime;
  readonly reportIfEmpty: boolean;
  readonly retry: RetryTimes;
  readonly nowMs: () => number;
  /** False: not taken, to be sent again. Never called again before it has answered. */
  readonly send: (items: readonly Item[]) => Promise<boolean>;
  /** After they were taken: they are not sent again once this has returned. */
  readonly onTaken: (position: Position) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** setTimeout counts in 31 bits; a day at a time does for any schedule. */
const TIMER_MS_MAX = 86_400_000;

/**
 * Brings one subscriber what it asked for, in the log's order: at once or on schedule, the next
 * only after it has taken the last. A crash between `send` and `onTaken` sends again what was taken;
 * nothing is ever left out.
 */
export class FeedRunner<Item, Position> {
  readonly #parts: FeedParts<Item, Position>;
  #position: Position;
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;
  #running: Promise<void> | null = null;
  #isWanted = false;
  #isStopped = false;

  constructor(parts: FeedParts<Item, Position>) {
    this.#parts = parts;
    this.#position = parts.position;
  }

  start(): void {
    if ('stream' in this.#parts.time) this.#run();
    else this.#armSchedule();
  }

  /** After COMMIT. A subscriber that failed is asked again in its own time. */
  recorded(): void {
    if ('stream' in this.#parts.time && this.#failures === 0) this.#run();
  }

  /** Resolves when nothing is being sent any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#running;
  }

  #run(): void {
    this.#isWanted = true;
    if (!this.#isStopped) this.#running ??= this.#drain();
  }

  /** Nothing is awaited between the last look at what is wanted and the end: no call is lost. */
  async #drain(): Promise<void> {
    let isDone = true;
    while (this.#isWanted && isDone && !this.#isStopped) {
      this.#isWanted = false;
      isDone = await this.#sendAll().catch((error: unknown) => {
        this.#parts.onTrouble(error);
        return false;
      });
    }
    this.#running = null;
    if (this.#isStopped) return;
    if (!isDone) return this.#armRetry();
    this.#failures = 0;
    if ('schedule' in this.#parts.time) this.#armSchedule();
  }

  /** False where the subscriber did not take what there is. */
  async #sendAll(): Promise<boolean> {
    const { next, send, onTaken, reportIfEmpty, time } = this.#parts;
    let isEmpty = true;
    for (let isEnd = false; !isEnd && !this.#isStopped; ) {
      const step = await next(this.#position);
      if (step.items.length > 0) {
        if (!(await send(step.items))) return false;
        isEmpty = false;
        onTaken(step.position);
      }
      this.#position = step.position;
      isEnd = step.isEnd;
    }
    const reports = isEmpty && reportIfEmpty && 'schedule' in time && !this.#isStopped;
    return !reports || send([]);
  }

  #armRetry(): void {
    const { firstMs, maxMs } = this.#parts.retry;
    const waitMs = Math.min(firstMs * 2 ** this.#failures, maxMs);
    this.#failures += 1;
    this.#arm(waitMs, () => this.#run());
  }

  #armSchedule(): void {
    const { time, nowMs } = this.#parts;
    const schedule = 'schedule' in time ? readSchedule(time.schedule) : null;
    const atMs = schedule ? nextTimeMs(schedule, nowMs()) : null;
    if (atMs === null) return;
    const waitMs = atMs - nowMs();
    if (waitMs > TIMER_MS_MAX) this.#arm(TIMER_MS_MAX, () => this.#armSchedule());
    else this.#arm(waitMs, () => this.#run());
  }

  #arm(waitMs: number, then: () => void): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(then, waitMs);
  }
}
