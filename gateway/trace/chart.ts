import { parsePack, TIME_MS_MAX } from '@truegrain/device-sdk/formats/pack.js';
import { canonicalUri } from '../epcis/gs1/epc-translation.ts';
import type { Outcome } from '../http/backend.ts';
import type { Chart, ChartQuery } from '../http/trace-backend.ts';
import { mayReach, type TimeRange, walkPacks } from '../reads/pack-walk.ts';
import type { ReadContext } from '../reads/read-context.ts';
import { SPAN_MS } from '../store/sensor-spans.ts';
import { addSums, type SensorSums, sumsOfReading } from '../store/sensor-sums.ts';
import { excursionsOf } from './excursions.ts';
import { missingOf, silences } from './gaps.ts';
import { narrowest, ruleLimits } from './limits.ts';
import { ownersOf, type Source, sourcesOfDevice, sourcesOfSubject } from './sources.ts';

/** So many packs are read whole and show each reading; a longer range is read from sums. */
const PACKS_READ_MAX = 512;

/**
 * Readings of one sensor over a range, as at most `points` points. A range of many packs costs rows
 * of sums in proportion to its points, however many readings it has; a sum holds whole packs of a
 * minute or more, so a reading may be shown up to one point beside its place.
 */
export function chart(context: ReadContext, query: ChartQuery): Outcome<Chart> {
  const found = query.device !== undefined ? ofDevice(context, query) : ofSubject(context, query);
  const sensors = [...new Set(found.map(({ series }) => series.sensor))];
  const sensor = query.sensor ?? sensors[0];
  const named = found.filter(({ series }) => series.sensor === sensor);
  const unit = named[0]?.series.unit;
  // A sensor registered anew in another unit is another scale; the first one is shown.
  const sources = named.filter(({ series }) => series.unit === unit);
  if (sensor === undefined || unit === undefined || !sources[0]) {
    return { ok: false, code: 'not_found', detail: 'no readings of that are kept here' };
  }
  const range = rangeOf(context, sources, query);
  const stretches = stretchesOf(context, sources, { range, points: query.points });
  const { device } = sources[0];
  const record = context.state().devices.get(device);
  const quantity = record?.sensors.find(({ name }) => name === sensor)?.quantity ?? null;
  const limits = ruleLimits(context, { device, quantity, unit });
  const intervalMs = (record?.reportingIntervalS ?? 0) * 1_000;
  const keyNos = [...new Set(sources.map(({ series }) => series.keyNo))];
  const joinMs = Math.max(intervalMs, Math.ceil((range.toMs - range.fromMs) / query.points));
  const heard = { heard: stretches, intervalMs, range };
  return {
    ok: true,
    value: {
      sensor,
      quantity,
      unit,
      sensors,
      ...range,
      points: pointsOf(stretches, range, query.points),
      limits: narrowest(limits),
      gaps: [
        ...keyNos.flatMap((keyNo) => missingOf(context, keyNo, range)),
        ...(intervalMs > 0 ? silences(context, keyNos, heard) : []),
      ].sort((a, b) => a.fromMs - b.fromMs),
      excursions: excursionsOf(context, { sources, quantity, range, stretches, limits, joinMs }),
      total: stretches.reduce((sum, { count }) => sum + count, 0),
    },
  };
}

function ofDevice(context: ReadContext, { device = '', subject }: ChartQuery): Source[] {
  const sources = sourcesOfDevice(context, device);
  if (subject === undefined) return sources;
  const keys = new Set(sources.map(({ series }) => series.keyNo));
  const nos = context.store.packs.subjectsOf(canonicalUri(subject));
  return nos
    .flatMap((no) => sourcesOfSubject(context, no))
    .filter(({ series }) => keys.has(series.keyNo));
}

function ofSubject(context: ReadContext, { subject = '' }: ChartQuery): Source[] {
  return context.store.packs
    .subjectsOf(canonicalUri(subject))
    .flatMap((no) => sourcesOfSubject(context, no));
}

