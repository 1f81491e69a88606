/**
 * The newest log time this device has verified, kept over restarts as the floor of its clock (T2).
 * Written once an hour at most: it is a lower bound, and an old one is still true.
 *
 * @module log-time-file
 */
import { readWithMode, replaceDurably } from './durable-file.ts';

const WRITE_AFTER_MS = 3_600_000;

export class LogTimeFile {
  readonly #path: string;
  #writtenMs: number;
  #latestMs: number;

  constructor(path: string) {
    this.#path = path;
    const text = readWithMode(path)?.text ?? '';
    // A damaged file costs an hour's worth of floor, not the start.
    this.#latestMs = /^\d{1,15}\n$/.test(text) ? Number(text) : 0;
    this.#writtenMs = this.#latestMs;
  }

  get latestMs(): number {
    return this.#latestMs;
  }

  raise(logTimeMs: number): void {
    if (logTimeMs <= this.#latestMs) return;
    this.#latestMs = logTimeMs;
    if (logTimeMs - this.#writtenMs >= WRITE_AFTER_MS) this.flush();
  }

  flush(): void {
    if (this.#latestMs === this.#writtenMs) return;
    replaceDurably(this.#path, `${this.#latestMs}\n`);
    this.#writtenMs = this.#latestMs;
  }
}
