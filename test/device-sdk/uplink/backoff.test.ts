import { describe, expect, test } from 'vitest';
import { Backoff } from '../../../device-sdk/uplink/backoff.ts';

const worst = () => 0.999_999;

describe('full jitter', () => {
  test('the ceiling doubles from 1 s to 5 min and stays there', () => {
    const backoff = new Backoff({ random: worst });
    const delays = Array.from({ length: 12 }, () => Math.ceil(backoff.delayAfter(0) / 1000));
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  });

  test('a connection that lived a minute was a good one', () => {
    const backoff = new Backoff({ random: worst });
    for (let i = 0; i < 8; i += 1) backoff.delayAfter(0);
    expect(backoff.delayAfter(59_999)).toBeGreaterThan(200_000);
    expect(backoff.delayAfter(60_000)).toBeLessThan(1_000);
  });

  test('a delay may be nothing, so that a thousand devices spread evenly', () => {
    const backoff = new Backoff({ random: () => 0 });
    expect(backoff.delayAfter(0)).toBe(0);
    const values = [0.1, 0.5, 0.9];
    const spread = new Backoff({ random: () => values.shift() ?? 0 });
    expect([0, 0, 0].map(() => spread.delayAfter(0))).toEqual([100, 1_000, 3_600]);
  });

  test('the first delay after power-on has its own ceiling, which may be nothing', () => {
    expect(new Backoff({ random: worst }).firstDelayMs()).toBe(59_999);
    expect(new Backoff({ random: worst, firstDelayMsMax: 0 }).firstDelayMs()).toBe(0);
  });
});
