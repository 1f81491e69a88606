// Where the traced thing itself was, stop by stop, with what was measured meanwhile.
import type { FactClass, Trace, TraceCondition, TraceStay } from '../api/trace-answers.ts';

export interface RouteStop {
  readonly place: string;
  readonly step: string | null;
  readonly fromMs: number;
  readonly untilMs: number | null;
  readonly via: string | null;
  readonly class: FactClass;
  readonly leafIndex: number;
  readonly measured: readonly StopMeasurement[];
  readonly excursions: number;
}

export interface StopMeasurement {
  readonly quantity: string;
  readonly unit: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly class: FactClass;
}

/** Consecutive stays at one place are one stop, until the last of them ends. */
export function routeStops(trace: Trace): RouteStop[] {
  const own = trace.stays
    .filter((stay) => stay.item === trace.item && placeOf(stay) !== null)
    .sort((a, b) => a.fromMs - b.fromMs);
  const stops: RouteStop[] = [];
  for (const stay of own) {
    const last = stops.at(-1);
    const place = placeOf(stay) ?? '';
    if (last?.place === place) stops.pop();
    const start = last?.place === place ? last.fromMs : stay.fromMs;
    const during = trace.conditions.filter(
      (condition) => condition.item === trace.item && overlaps(condition, start, stay.untilMs),
    );
    stops.push({
      place,
      step: stay.bizStep,
      fromMs: start,
      untilMs: stay.untilMs,
      via: stay.via,
      class: stay.class,
      leafIndex: stay.leafIndex,
      measured: during.map(({ quantity, sensor, unit, min, max, class: worth }) => {
        return { quantity: quantity ?? sensor, unit, min, max, class: worth };
      }),
      excursions: during
        .flatMap(({ excursions }) => excursions)
        .filter((excursion) => overlaps(excursion, start, stay.untilMs)).length,
    });
  }
  return stops;
}

export function placeOf({ readPoint, bizLocation }: TraceStay): string | null {
  return readPoint ?? bizLocation;
}

function overlaps(
  span: Pick<TraceCondition, 'fromMs' | 'untilMs'>,
  fromMs: number,
  untilMs: number | null,
): boolean {
  return span.untilMs >= fromMs && span.fromMs <= (untilMs ?? Number.POSITIVE_INFINITY);
}

/** RFC 5870 `geo:` URI, in degrees; null for a place that says no coordinates. */
export function coordinatesOf(place: string): { lat: number; lon: number } | null {
  const match = /^geo:(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)/.exec(place);
  if (match === null) return null;
  const [lat, lon] = [Number(match[1]), Number(match[2])];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}
