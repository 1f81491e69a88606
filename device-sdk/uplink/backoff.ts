/**
 * Full-jitter back-off (device.md M7): after a power cut a whole factory reconnects, so every delay
 * is uniform between nothing and a ceiling that doubles.
 *
 * @module backoff
 */
export interface BackoffOptions {
  readonly baseMs?: number;
  readonly ceilingMs?: number;
  /** A connection that lived this long was a good one: the next failure starts from `baseMs`. */
  readonly stableMs?: number;
  /** The first delay after power-on is uniform below this. */
  readonly firstDelayMsMax?: number;
  readonly random?: () => number;
}

export class Backoff {
  readonly #baseMs: number;
  readonly #ceilingMs: number;
  readonly #stableMs: number;
  readonly #firstDelayMsMax: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(options: BackoffOptions = {}) {
    this.#baseMs = options.baseMs ?? 1_000;
    this.#ceilingMs = options.ceilingMs ?? 300_000;
    this.#stableMs = options.stableMs ?? 60_000;
    this.#firstDelayMsMax = options.firstDelayMsMax ?? 60_000;
    this.#random = options.random ?? Math.random;
  }

  firstDelayMs(): number {
    return Math.floor(this.#random() * this.#firstDelayMsMax);
  }

  /** `livedMs` of the connection that just ended; 0 where there was none. */
  delayAfter(livedMs: number): number {
    if (livedMs >= this.#stableMs) this.#failures = 0;
    const ceilingMs = Math.min(this.#ceilingMs, this.#baseMs * 2 ** this.#failures);
    if (ceilingMs < this.#ceilingMs) this.#failures += 1;
    return Math.floor(this.#random() * ceilingMs);
  }
}
