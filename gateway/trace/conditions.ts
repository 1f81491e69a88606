import type { FactClass, TraceConditions } from '../http/trace-backend.ts';
import { kineticMean } from '../law/kinetic-temperature.ts';
import type { TimeRange } from '../reads/pack-walk.ts';
import { factOf } from '../reads/subject-record.ts';
import { childrenOf, parentsOf } from './containment.ts';
import type { EventReader } from './event-reader.ts';
import { excursionsOf } from './excursions.ts';
import { missingOf, silences } from './gaps.ts';
import { ruleLimits } from './limits.ts';
import { ALWAYS, common, type Window } from './moment.ts';
import { type Source, sourcesOfDevice, sourcesOfSubject } from './sources.ts';
import { sightings } from './stays.ts';
import { sumsWithin } from './sums-within.ts';
import type { TraceContext } from './trace-context.ts';

/** Containers, places and loggers whose readings are looked for, for one thing. */
const HOLDERS_MAX = 200;
const NESTED_MAX = 16;
/** Conditions told of one thing: a sensor, a stay and a device each. */
export const CONDITIONS_MAX = 500;
const PACKS_COUNTED_MAX = 50_000;

/** Whose readings say how it was for a thing, and when. */
export interface Holder {
  readonly via: string;
  readonly range: TimeRange;
}

/**
 * Readings about a thing, about what it was in, by what was fixed to either, and about the places
 * where it was: of each only those of the time that the thing was there.
 */
export function conditionsOf(
  context: TraceContext,
  reader: EventReader,
  { item, window = ALWAYS }: { item: string; window?: Window },
): TraceConditions[] {
  const out: TraceConditions[] = [];
  for (const holder of joined(holdersOf(reader, item, window))) {
    for (const source of sourcesOf(context, holder.via)) {
      if (out.length >= CONDITIONS_MAX) {
        reader.isTruncated = true;
        return out;
      }
      const told = conditionsBy(context, source, { item, ...holder });
      if (told && !out.some((one) => isSame(one, told))) out.push(told);
    }
  }
  return out;
}

/** A container's readings are found once more by the logger that is fixed to it. */
function isSame(a: TraceConditions, b: TraceConditions): boolean {
  const isOne = a.device === b.device && a.sensor === b.sensor && a.count === b.count;
  return isOne && a.min === b.min && a.max === b.max && a.mean === b.mean;
}

/** The thing itself for all of its life, and the others for their part in it. */
export function holdersOf(reader: EventReader, item: string, window: Window = ALWAYS): Holder[] {
  const holders: Holder[] = [];
  hold(reader, { item, window, path: [item] }, holders);
  const seen = sightings(reader, item, window);
  for (const [i, { event }] of seen.entries()) {
    const fromMs = event.moment.ms;
    const toMs = Math.min(seen[i + 1]?.event.moment.ms ?? Number.POSITIVE_INFINITY, window.to.ms);
    const places = new Set([event.place.bizLocation, event.place.readPoint]);
    for (const via of places) if (via !== null) holders.push({ via, range: { fromMs, toMs } });
  }
  return holders;
}

function hold(
  reader: EventReader,
  at: { item: string; window: Window; path: readonly string[] },
  holders: Holder[],
): void {
  const { item, window, path } = at;
  if (holders.length >= HOLDERS_MAX || path.length > NESTED_MAX) {
    reader.isTruncated = true;
    return;
  }
  holders.push({ via: item, range: { fromMs: window.from.ms, toMs: window.to.ms } });
  for (const { kind, child, window: fixed } of childrenOf(reader, item)) {
    const during = kind === 'carries' ? common(window, fixed) : null;
    if (during && !path.includes(child)) {
      holders.push({ via: child, range: { fromMs: during.from.ms, toMs: during.to.ms } });
    }
  }
  for (const { parent, window: inside } of parentsOf(reader, item)) {
    const during = common(window, inside);
    if (during && !path.includes(parent)) {
      hold(reader, { item: parent, window: during, path: [...path, parent] }, holders);
    }
  }
}

