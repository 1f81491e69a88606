/**
 * The present as the chain tells it: the newest block's time, which is a median over the members,
 * and what has passed since by a clock that nobody sets. A gateway whose wall clock is an hour off
 * then still writes log times that the others take.
 */
export class ChainClock {
  readonly #nowMs: () => number;
  readonly #monotonicMs: () => number;
  #block: { timeMs: number; atMs: number } | null = null;

  constructor({ nowMs, monotonicMs }: { nowMs: () => number; monotonicMs: () => number }) {
    this.#nowMs = nowMs;
    this.#monotonicMs = monotonicMs;
  }

  /** `isLive` false while old blocks are played again: their times say nothing of the present. */
  onBlock(timeMs: number, isLive: boolean): void {
    if (isLive) this.#block = { timeMs, atMs: this.#monotonicMs() };
  }

  /** Whole milliseconds, as log times are. Before the first live block the wall clock is all there is. */
  presentMs(): number {
    if (!this.#block) return this.#nowMs();
    return Math.floor(this.#block.timeMs + (this.#monotonicMs() - this.#block.atMs));
  }

  /** How far this machine's wall clock is from the chain's, positive ahead; null where unknown. */
  offsetMs(): number | null {
    return this.#block ? this.#nowMs() - this.presentMs() : null;
  }
}
