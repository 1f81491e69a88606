/**
 * The present as the chain tells it: the newest block's time, which is a median over the members,
 * and what has passed since by a clock that nobody sets. A gateway whose wall clock is an hour off
 * then still writes log times that the others take.
 */
export class ChainClock {
  readonly #nowMs: () => number;
  readonly #monotonicMs: () => number;
  #block: { timeMs: number; atMs: number } | null = null;
  #blocks = 0;

  constructor({ nowMs, monotonicMs }: { nowMs: () => number; monotonicMs: () => number }) {
    this.#nowMs = nowMs;
    this.#monotonicMs = monotonicMs;
  }

  /**
   * A block that was decided just now. Its time is that of the votes before it: after an idle hour
   * it is an hour old, and the next block's is right. So it only ever moves the present forward.
   */
  onBlock(timeMs: number): void {
    this.#blocks += 1;
    if (this.#block && timeMs < this.presentMs()) return;
    this.#block = { timeMs, atMs: this.#monotonicMs() };
  }

  /** Whole milliseconds, as log times are. Before the first live block the wall clock is all there is. */
  presentMs(): number {
    if (!this.#block) return this.#nowMs();
    return Math.floor(this.#block.timeMs + (this.#monotonicMs() - this.#block.atMs));
  }

  /**
   * How far this machine's wall clock is from the chain's, positive ahead, to within the seconds that
   * a block takes; null before the second live block, for the first may be an idle hour old.
   */
  offsetMs(): number | null {
    return this.#blocks < 2 ? null : this.#nowMs() - this.presentMs();
  }
}
