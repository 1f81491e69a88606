import type { Pack } from '@truegrain/device-sdk/formats/pack.js';
import type { SensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import { isTemperatureUnit, kineticTerm } from './kinetic-temperature.ts';

/**
 * All that native rules need of a pack: one row of ROW_FIELDS doubles for each sensor with numeric
 * readings in it. Made in the checking threads, where the pack is parsed anyway, so that the main
 * thread judges without parsing it again.
 */
export const ROW_FIELDS = 9;
/** Offsets inside a row. Times are those of the pack: `anchorMs` makes them absolute. */
export const ROW = {
  /** Position of the sensor in its device's registration. */
  sensor: 0,
  count: 1,
  min: 2,
  max: 3,
  sum: 4,
  /** Sum of `kineticTerm`; NaN where the unit is no temperature's. */
  kinetic: 5,
  firstMs: 6,
  lastMs: 7,
  /** Of equal times, the later record's. */
  lastValue: 8,
} as const;

export type SensorIndex = ReadonlyMap<string, { readonly no: number; readonly unit: string }>;

const indexes = new WeakMap<SensorTable, SensorIndex>();

/** Sensors that give numbers, by name. The table is in the order of the registration. */
export function sensorIndex(sensors: SensorTable): SensorIndex {
  const known = indexes.get(sensors);
  if (known) return known;
  const index = new Map<string, { no: number; unit: string }>();
  let no = 0;
  for (const [name, { unit }] of sensors) {
    if (unit !== null) index.set(name, { no, unit });
    no += 1;
  }
  indexes.set(sensors, index);
  return index;
}

/** Readings of no such sensor or in another unit than its own are left out: they were refused. */
export function summarise(pack: Pack, sensors: SensorIndex): Float64Array {
  const rows: number[] = [];
  for (const record of pack.records) {
    if (record.kind !== 'reading' || typeof record.value !== 'number') continue;
    const sensor = sensors.get(record.name);
    if (sensor === undefined || sensor.unit !== record.unit) continue;
    addReading(rows, sensor, record.value, record.timeMs);
  }
  return new Float64Array(rows);
}

function addReading(
  rows: number[],
  { no, unit }: { no: number; unit: string },
  value: number,
  timeMs: number,
): void {
  const kinetic = isTemperatureUnit(unit) ? kineticTerm(value, unit) : Number.NaN;
  let at = 0;
  while (at < rows.length && rows[at] !== no) at += ROW_FIELDS;
  if (at === rows.length) {
    rows.push(no, 1, value, value, value, kinetic, timeMs, timeMs, value);
    return;
  }
  rows[at + ROW.count] = (rows[at + ROW.count] as number) + 1;
  if (value < (rows[at + ROW.min] as number)) rows[at + ROW.min] = value;
  if (value > (rows[at + ROW.max] as number)) rows[at + ROW.max] = value;
  rows[at + ROW.sum] = (rows[at + ROW.sum] as number) + value;
  rows[at + ROW.kinetic] = (rows[at + ROW.kinetic] as number) + kinetic;
  if (timeMs < (rows[at + ROW.firstMs] as number)) rows[at + ROW.firstMs] = timeMs;
  if (timeMs >= (rows[at + ROW.lastMs] as number)) {
    rows[at + ROW.lastMs] = timeMs;
    rows[at + ROW.lastValue] = value;
  }
}

/**
 * What is added to a pack's times: nothing where they are absolute; the log time of its batch where
 * the device had no clock, as everywhere else (`pack.first_ms` in store/schema.ts).
 */
export function anchorMsOf(quality: number, logTimeMs: number): number {
  return quality === 0 ? logTimeMs : 0;
}
