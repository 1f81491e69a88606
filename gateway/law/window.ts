import type { Aggregate, Bounds } from '@truegrain/device-sdk/formats/rule-check.js';
import type { Journal } from './journal.ts';
import { kineticMean } from './kinetic-temperature.ts';
import { ROW } from './pack-summary.ts';

/** A window is the 64 buckets that end with the one in which the statement's last reading lies. */
export const WINDOW_BUCKETS = 64;
/** Bucket number, count, min, max, sum, kinetic, outside ms. */
const FIELDS = 7;
const NO = 0;
const COUNT = 1;
const MIN = 2;
const MAX = 3;
const SUM = 4;
const KINETIC = 5;
const OUTSIDE_MS = 6;
/** Behind the buckets: time of the newest reading so far. */
const NEWEST = WINDOW_BUCKETS * FIELDS;
/** And which state the buckets before the newest are in; no two states have one number. */
const CLOSED = NEWEST + 1;

/** What a statement adds to a window, and under which conditions. */
export interface WindowPart {
  readonly summary: Float64Array;
  /** Where the sensor's row begins in it. */
  readonly at: number;
  readonly anchorMs: number;
  /** The device's registered reporting interval. */
  readonly intervalMs: number;
}

/** Sums over a stretch of time. Plain numbers, so that the same sums give the same verdict anywhere. */
export interface WindowSums {
  count: number;
  min: number;
  max: number;
  sum: number;
  kinetic: number;
  outsideMs: number;
}

/**
 * Readings of one sensor in buckets of absolute time. A pack goes whole into the bucket of its last
 * reading. Aggregates are added up from the buckets in the order of time and nothing is ever
 * subtracted, so a window is a function of the statements in log order: whoever adds the same ones
 * again, from any earlier beginning, has the same doubles (README, "Windows").
 */
export class SensorWindow {
  readonly #bucketMs: number;
  readonly #outside: Bounds | null;
  readonly #data = new Float64Array(CLOSED + 1);
  /** Sum of the buckets before the newest, in the state that is named: most packs leave it as it is. */
  readonly #closed = noSums();
  #closedState = -1;
  #states = 0;

  constructor(windowS: number, outside: Bounds | null) {
    this.#bucketMs = (windowS * 1000) / WINDOW_BUCKETS;
    this.#outside = outside;
    for (let i = 0; i < WINDOW_BUCKETS; i += 1) this.#data[i * FIELDS] = Number.NEGATIVE_INFINITY;
    this.#data[NEWEST] = Number.NEGATIVE_INFINITY;
  }

