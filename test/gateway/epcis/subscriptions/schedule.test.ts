import { expect, test } from 'vitest';
import { nextTimeMs, readSchedule } from '../../../../gateway/epcis/subscriptions/schedule.ts';

/** The next three times after a Thursday, 2026-01-01T12:30:15Z. */
function timesOf(fields: Record<string, unknown>): (string | null)[] | null {
  const schedule = readSchedule(fields);
  if (schedule === null) return null;
  const times: (string | null)[] = [];
  let nowMs = Date.UTC(2026, 0, 1, 12, 30, 15);
  for (let i = 0; i < 3; i += 1) {
    const next = nextTimeMs(schedule, nowMs);
    if (next === null) return [...times, null];
    nowMs = next;
    times.push(new Date(next).toISOString().slice(0, 19));
  }
  return times;
}

test.each([
  [
    { hour: '1', minute: '5' },
    ['2026-01-02T01:05:00', '2026-01-03T01:05:00', '2026-01-04T01:05:00'],
  ],
  [{ second: '0,[15-16]' }, ['2026-01-01T12:30:16', '2026-01-01T12:31:00', '2026-01-01T12:31:15']],
  [{ minute: '[0-1],30' }, ['2026-01-01T13:00:00', '2026-01-01T13:01:00', '2026-01-01T13:30:00']],
  [{ dayOfWeek: '7' }, ['2026-01-04T00:00:00', '2026-01-11T00:00:00', '2026-01-18T00:00:00']],
  [{ month: '3' }, ['2026-03-01T00:00:00', '2027-03-01T00:00:00', '2028-03-01T00:00:00']],
  [
    { month: '2', dayOfMonth: '29', hour: '6' },
    ['2028-02-29T06:00:00', '2032-02-29T06:00:00', '2036-02-29T06:00:00'],
  ],
  [
    { dayOfMonth: '1', dayOfWeek: '1' },
    ['2026-06-01T00:00:00', '2027-02-01T00:00:00', '2027-03-01T00:00:00'],
  ],
])('%j', (fields, times) => {
  expect(timesOf(fields)).toEqual(times);
});

test('a day that never comes has no next time', () => {
  expect(timesOf({ month: '2', dayOfMonth: '30' })).toEqual([null]);
});

test.each<Record<string, unknown>>([
  {},
  { hour: '24' },
  { minute: '60' },
  { second: '-1' },
  { dayOfWeek: '0' },
  { dayOfMonth: '32' },
  { hour: '[5-3]' },
  { hour: '5-6' },
  { hour: '' },
  { hour: 5 },
  { hour: '1,' },
  { year: '2026' },
  { constructor: '1' },
])('%j is no schedule', (fields) => {
  expect(readSchedule(fields)).toBeNull();
});
