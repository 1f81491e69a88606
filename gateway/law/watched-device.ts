/** How far the watch is with one device: leaves of its statements, and which of them it could read. */
export class WatchedDevice {
  readonly urn: string;
  /** Ascending; those before `#next` are examined. */
  readonly #leaves: number[] = [];
  #next = 0;
  /** Last time of the newest pack that is in the log and not in the windows: its content is missing. */
  missingMs = Number.NEGATIVE_INFINITY;
  /** Batch of the statement examined last. */
  batchLeaf = -1;
  /** That batch was judged without statements of this device that stand before it. */
  isHoled = false;

  constructor(urn: string) {
    this.urn = urn;
  }

  add(leafIndex: number): void {
    this.#leaves.push(leafIndex);
  }

  /** The next leaf to examine; null where all are. */
  get head(): number | null {
    return this.#leaves[this.#next] ?? null;
  }

  /** The statement before the head; negative where there is none that is remembered. */
  get before(): number {
    return this.#leaves[this.#next - 1] ?? -1;
  }

  advance(): void {
    this.#next += 1;
  }

  /** From this leaf on everything is examined again; false where that is no longer remembered. */
  rewind(leafIndex: number): boolean {
    const at = this.#leaves.indexOf(leafIndex);
    if (at < 0) return false;
    this.#next = Math.min(this.#next, at);
    this.missingMs = Number.NEGATIVE_INFINITY;
    this.batchLeaf = -1;
    this.isHoled = false;
    return true;
  }

  /** Leaves below it are not examined any more. */
  forgetBelow(leafIndex: number): void {
    const kept = this.#leaves.findIndex((leaf) => leaf >= leafIndex);
    const gone = kept < 0 ? this.#leaves.length : kept;
    this.#leaves.splice(0, gone);
    this.#next = Math.max(0, this.#next - gone);
  }

  get isEmpty(): boolean {
    return this.#leaves.length === 0;
  }
}
