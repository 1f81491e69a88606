// Where the traced thing itself was, stop by stop, with what was measured meanwhile.
import type { FactClass, Trace, TraceCondition, TraceStay } from '../api/trace-answers.ts';
import { lastPart } from '../format.ts';

export interface RouteStop {
  /** Null on the way from one place to the next. */
  readonly place: string | null;
  readonly step: string | null;
  readonly fromMs: number;
  readonly untilMs: number | null;
  readonly via: string | null;
  readonly class: FactClass;
  readonly leafIndex: number;
  readonly measured: readonly StopMeasurement[];
  readonly excursions: number;
}

export type StopMeasurement = Pick<TraceCondition, 'quantity' | 'unit' | 'min' | 'max'>;

/** A stop before it is known what was measured there. */
type Bare = Omit<RouteStop, 'measured' | 'excursions'>;

/**
 * Consecutive stays at one place are one stop, until the last of them ends. What left a read point in
 * transit was there for a moment, and on its way from then on.
 */
export function routeStops(trace: Trace): RouteStop[] {
  const seen = trace.stays.filter(({ item }) => item === trace.item);
  const own = seen.filter((stay) => placeOf(stay) !== null).sort((a, b) => a.fromMs - b.fromMs);
  const reports = new Set<number | null>();
  for (const stay of seen) if (placeOf(stay) === null) reports.add(stay.fromMs);
  const stops: Bare[] = [];
  for (const [i, stay] of own.entries()) {
    const { bizStep: step, fromMs, via, leafIndex } = stay;
    const last = stops.at(-1);
    const place = placeOf(stay);
    if (last?.place === place) stops.pop();
    const start = last?.place === place ? last.fromMs : fromMs;
    const isLeaving = stay.disposition !== null && lastPart(stay.disposition) === 'in_transit';
    // A report without a place ends no stop: where the thing was seen next does.
    const nextMs = reports.has(stay.untilMs) ? (own[i + 1]?.fromMs ?? null) : stay.untilMs;
    const stop = { step, via, class: stay.class, leafIndex };
    stops.push({ ...stop, place, fromMs: start, untilMs: isLeaving ? fromMs : nextMs });
    if (isLeaving) stops.push({ ...stop, place: null, step: null, fromMs, untilMs: nextMs });
  }
  const conditions = trace.conditions.filter(({ item }) => item === trace.item);
  return stops.map((stop) => ({
    ...stop,
    measured: conditions.filter((one) => stop === nearest(stops, one)),
    excursions: conditions
      .flatMap(({ excursions }) => excursions)
      .filter((one) => overlapMs(one, stop) > 0 || holds(one, stop)).length,
  }));
}

/** Least and most are of the whole condition: they stand where most of it was. */
function nearest(stops: readonly Bare[], condition: TraceCondition): Bare | undefined {
  const [first] = stops;
  return stops.reduce(
    (best, stop) => (best && overlapMs(condition, stop) > overlapMs(condition, best) ? stop : best),
    first,
  );
}

export function placeOf({ readPoint, bizLocation }: TraceStay): string | null {
  return readPoint ?? bizLocation;
}

type Span = Pick<TraceCondition, 'fromMs' | 'untilMs'>;

/** Zero or less where they only touch. */
function overlapMs(span: Span, { fromMs, untilMs }: Bare): number {
  const end = Math.min(span.untilMs, untilMs ?? Number.POSITIVE_INFINITY);
  return end - Math.max(span.fromMs, fromMs);
}

/** One reading is an excursion of no length. */
function holds(span: Span, { fromMs, untilMs }: Bare): boolean {
  return span.fromMs >= fromMs && span.fromMs < (untilMs ?? Number.POSITIVE_INFINITY);
}

/** RFC 5870 `geo:` URI, in degrees; null for a place that says no coordinates. */
export function coordinatesOf(place: string): { lat: number; lon: number } | null {
  const match = /^geo:(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)/.exec(place);
  if (match === null) return null;
  const [lat, lon] = [Number(match[1]), Number(match[2])];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}
