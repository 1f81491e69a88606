/**
 * A place in the order of events: by time, and where two events have one time, by their place in the
 * log. Two events never have one moment.
 */
export interface Moment {
  readonly ms: number;
  readonly leafIndex: number;
}

/** From one moment to another; equal ones are a point: something was seen once. */
export interface Window {
  readonly from: Moment;
  readonly to: Moment;
}

export const BEGINNING: Moment = { ms: Number.NEGATIVE_INFINITY, leafIndex: -1 };
export const END: Moment = { ms: Number.POSITIVE_INFINITY, leafIndex: Number.POSITIVE_INFINITY };
export const ALWAYS: Window = { from: BEGINNING, to: END };

export function compareMoments(a: Moment, b: Moment): number {
  // Infinity − Infinity is no number.
  const byTime = a.ms === b.ms ? 0 : a.ms - b.ms;
  return byTime || (a.leafIndex === b.leafIndex ? 0 : a.leafIndex - b.leafIndex);
}

export const earlier = (a: Moment, b: Moment) => (compareMoments(a, b) <= 0 ? a : b);
export const later = (a: Moment, b: Moment) => (compareMoments(a, b) >= 0 ? a : b);

/** What two windows have in common; null where they only touch. */
export function common(a: Window, b: Window): Window | null {
  const window = { from: later(a.from, b.from), to: earlier(a.to, b.to) };
  const order = compareMoments(window.from, window.to);
  if (order < 0) return window;
  // One of them is a point inside the other.
  return order === 0 && (isPoint(a) || isPoint(b)) ? window : null;
}

export function isPoint({ from, to }: Window): boolean {
  return compareMoments(from, to) === 0;
}

/** The ends belong to it: what opens and what closes a stay are seen in it. */
export function holds({ from, to }: Window, moment: Moment): boolean {
  return compareMoments(from, moment) <= 0 && compareMoments(moment, to) <= 0;
}

export function isWithin(inner: Window, outer: Window): boolean {
  return holds(outer, inner.from) && holds(outer, inner.to);
}