/** Stretches of one holder that touch are one: a place seen twice in a row was not left. */
function joined(holders: readonly Holder[]): Holder[] {
  const byVia = new Map<string, Holder[]>();
  for (const holder of [...holders].sort((a, b) => a.range.fromMs - b.range.fromMs)) {
    if (holder.range.fromMs >= holder.range.toMs) continue;
    const own = byVia.get(holder.via) ?? [];
    const last = own.at(-1);
    if (last && holder.range.fromMs <= last.range.toMs) {
      const toMs = Math.max(last.range.toMs, holder.range.toMs);
      own[own.length - 1] = { ...last, range: { ...last.range, toMs } };
    } else own.push(holder);
    byVia.set(holder.via, own);
  }
  return [...byVia.values()].flat();
}

function sourcesOf(context: TraceContext, via: string): Source[] {
  const about = context.store.packs.subjectsOf(via).flatMap((no) => sourcesOfSubject(context, no));
  return [...about, ...sourcesOfDevice(context, via)];
}

function conditionsBy(
  context: TraceContext,
  source: Source,
  of: { item: string; via: string; range: TimeRange },
): TraceConditions | null {
  const { series, device, subjectNo } = source;
  const range = {
    fromMs: Math.max(0, of.range.fromMs),
    toMs: Math.min(context.nowMs() + 1, of.range.toMs),
  };
  if (range.fromMs >= range.toMs) return null;
  const { total, stretches, isTruncated } = sumsWithin(context, source, range);
  const counted = { keyNo: series.keyNo, subjectNo, ...range, limit: PACKS_COUNTED_MAX };
  const grades = context.store.packs.grades(counted);
  const unreadable = grades.reduce((sum, one) => sum + one.unreadable, 0);
  if (!total && unreadable === 0) return null;
  const record = context.state().devices.get(device);
  const quantity = record?.sensors.find(({ name }) => name === series.sensor)?.quantity ?? null;
  const intervalMs = (record?.reportingIntervalS ?? 0) * 1_000;
  const limits = ruleLimits(context, { device, quantity, unit: series.unit });
  const shown = boundsOf(of.range, range, stretches);
  const silent = { heard: stretches, intervalMs, range: shown };
  const counts = grades.reduce((sum, one) => sum + one.packs, 0);
  const statements = { measured: 0, observed: 0, declared: 0 };
  for (const { grade, packs } of grades) statements[factOf(grade)] += packs;
  return {
    item: of.item,
    via: of.via,
    device,
    sensor: series.sensor,
    quantity,
    unit: series.unit,
    fromMs: shown.fromMs,
    untilMs: shown.toMs,
    count: total?.count ?? 0,
    min: total?.min ?? null,
    max: total?.max ?? null,
    mean: total ? total.sum / total.count : null,
    meanKinetic: meanKineticOf(total, series.unit),
    excursions: excursionsOf(context, {
      sources: [source],
      quantity,
      range,
      stretches,
      limits,
      joinMs: intervalMs,
    }),
    gaps: [
      ...missingOf(context, series.keyNo, shown),
      ...(intervalMs > 0 ? silences(context, [series.keyNo], silent) : []),
    ].sort((a, b) => a.fromMs - b.fromMs),
    unreadable,
    isTruncated: isTruncated || counts === PACKS_COUNTED_MAX,
    statements,
    class: worst(statements),
  };
}

/** A stay without an end lasts as long as there are readings of it: nobody knows of more. */
function boundsOf(
  asked: TimeRange,
  range: TimeRange,
  stretches: readonly { firstMs: number; lastMs: number }[],
): TimeRange {
  const first = stretches[0]?.firstMs ?? range.fromMs;
  const last = stretches.reduce((most, { lastMs }) => Math.max(most, lastMs), first);
  return {
    fromMs: Number.isFinite(asked.fromMs) ? range.fromMs : first,
    toMs: Number.isFinite(asked.toMs) ? range.toMs : last + 1,
  };
}

function meanKineticOf(
  total: { kinetic: number | null; count: number } | null,
  unit: string,
): number | null {
  if (!total || total.kinetic === null) return null;
  return kineticMean(total.kinetic / total.count, unit);
}

/** A mean over something that was only said is no measurement. */
function worst(statements: Readonly<Record<FactClass, number>>): FactClass {
  const order: readonly FactClass[] = ['declared', 'observed', 'measured'];
  return order.find((one) => statements[one] > 0) ?? 'declared';
}
