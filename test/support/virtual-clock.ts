import type { Clock } from '../../device-sdk/clock.ts';

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** A clock that moves only when the test says so. Wall time and monotonic time move apart. */
export class VirtualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 1_000;
  #sleepers: Sleeper[] = [];

  constructor(wallMs = Date.UTC(2026, 10, 23)) {
    this.#wallMs = wallMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Someone sets the wall clock. */
  stepWall(toMs: number): void {
    this.#wallMs = toMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const wake = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper = { wakeAt: this.#monotonicMs + Math.max(0, ms), wake };
      const abort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  /** Moves both clocks, waking sleepers in order and letting each run before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonicMs + ms;
    for (;;) {
      await settle();
      const next = this.#sleepers
        .filter(({ wakeAt }) => wakeAt <= end)
        .sort((a, b) => a.wakeAt - b.wakeAt)[0];
      if (next === undefined) break;
      this.#move(next.wakeAt - this.#monotonicMs);
      this.#sleepers = this.#sleepers.filter((other) => other !== next);
      next.wake();
    }
    this.#move(end - this.#monotonicMs);
    await settle();
  }

  #move(ms: number): void {
    this.#monotonicMs += Math.max(0, ms);
    this.#wallMs += Math.max(0, ms);
  }
}

/** Lets pending promise callbacks run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
