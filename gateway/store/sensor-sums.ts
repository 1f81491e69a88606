import type { Pack } from '@truegrain/device-sdk/formats/pack.js';
import { isTemperatureUnit, kineticTerm } from '../law/kinetic-temperature.ts';
import { ROW, ROW_FIELDS } from '../law/pack-summary.ts';

/** What readings of one sensor over a stretch of time come down to. Times in ms since 1970. */
export interface SensorSums {
  firstMs: number;
  lastMs: number;
  count: number;
  min: number;
  max: number;
  sum: number;
  /** Sum of `kineticTerm`; null where the unit is no temperature's. */
  kinetic: number | null;
}

/** One sensor of one pack. */
export interface SensorPart {
  sensor: string;
  unit: string;
  sums: SensorSums;
}

export function addSums(to: SensorSums, part: SensorSums): void {
  if (part.firstMs < to.firstMs) to.firstMs = part.firstMs;
  if (part.lastMs > to.lastMs) to.lastMs = part.lastMs;
  if (part.min < to.min) to.min = part.min;
  if (part.max > to.max) to.max = part.max;
  to.count += part.count;
  to.sum += part.sum;
  to.kinetic = to.kinetic === null || part.kinetic === null ? null : to.kinetic + part.kinetic;
}

/** Null for nothing. */
export function totalOf(parts: readonly SensorSums[]): SensorSums | null {
  const [first, ...rest] = parts;
  if (!first) return null;
  const total = { ...first };
  for (const part of rest) addSums(total, part);
  return total;
}

export function sumsOfReading(value: number, unit: string, timeMs: number): SensorSums {
  const kinetic = isTemperatureUnit(unit) ? kineticTerm(value, unit) : Number.NaN;
  return {
    firstMs: timeMs,
    lastMs: timeMs,
    count: 1,
    min: value,
    max: value,
    sum: value,
    kinetic: Number.isNaN(kinetic) ? null : kinetic,
  };
}

/**
 * The numeric readings of a pack by sensor, those of [fromMs, toMs) where a range is given.
 * `anchorMs` stands for the end of a pack without a clock, as `pack.first_ms` has it.
 */
export function partsOfPack(
  pack: Pack,
  anchorMs: number,
  range: { fromMs: number; toMs: number } | null = null,
): SensorPart[] {
  const parts = new Map<string, SensorPart>();
  for (const { kind, name, unit, value, timeMs: packMs } of pack.records) {
    if (kind !== 'reading' || typeof value !== 'number' || unit === null) continue;
    const timeMs = pack.relative ? anchorMs + packMs : packMs;
    if (range && (timeMs < range.fromMs || timeMs >= range.toMs)) continue;
    const sums = sumsOfReading(value, unit, timeMs);
    const key = `${name} ${unit}`;
    const part = parts.get(key);
    if (part) addSums(part.sums, sums);
    else parts.set(key, { sensor: name, unit, sums });
  }
  return [...parts.values()];
}

/** The same from what a checking thread summed up; `sensors` is the registration it went by. */
export function partsOfSummary(
  summary: Float64Array,
  sensors: readonly { readonly name: string; readonly unit: string | null }[],
  anchorMs: number,
): SensorPart[] {
  const parts: SensorPart[] = [];
  for (let at = 0; at < summary.length; at += ROW_FIELDS) {
    const field = (offset: number) => summary[at + offset] as number;
    const sensor = sensors[field(ROW.sensor)];
    if (!sensor || sensor.unit === null) continue;
    const kinetic = field(ROW.kinetic);
    parts.push({
      sensor: sensor.name,
      unit: sensor.unit,
      sums: {
        firstMs: field(ROW.firstMs) + anchorMs,
        lastMs: field(ROW.lastMs) + anchorMs,
        count: field(ROW.count),
        min: field(ROW.min),
        max: field(ROW.max),
        sum: field(ROW.sum),
        kinetic: Number.isNaN(kinetic) ? null : kinetic,
      },
    });
  }
  return parts;
}
