interface Rest {
  failures: number;
  untilMs: number;
}

/** Who is left alone for a while: longer with each failure in a row. */
export class Backoff {
  readonly #nowMs: () => number;
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #shunMs: number;
  readonly #rests = new Map<string, Rest>();

  constructor(options: {
    nowMs: () => number;
    firstMs: number;
    maxMs: number;
    shunMs: number;
  }) {
    this.#nowMs = options.nowMs;
    this.#firstMs = options.firstMs;
    this.#maxMs = options.maxMs;
    this.#shunMs = options.shunMs;
  }

  isResting(who: string): boolean {
    return (this.#rests.get(who)?.untilMs ?? 0) > this.#nowMs();
  }

  failed(who: string): void {
    const failures = (this.#rests.get(who)?.failures ?? 0) + 1;
    const restMs = Math.min(this.#firstMs * 2 ** (failures - 1), this.#maxMs);
    this.#rests.set(who, { failures, untilMs: this.#nowMs() + restMs });
  }

  /** For worse than a failure. */
  shunned(who: string): void {
    const failures = this.#rests.get(who)?.failures ?? 0;
    this.#rests.set(who, { failures, untilMs: this.#nowMs() + this.#shunMs });
  }

  good(who: string): void {
    this.#rests.delete(who);
  }
}
