import { expect, test } from 'vitest';
import { GarbageRing } from '../../gateway/garbage.ts';

test('a sample is a copy of the first 4 KiB, whatever the frame arrived in', () => {
  const ring = new GarbageRing();
  const arrived = Buffer.alloc(100_000, 7);
  ring.add('malformed', arrived.subarray(10, 90_000), 1);
  arrived.fill(0);
  const [sample] = ring.samples();
  expect(sample).toMatchObject({ code: 'malformed', receivedMs: 1, length: 89_990 });
  expect(sample?.head.length).toBe(4_096);
  expect(sample?.head.every((byte) => byte === 7)).toBe(true);
  expect(sample?.head.buffer.byteLength).toBe(4_096);
});

test('16 MiB and no more, the newest stay', () => {
  const ring = new GarbageRing();
  for (let i = 0; i < 10_000; i += 1) ring.add('unknown_key', new Uint8Array(5_000), i);
  const samples = ring.samples();
  const bytes = samples.reduce((sum, { head }) => sum + head.length, 0);
  expect(bytes).toBeLessThanOrEqual(16 * 1024 * 1024);
  expect(bytes).toBeGreaterThan(15 * 1024 * 1024);
  expect(ring.count).toBe(samples.length);
  expect(samples.at(-1)?.receivedMs).toBe(9_999);
  expect(samples[0]?.receivedMs).toBe(10_000 - samples.length);
});
