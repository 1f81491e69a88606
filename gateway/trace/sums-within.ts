import { parsePack } from '@truegrain/device-sdk/formats/pack.js';
import { FLAG } from '../ledger/grade.ts';
import { mayReach, type TimeRange, walkPacks } from '../reads/pack-walk.ts';
import type { ReadContext } from '../reads/read-context.ts';
import type { PackRow } from '../store/packs.ts';
import { WIDE_PACK_MS } from '../store/schema.ts';
import { SPAN_MS } from '../store/sensor-spans.ts';
import { partsOfPack, type SensorSums, totalOf } from '../store/sensor-sums.ts';
import type { Source } from './sources.ts';

/** Packs whose contents are read for one sensor over one stay; beyond it sums are used inside. */
const PACKS_WHOLE_MAX = 512;
/** Packs read at the two ends of a long stay, or where a device has no clock. */
const PACKS_READ_MAX = 8_192;
const WIDE_READ_MAX = 1_000;

export interface Within {
  readonly total: SensorSums | null;
  /** In order, each at most as long as the shortest sums. */
  readonly stretches: readonly SensorSums[];
  readonly isTruncated: boolean;
}

/**
 * Exactly the readings of [fromMs, toMs): contents at both ends, and in a long stay the sums of whole
 * packs between them. A pack that reaches over the end belongs to the end.
 */
export function sumsWithin(context: ReadContext, source: Source, range: TimeRange): Within {
  const owners = { scope: 'key' as const, nos: [source.series.keyNo] };
  const ask = { owners, range, from: null, limit: PACKS_WHOLE_MAX + 1 };
  const few = walkPacks(context.store.packs, ask);
  if (few.length <= PACKS_WHOLE_MAX) return read(context, source, { rows: few, range });
  const inside = insideOf(context, source, range);
  if (!inside) {
    const rows = walkPacks(context.store.packs, { ...ask, limit: PACKS_READ_MAX });
    const isTruncated = rows.length === PACKS_READ_MAX;
    const all = read(context, source, { rows, range });
    return { ...all, isTruncated };
  }
  const { packs } = context.store;
  const edge = { owners, from: null, limit: PACKS_READ_MAX };
  const before = { fromMs: range.fromMs, toMs: inside.fromMs };
  const head = walkPacks(packs, { ...edge, range: before }).filter(
    ({ firstMs }) => firstMs < inside.fromMs,
  );
  const after = { fromMs: inside.toMs, toMs: range.toMs };
  const tail = walkPacks(packs, { ...edge, range: after }).filter(
    ({ firstMs }) => firstMs >= inside.toMs,
  );
  const ends = read(context, source, { rows: [...head, ...tail], range });
  const sums = covering(context, source, inside);
  const stretches = [...ends.stretches, ...sums].sort((a, b) => a.firstMs - b.firstMs);
  return {
    total: totalOf(stretches),
    stretches,
    isTruncated: head.length >= PACKS_READ_MAX || tail.length >= PACKS_READ_MAX,
  };
}

function read(
  { store }: ReadContext,
  { series, subjectNo }: Source,
  { rows, range }: { rows: readonly PackRow[]; range: TimeRange },
): Within {
  const stretches: SensorSums[] = [];
  for (const row of rows) {
    if (subjectNo !== null && row.subjectNo !== subjectNo) continue;
    const content = mayReach(row, range) ? store.leaves.content(row.leafIndex) : null;
    const pack = content ? parsePack(content) : null;
    if (!pack?.ok) continue;
    const parts = partsOfPack(pack.value, row.firstMs, range);
    const own = parts.find(({ sensor, unit }) => sensor === series.sensor && unit === series.unit);
    if (!own) continue;
    stretches.push(own.sums);
  }
  stretches.sort((a, b) => a.firstMs - b.firstMs);
  return { total: totalOf(stretches), stretches, isTruncated: false };
}

/**
 * The whole minutes of a range whose packs lie in it to their last reading. Null where none are, or
 * where packs without a clock are among them, whose readings lie before the time they are filed by.
 */
function insideOf({ store }: ReadContext, { series }: Source, range: TimeRange): TimeRange | null {
  const [minuteMs = 0] = SPAN_MS;
  const fromMs = Math.ceil(range.fromMs / minuteMs) * minuteMs;
  let toMs = Math.floor((range.toMs - WIDE_PACK_MS) / minuteMs) * minuteMs;
  const wide = store.packs.scan({
    scope: 'key',
    no: series.keyNo,
    wide: true,
    afterMs: fromMs,
    afterLeaf: -1,
    beforeMs: toMs,
    limit: WIDE_READ_MAX,
  });
  if (wide.length === WIDE_READ_MAX) return null;
  for (const { grade, firstMs, lastMs } of wide) {
    if (grade & FLAG.untrustedClock) return null;
    if (lastMs >= range.toMs && firstMs < toMs) toMs = Math.floor(firstMs / minuteMs) * minuteMs;
  }
  return fromMs < toMs ? { fromMs, toMs } : null;
}

/** The fewest rows of sums that make up a range of whole minutes: long ones, and short ones at its ends. */
function covering(
  context: ReadContext,
  source: Source,
  range: TimeRange,
  level = SPAN_MS.length - 1,
): SensorSums[] {
  const lengthMs = SPAN_MS[level] ?? 1;
  const fromMs = Math.ceil(range.fromMs / lengthMs) * lengthMs;
  const toMs = Math.floor(range.toMs / lengthMs) * lengthMs;
  if (fromMs >= toMs) {
    return level === 0 ? [] : covering(context, source, range, level - 1);
  }
  const { series, subjectNo } = source;
  const rows = context.store.sensorSpans
    .rows(series.no, level, { fromMs, toMs })
    .filter((row) => subjectNo === null || row.subjectNo === subjectNo);
  if (level === 0) return rows;
  const below = (part: TimeRange) => covering(context, source, part, level - 1);
  return [
    ...below({ fromMs: range.fromMs, toMs: fromMs }),
    ...rows,
    ...below({ fromMs: toMs, toMs: range.toMs }),
  ];
}
