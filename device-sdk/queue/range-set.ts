export type Range = readonly [start: number, end: number];

/** A set of positions as sorted, disjoint, half-open ranges: receipts come in runs, so it stays small. */
export class RangeSet {
  #ranges: [number, number][] = [];

  constructor(ranges: Iterable<Range> = []) {
    for (const [start, end] of ranges) this.add(start, end);
  }

  add(start: number, end = start + 1): void {
    if (end <= start) return;
    const first = this.#firstEndingAtOrAfter(start);
    let last = first;
    let merged: [number, number] = [start, end];
    for (let r = this.#ranges[last]; r !== undefined && r[0] <= end; r = this.#ranges[++last]) {
      merged = [Math.min(merged[0], r[0]), Math.max(merged[1], r[1])];
    }
    this.#ranges.splice(first, last - first, merged);
  }

  delete(start: number, end = start + 1): void {
    if (end <= start) return;
    const first = this.#firstEndingAtOrAfter(start);
    let last = first;
    const kept: [number, number][] = [];
    for (let r = this.#ranges[last]; r !== undefined && r[0] < end; r = this.#ranges[++last]) {
      if (r[0] < start) kept.push([r[0], Math.min(start, r[1])]);
      if (r[1] > end) kept.push([end, r[1]]);
    }
    this.#ranges.splice(first, last - first, ...kept);
  }

  has(position: number): boolean {
    const r = this.#ranges[this.#firstEndingAtOrAfter(position + 1)];
    return r !== undefined && r[0] <= position;
  }

  /** How many positions of [start, end) are in the set. */
  count(start: number, end: number): number {
    let total = 0;
    for (let i = this.#firstEndingAtOrAfter(start); i < this.#ranges.length; i++) {
      const r = this.#ranges[i];
      if (r === undefined || r[0] >= end) break;
      total += Math.max(0, Math.min(r[1], end) - Math.max(r[0], start));
    }
    return total;
  }

  ranges(): Range[] {
    return this.#ranges.map(([start, end]) => [start, end]);
  }

  /** Index of the first range with `end >= position`, by bisection. */
  #firstEndingAtOrAfter(position: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.[1] ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Positions in any order to ranges. */
export function toRanges(positions: Iterable<number>): Range[] {
  const set = new RangeSet();
  for (const position of positions) set.add(position);
  return set.ranges();
}
