// SPEC.md §2.4: a pack held against the sensors its device is registered with.

/** @module pack-check */
import type { Pack } from './pack.ts';
import type { RefusalCode } from './refusal.ts';

/** What a registration says about one sensor; a unit of null is a sensor that gives no numbers. */
export interface SensorLimits {
  readonly unit: string | null;
  readonly min: number | null;
  readonly max: number | null;
}

export type SensorTable = ReadonlyMap<string, SensorLimits>;

/** Built once a registration, looked up once a record. */
export function sensorTable(
  sensors: Iterable<SensorLimits & { readonly name: string }>,
): SensorTable {
  return new Map(Array.from(sensors, (sensor) => [sensor.name, sensor]));
}

/**
 * The first cause to refuse the pack, or null. Faults and flags need a known sensor as well: a
 * device can't report on what nobody registered. Range ends belong to the range.
 */
export function checkPack(pack: Pack, sensors: SensorTable): RefusalCode | null {
  for (const record of pack.records) {
    if (record.sensor === null) continue;
    const limits = sensors.get(record.sensor);
    if (limits === undefined) return 'unknown_sensor';
    if (record.kind !== 'reading') continue;
    if (record.unit !== limits.unit) return 'unit';
    if (typeof record.value !== 'number') continue;
    if (limits.min !== null && record.value < limits.min) return 'range';
    if (limits.max !== null && record.value > limits.max) return 'range';
  }
  return null;
}
