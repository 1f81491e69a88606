import type { PackRecord } from '@truegrain/device-sdk/formats/pack.js';
import { sensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import { expect, test } from 'vitest';
import { kineticTerm } from '../../../gateway/law/kinetic-temperature.ts';
import { ROW_FIELDS, sensorIndex, summarise } from '../../../gateway/law/pack-summary.ts';
import { packOf, sensor, T0_MS } from './law-samples.ts';

const door = { unit: null, min: null, max: null, resolution: null };
const sensors = sensorTable([
  sensor('door', door),
  sensor('temp'),
  sensor('moist', { quantity: 'moisture', unit: '%RH' }),
]);

function record(changes: Partial<PackRecord>): PackRecord {
  return {
    name: 'temp',
    kind: 'reading',
    sensor: 'temp',
    unit: 'Cel',
    value: 4,
    timeMs: T0_MS,
    ...changes,
  };
}

test('one row a sensor, in the order in which they come', () => {
  const pack = packOf([4, 2.5, 9]);
  const moist = record({ name: 'moist', sensor: 'moist', unit: '%RH', value: 14 });
  const summary = summarise({ ...pack, records: [moist, ...pack.records] }, sensorIndex(sensors));
  const kinetic = kineticTerm(4, 'Cel') + kineticTerm(2.5, 'Cel') + kineticTerm(9, 'Cel');
  expect([...summary]).toEqual([
    ...[2, 1, 14, 14, 14, Number.NaN, T0_MS, T0_MS, 14],
    ...[1, 3, 2.5, 9, 15.5, kinetic, T0_MS, T0_MS + 20_000, 9],
  ]);
  expect(summary.length).toBe(2 * ROW_FIELDS);
});

test('first and last are by time; of equal times the later record counts', () => {
  const records = [
    record({ value: 1, timeMs: T0_MS + 5_000 }),
    record({ value: 2, timeMs: T0_MS }),
    record({ value: 3, timeMs: T0_MS + 5_000 }),
  ];
  const summary = summarise({ ...packOf([1]), records }, sensorIndex(sensors));
  expect([...summary.slice(6)]).toEqual([T0_MS, T0_MS + 5_000, 3]);
});

test('faults, flags, texts, unknown sensors and other units are no numbers', () => {
  const records = [
    record({ name: 'temp/fault', kind: 'fault', value: 'timeout', unit: null }),
    record({ name: 'temp/suspect', kind: 'flag', value: true, unit: null }),
    record({ name: 'door', sensor: 'door', value: true, unit: null }),
    record({ name: 'gone', sensor: 'gone' }),
    record({ unit: 'K' }),
  ];
  expect(summarise({ ...packOf([1]), records }, sensorIndex(sensors)).length).toBe(0);
});
