/**
 * Undo of what a round changes in the windows of many devices: a batch is judged before it is
 * committed, and a COMMIT may fail. Cheaper than copies of the windows, and as exact: old doubles
 * are put back, nothing is subtracted.
 */
export class Journal {
  readonly #arrays: Float64Array[] = [];
  readonly #places: number[] = [];
  readonly #values: number[] = [];

  /** Before `length` doubles of `array` from `offset` on are changed. */
  keep(array: Float64Array, offset: number, length: number): void {
    this.#arrays.push(array);
    this.#places.push(offset, length);
    for (let i = offset; i < offset + length; i += 1) this.#values.push(array[i] as number);
  }

  get length(): number {
    return this.#arrays.length;
  }

  /** Back to the `length` it had; 0 takes back the whole round. */
  undo(length: number): void {
    while (this.#arrays.length > length) {
      const array = this.#arrays.pop() as Float64Array;
      const count = this.#places.pop() as number;
      const offset = this.#places.pop() as number;
      for (let i = offset + count - 1; i >= offset; i -= 1) array[i] = this.#values.pop() as number;
    }
  }

  /** What was changed stands. */
  clear(): void {
    this.#arrays.length = 0;
    this.#places.length = 0;
    this.#values.length = 0;
  }
}