/** What was asked for, and where that has no end, what there is. */
function rangeOf(
  { store }: ReadContext,
  sources: readonly Source[],
  { fromMs, toMs }: ChartQuery,
): TimeRange {
  if (fromMs !== undefined && toMs !== undefined) return { fromMs, toMs };
  const all = { fromMs: 0, toMs: TIME_MS_MAX + 1 };
  const top = SPAN_MS.length - 1;
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const { series, subjectNo } of sources) {
    for (const row of store.sensorSpans.rows(series.no, top, all)) {
      if (subjectNo !== null && row.subjectNo !== subjectNo) continue;
      first = Math.min(first, row.firstMs);
      last = Math.max(last, row.lastMs + 1);
    }
  }
  const start = fromMs ?? Math.min(first, toMs ?? last);
  return { fromMs: start, toMs: Math.max(start, toMs ?? last) };
}

/** In order of their first times. */
function stretchesOf(
  context: ReadContext,
  sources: readonly Source[],
  { range, points }: { range: TimeRange; points: number },
): SensorSums[] {
  const exact = readWhole(context, sources, range);
  if (exact) return exact;
  const widthMs = (range.toMs - range.fromMs) / points;
  const level = Math.max(
    0,
    SPAN_MS.findLastIndex((lengthMs) => lengthMs <= widthMs),
  );
  const rows = sources.flatMap(({ series, subjectNo }) => {
    const all = context.store.sensorSpans.rows(series.no, level, range);
    return subjectNo === null ? all : all.filter((row) => row.subjectNo === subjectNo);
  });
  return rows
    .filter(({ firstMs, lastMs }) => lastMs >= range.fromMs && firstMs < range.toMs)
    .sort((a, b) => a.firstMs - b.firstMs);
}

/** Reading by reading; null where that would be too many packs. */
function readWhole(
  { store }: ReadContext,
  sources: readonly Source[],
  range: TimeRange,
): SensorSums[] | null {
  const owners = ownersOf(sources);
  const rows = walkPacks(store.packs, { owners, range, from: null, limit: PACKS_READ_MAX + 1 });
  if (rows.length > PACKS_READ_MAX) return null;
  const keys = new Set(sources.map(({ series }) => series.keyNo));
  const subjects = new Set(sources.map(({ subjectNo }) => subjectNo));
  const { sensor, unit } = sources[0]?.series ?? {};
  const readings: SensorSums[] = [];
  for (const row of rows) {
    if (!keys.has(row.keyNo) || !mayReach(row, range)) continue;
    if (!subjects.has(null) && !subjects.has(row.subjectNo)) continue;
    const content = store.leaves.content(row.leafIndex);
    const pack = content ? parsePack(content) : null;
    if (!pack?.ok) continue;
    for (const { kind, name, unit: of, value, timeMs: packMs } of pack.value.records) {
      if (kind !== 'reading' || typeof value !== 'number' || name !== sensor || of !== unit)
        continue;
      const timeMs = pack.value.relative ? row.firstMs + packMs : packMs;
      if (timeMs < range.fromMs || timeMs >= range.toMs) continue;
      readings.push(sumsOfReading(value, of ?? '', timeMs));
    }
  }
  return readings.sort((a, b) => a.firstMs - b.firstMs);
}

/** One point a part of the range that has readings. */
function pointsOf(
  stretches: readonly SensorSums[],
  { fromMs, toMs }: TimeRange,
  points: number,
): Chart['points'] {
  const widthMs = Math.max(1, (toMs - fromMs) / points);
  const out: SensorSums[] = [];
  let place = -1;
  for (const stretch of stretches) {
    const next = Math.max(0, Math.floor((stretch.firstMs - fromMs) / widthMs));
    const last = out.at(-1);
    if (last && next === place) addSums(last, stretch);
    else out.push({ ...stretch });
    place = next;
  }
  return out.map(({ firstMs, min, max, sum, count }) => {
    return [Math.max(fromMs, firstMs), min, max, sum / count, count];
  });
}
