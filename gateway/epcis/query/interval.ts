/** A closed interval; open ends are the largest numbers there are, so that JSON can hold them. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export type Comparison = 'EQ' | 'GT' | 'GE' | 'LT' | 'LE';

export const EVERYTHING: Interval = { low: -Number.MAX_VALUE, high: Number.MAX_VALUE };

export function pointAt(value: number): Interval {
  return { low: value, high: value };
}

/** What is left of `interval` when `comparison` with `value` has to hold too. */
export function narrowed(interval: Interval, comparison: Comparison, value: number): Interval {
  const low = { EQ: value, GE: value, GT: neighbour(value, 1), LT: null, LE: null }[comparison];
  const high = { EQ: value, LE: value, LT: neighbour(value, -1), GE: null, GT: null }[comparison];
  return {
    low: Math.max(interval.low, low ?? interval.low),
    high: Math.min(interval.high, high ?? interval.high),
  };
}

const float = new Float64Array(1);
const bits = new BigInt64Array(float.buffer);

/** The next double above or below (IEEE 754 §5.3.1 nextUp, nextDown): `> x` is `>= nextUp(x)`. */
function neighbour(value: number, direction: 1 | -1): number {
  if (value === 0) return direction * Number.MIN_VALUE;
  float[0] = value;
  bits[0] = (bits[0] ?? 0n) + BigInt(value > 0 ? direction : -direction);
  return float[0];
}
