import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseChronyTracking, systemTimeProbe } from '../../device-sdk/time-probe.ts';

const directory = mkdtempSync(join(tmpdir(), 'truegrain-time-'));
afterAll(() => rmSync(directory, { recursive: true }));

const synced =
  'A29FC87B,162.159.200.123,4,1763862000.1,-0.000120,-0.0001,0.0004,5.1,0.01,0.02,0.0108,0.0009,64.5,Normal';

test('chrony: offset + delay/2 + dispersion, rounded up', () => {
  expect(parseChronyTracking(synced)).toEqual({ errorMs: 7 });
  expect(parseChronyTracking(synced.replace('Normal', 'Not synchronised'))).toBe(null);
  for (const text of ['', '506 Cannot talk to daemon', 'a,b,c']) {
    expect(parseChronyTracking(text)).toBe(null);
  }
});

test('timesyncd’s flag file, an RTC that set the clock, and neither', async () => {
  const flag = join(directory, 'synchronized');
  const rtcClass = join(directory, 'rtc');
  const probe = systemTimeProbe({
    timesyncFlag: flag,
    rtcClass,
    chronyTracking: () => Promise.resolve(null),
  });
  expect(await probe.ntpSynchronized()).toBe(null);
  expect(await probe.rtcPresent()).toBe(false);
  writeFileSync(flag, '');
  mkdirSync(join(rtcClass, 'rtc0'), { recursive: true });
  writeFileSync(join(rtcClass, 'rtc0', 'hctosys'), '0\n');
  expect(await probe.ntpSynchronized()).toEqual({ errorMs: null });
  expect(await probe.rtcPresent()).toBe(false);
  writeFileSync(join(rtcClass, 'rtc0', 'hctosys'), '1\n');
  expect(await probe.rtcPresent()).toBe(true);
});

test('chrony speaks before the flag file', async () => {
  const probe = systemTimeProbe({ chronyTracking: () => Promise.resolve(synced) });
  expect(await probe.ntpSynchronized()).toEqual({ errorMs: 7 });
});
