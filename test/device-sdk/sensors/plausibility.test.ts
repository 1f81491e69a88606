import { expect, test } from 'vitest';
import { Plausibility } from '../../../device-sdk/sensors/plausibility.ts';

const raw = (value: number, monotonicMs = 0) => ({ name: 't', unit: 'Cel', value, monotonicMs });

test('DS18B20: 85 is kept and suspect, −127 and NaN have no value', () => {
  const judge = new Plausibility({ min: -55, max: 125, poison: [85, -0.0625] });
  expect(judge.judge(raw(85))).toEqual({ name: 't', unit: 'Cel', value: 85, suspect: 'poison' });
  expect(judge.judge(raw(-0.0625))).toMatchObject({ suspect: 'poison' });
  for (const value of [-127, 125.1, Number.NaN, Infinity]) {
    const measurement = judge.judge(raw(value));
    expect(measurement).toHaveProperty('fault');
    expect(measurement).not.toHaveProperty('value');
  }
  expect(judge.judge(raw(125))).toMatchObject({ value: 125 });
});

test('−0 leaves as 0', () => {
  const measurement = new Plausibility({ min: -1, max: 1 }).judge(raw(-0));
  expect('value' in measurement && Object.is(measurement.value, 0)).toBe(true);
});

test('stuck and rate are flags on a value, never a refusal', () => {
  const judge = new Plausibility({ min: -50, max: 50, ratePerSecondMax: 1, stuckSamplesMin: 3 });
  const flags = (value: number, atMs: number) => {
    const measurement = judge.judge(raw(value, atMs));
    return 'value' in measurement ? measurement.flags : 'fault';
  };
  expect(flags(4, 0)).toBeUndefined();
  expect(flags(4, 1_000)).toBeUndefined();
  expect(flags(4, 2_000)).toEqual(['stuck']);
  expect(flags(4.5, 3_000)).toBeUndefined();
  expect(flags(9, 4_000)).toEqual(['rate']);
});
