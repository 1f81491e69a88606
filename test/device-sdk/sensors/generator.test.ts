import { expect, test } from 'vitest';
import { ColdRoom, ColdRoomSensor } from '../../../device-sdk/sensors/generator.ts';

const day = (seed: number) => {
  const room = new ColdRoom({ seed, stepSeconds: 10 });
  return Array.from({ length: 8_640 }, () => room.step());
};

test('the same seed gives the same day, another seed another', () => {
  expect(day(1)).toEqual(day(1));
  expect(day(1)).not.toEqual(day(2));
});

test('a day in a cold room: the compressor cycles, doors open, food stays cold', () => {
  const states = day(3);
  const starts = states.filter((s, i) => s.compressorOn && states[i - 1]?.compressorOn === false);
  const doors = states.filter((s, i) => s.doorOpen && states[i - 1]?.doorOpen === false);
  expect(starts.length).toBeGreaterThan(10);
  expect(doors.length).toBeGreaterThan(30);
  for (const { temperatureCel, humidityPercent } of states) {
    expect(temperatureCel).toBeGreaterThan(1);
    expect(temperatureCel).toBeLessThan(15);
    expect(humidityPercent).toBeGreaterThan(40);
    expect(humidityPercent).toBeLessThan(100);
  }
  const mean = states.reduce((sum, s) => sum + s.temperatureCel, 0) / states.length;
  expect(mean).toBeGreaterThan(3);
  expect(mean).toBeLessThan(6);
});

test('as a sensor', async () => {
  const sensor = new ColdRoomSensor({ name: 'room', seed: 1 });
  const { measurements } = await sensor.sample(new AbortController().signal);
  expect(measurements).toMatchObject([
    { name: 'temperature', unit: 'Cel', value: expect.any(Number) },
    { name: 'humidity', unit: '%RH', value: expect.any(Number) },
  ]);
});
