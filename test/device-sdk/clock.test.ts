import { expect, test } from 'vitest';
import { SystemClock } from '../../device-sdk/clock.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

test('the system clock sleeps, and an abort ends the sleep with its reason', async () => {
  const clock = new SystemClock();
  const from = clock.monotonicMs();
  await clock.sleep(5);
  expect(clock.monotonicMs()).toBeGreaterThan(from);
  expect(Math.abs(clock.nowMs() - Date.now())).toBeLessThan(1_000);
  const controller = new AbortController();
  const sleeping = clock.sleep(60_000, controller.signal);
  controller.abort(new Error('shutdown'));
  await expect(sleeping).rejects.toThrow('shutdown');
  await expect(clock.sleep(1, controller.signal)).rejects.toThrow('shutdown');
});

test('the virtual clock wakes sleepers in order', async () => {
  const clock = new VirtualClock(0);
  const order: number[] = [];
  const sleepers = [30, 10, 20].map((ms) => clock.sleep(ms).then(() => order.push(ms)));
  await clock.advance(25);
  expect(order).toEqual([10, 20]);
  await clock.advance(5);
  await Promise.all(sleepers);
  expect(order).toEqual([10, 20, 30]);
  expect(clock.nowMs()).toBe(30);
});