  /** A pack older than the whole window is left out. */
  add(part: WindowPart, journal: Journal | null): void {
    const data = this.#data;
    const { summary, at } = part;
    const lastMs = (summary[at + ROW.lastMs] as number) + part.anchorMs;
    const newestMs = data[NEWEST] as number;
    const bucket = this.#bucketOf(lastMs);
    if (bucket <= this.#bucketOf(newestMs) - WINDOW_BUCKETS) return;
    const outsideMs = this.#outsideMs(part);
    journal?.keep(data, NEWEST, 2);
    // A bucket more is closed, or a late pack changes one that is.
    if (bucket !== this.#bucketOf(newestMs)) data[CLOSED] = ++this.#states;
    if (lastMs > newestMs) data[NEWEST] = lastMs;
    const slot = slotOf(bucket);
    journal?.keep(data, slot, FIELDS);
    if (data[slot + NO] !== bucket) empty(data, slot, bucket);
    addRow(data, slot, summary, at);
    data[slot + OUTSIDE_MS] = (data[slot + OUTSIDE_MS] as number) + outsideMs;
  }

  /** The window that ends at `lastMs`; null where that lies before all the window keeps. */
  sums(lastMs: number): WindowSums | null {
    const last = this.#bucketOf(lastMs);
    const newestMs = this.#data[NEWEST] as number;
    if (newestMs === Number.NEGATIVE_INFINITY) return null;
    const newest = this.#bucketOf(newestMs);
    const first = newest - WINDOW_BUCKETS + 1;
    if (last < first) return null;
    if (last < newest) return this.#sumOf(first, last, noSums());
    const closed = this.#data[CLOSED] as number;
    if (this.#closedState !== closed) {
      this.#sumOf(first, newest - 1, Object.assign(this.#closed, noSums()));
      this.#closedState = closed;
    }
    // The newest comes last in any case, so these are the doubles of one long addition.
    return this.#sumOf(newest, newest, { ...this.#closed });
  }

  /** In the order of time. */
  #sumOf(first: number, last: number, sums: WindowSums): WindowSums {
    let slot = slotOf(first);
    for (let bucket = first; bucket <= last; bucket += 1) {
      if (this.#data[slot + NO] === bucket) addSums(sums, this.#data, slot);
      slot += FIELDS;
      if (slot === NEWEST) slot = 0;
    }
    return sums;
  }

  /** A statement older than the whole window, by its own readings alone. */
  alone(part: WindowPart): WindowSums {
    return aloneSums(part, this.#outsideMs(part));
  }

  /**
   * A pack with a reading out of bounds accounts for the time since the reading before it, at most
   * one reporting interval; for a whole one where none is known: silence shortens no excursion.
   */
  #outsideMs({ summary, at, anchorMs, intervalMs }: WindowPart): number {
    if (this.#outside === null) return 0;
    const { min, max } = this.#outside;
    const isOutside =
      (min !== null && (summary[at + ROW.min] as number) < min) ||
      (max !== null && (summary[at + ROW.max] as number) > max);
    if (!isOutside) return 0;
    const lastMs = (summary[at + ROW.lastMs] as number) + anchorMs;
    const newestMs = this.#data[NEWEST] as number;
    return lastMs > newestMs ? Math.min(intervalMs, lastMs - newestMs) : intervalMs;
  }

  #bucketOf(timeMs: number): number {
    return Math.floor(timeMs / this.#bucketMs);
  }
}

/** Of `outsideS` and `mkt` NaN where there is none: the caller reports it. */
export function aggregateOf(sums: WindowSums, aggregate: Aggregate, unit: string): number {
  switch (aggregate) {
    case 'min':
      return sums.min;
    case 'max':
      return sums.max;
    case 'mean':
      return sums.sum / sums.count;
    case 'count':
      return sums.count;
    case 'mkt':
      return kineticMean(sums.kinetic / sums.count, unit);
    case 'outsideS':
      return sums.outsideMs / 1000;
  }
}

function slotOf(bucket: number): number {
  // Buckets before 1970 do not occur: a pack's times lie after it (SPEC §2.3).
  return (bucket % WINDOW_BUCKETS) * FIELDS;
}

function empty(data: Float64Array, slot: number, bucket: number): void {
  data[slot + NO] = bucket;
  data[slot + COUNT] = 0;
  data[slot + MIN] = Number.POSITIVE_INFINITY;
  data[slot + MAX] = Number.NEGATIVE_INFINITY;
  data[slot + SUM] = 0;
  data[slot + KINETIC] = 0;
  data[slot + OUTSIDE_MS] = 0;
}

function addRow(data: Float64Array, slot: number, summary: Float64Array, at: number): void {
  data[slot + COUNT] = (data[slot + COUNT] as number) + (summary[at + ROW.count] as number);
  data[slot + SUM] = (data[slot + SUM] as number) + (summary[at + ROW.sum] as number);
  data[slot + KINETIC] = (data[slot + KINETIC] as number) + (summary[at + ROW.kinetic] as number);
  const min = summary[at + ROW.min] as number;
  const max = summary[at + ROW.max] as number;
  if (min < (data[slot + MIN] as number)) data[slot + MIN] = min;
  if (max > (data[slot + MAX] as number)) data[slot + MAX] = max;
}

function addSums(sums: WindowSums, data: Float64Array, slot: number): void {
  sums.count += data[slot + COUNT] as number;
  sums.sum += data[slot + SUM] as number;
  sums.kinetic += data[slot + KINETIC] as number;
  sums.outsideMs += data[slot + OUTSIDE_MS] as number;
  const min = data[slot + MIN] as number;
  const max = data[slot + MAX] as number;
  if (min < sums.min) sums.min = min;
  if (max > sums.max) sums.max = max;
}

function noSums(): WindowSums {
  return {
    count: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    sum: 0,
    kinetic: 0,
    outsideMs: 0,
  };
}

function aloneSums({ summary, at }: WindowPart, outsideMs: number): WindowSums {
  return {
    count: summary[at + ROW.count] as number,
    min: summary[at + ROW.min] as number,
    max: summary[at + ROW.max] as number,
    sum: summary[at + ROW.sum] as number,
    kinetic: summary[at + ROW.kinetic] as number,
    outsideMs,
  };
}
