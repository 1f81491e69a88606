/**
 * Everything in the device that waits or asks the time does it through a `Clock`, so that tests
 * own the time and nothing in the runtime can reach for `Date.now()` unseen.
 *
 * @module clock
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** The operating system's idea of wall time, ms since 1970. May be wrong and may jump. */
  nowMs(): number;
  /** Never goes backwards within one boot; its zero means nothing. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export class SystemClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    try {
      await delay(Math.max(0, ms), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }
}
