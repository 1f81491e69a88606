import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  parseCsvLine,
  type ReplayOptions,
  ReplaySensor,
} from '../../../device-sdk/sensors/replay.ts';
import { isFault } from '../../../device-sdk/sensors/sensor.ts';
import { group } from '../../support/group.ts';
import { hasSharedData, sharedData } from '../../support/shared-data.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const never = new AbortController().signal;
const directory = mkdtempSync(join(tmpdir(), 'truegrain-replay-'));
const sensors: ReplaySensor[] = [];
afterEach(async () => {
  for (const sensor of sensors.splice(0)) await sensor.close();
});

function replay(csv: string, options: Partial<ReplayOptions> = {}) {
  const path = join(directory, 'rows.csv');
  writeFileSync(path, csv);
  const columns = [{ column: 't', name: 'temperature', recordedUnit: 'Cel', min: -40, max: 80 }];
  const sensor = new ReplaySensor({ name: 'r', path, columns, ...options });
  sensors.push(sensor);
  return sensor;
}

test('parseCsvLine', () => {
  expect(parseCsvLine('a,"b,c","d ""e""",,')).toEqual(['a', 'b,c', 'd "e"', '', '']);
  expect(parseCsvLine('')).toEqual(['']);
});

describe('ReplaySensor', () => {
  test('rows in order, then end_of_data for good', async () => {
    const sensor = replay('t\n1\n2.5\n');
    expect((await sensor.sample(never)).measurements).toEqual([
      { name: 'temperature', unit: 'Cel', value: 1 },
    ]);
    expect((await sensor.sample(never)).measurements[0]).toMatchObject({ value: 2.5 });
    for (let i = 0; i < 2; i += 1) {
      expect((await sensor.sample(never)).measurements).toEqual([
        { name: 'temperature', fault: 'end_of_data' },
      ]);
    }
  });

  test('an empty or wordy field is a fault, not a zero', async () => {
    const sensor = replay('t,u\n,1\nwarm,1\nNaN,1\n999,1\n');
    for (const fault of ['not_a_number', 'not_a_number', 'not_a_number', 'out_of_range']) {
      expect((await sensor.sample(never)).measurements[0]).toMatchObject({ fault });
    }
  });

  test('loops when told to, and a file without rows does not loop for ever', async () => {
    const sensor = replay('t\n1\n2\n', { atEnd: 'loop' });
    const values: unknown[] = [];
    for (let i = 0; i < 5; i += 1) values.push((await sensor.sample(never)).measurements[0]);
    expect(values.map((m) => (m as { value: number }).value)).toEqual([1, 2, 1, 2, 1]);
    const empty = replay('t\n', { atEnd: 'loop' });
    expect((await empty.sample(never)).measurements[0]).toMatchObject({ fault: 'end_of_data' });
  });

  test('timing comes from the configuration', async () => {
    const clock = new VirtualClock();
    const sensor = replay('t\n1\n2\n3\n', { rowIntervalMs: 1_000, clock });
    await sensor.sample(never);
    let second = false;
    const pending = sensor.sample(never).then(() => {
      second = true;
    });
    await clock.advance(999);
    expect(second).toBe(false);
    await clock.advance(1);
    await pending;
    expect(second).toBe(true);
  });

  test('a wrong column or unit is told at start', async () => {
    const column = { column: 'x', name: 'x', recordedUnit: 'Cel', min: 0, max: 1 };
    await expect(replay('t\n1\n', { columns: [column] }).sample(never)).rejects.toThrow(
      'no column x',
    );
    const unit = { ...column, recordedUnit: 'furlong' };
    expect(() => replay('t\n1\n', { columns: [unit] })).toThrow('unknown unit furlong');
  });
});

group('data', hasSharedData)('recorded data', () => {
  test('NAB ambient: 7,267 rows in order, degF to Cel, recorded time', async () => {
    const sensor = new ReplaySensor({
      name: 'ambient',
      path: sharedData('nab', 'ambient_temperature_system_failure.csv'),
      columns: [{ column: 'value', name: 'temperature', recordedUnit: 'degF', min: -40, max: 80 }],
      recordedTime: { column: 'timestamp', utcOffsetMinutes: 0 },
    });
    sensors.push(sensor);
    const first = await sensor.sample(never);
    expect(first.atMs).toBe(Date.UTC(2013, 6, 4));
    expect(first.measurements[0]).toMatchObject({ unit: 'Cel', value: expect.closeTo(21.0449, 4) });
    let rows = 1;
    let lastMs = first.atMs ?? 0;
    for (;;) {
      const { atMs, measurements } = await sensor.sample(never);
      if (isFault(measurements[0]!)) break;
      expect(atMs).toBeGreaterThan(lastMs);
      lastMs = atMs ?? 0;
      rows += 1;
    }
    expect(rows).toBe(7_267);
  });

  test('occupancy: quoted fields, a row name the header does not have, ppm to a ratio', async () => {
    const sensor = new ReplaySensor({
      name: 'office',
      path: sharedData('occupancy', 'datatest.txt'),
      rowNames: true,
      columns: [
        { column: 'Temperature', name: 'temperature', recordedUnit: 'Cel', min: -40, max: 80 },
        { column: 'Humidity', name: 'humidity', recordedUnit: '%RH', min: 0, max: 100 },
        { column: 'CO2', name: 'co2', recordedUnit: 'ppm', min: 0, max: 1 },
      ],
      recordedTime: { column: 'date', utcOffsetMinutes: 60 },
    });
    sensors.push(sensor);
    const { atMs, measurements } = await sensor.sample(never);
    expect(atMs).toBe(Date.UTC(2015, 1, 2, 13, 19));
    expect(measurements).toEqual([
      { name: 'temperature', unit: 'Cel', value: 23.7 },
      { name: 'humidity', unit: '%RH', value: 26.272 },
      { name: 'co2', unit: '/', value: 0.0007492 },
    ]);
  });
});

process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
