import { expect, test } from 'vitest';
import { RefusedFrames } from '../../../gateway/store/refused-frames.ts';
import { openScratch } from '../../../gateway/store/scratch.ts';

const frameOf = (n: number, bytes = 1_000) => ({
  id: new Uint8Array(32).fill(n),
  device: 'urn:dev:ops:32473-a',
  seq: n,
  code: 'range',
  receivedMs: 1_000 + n,
  frame: new Uint8Array(bytes),
});

test('the oldest go when there is no room', () => {
  const db = openScratch();
  const refused = new RefusedFrames(db, 20_000);
  const seqs = () => db.prepare('SELECT seq FROM refused_frame ORDER BY seq').pluck().all();
  for (let n = 1; n <= 20; n += 1) refused.keep(frameOf(n));
  expect(seqs()).toHaveLength(20);
  refused.keep(frameOf(21));
  expect(seqs()[0]).toBe(4);
  refused.erase(frameOf(5).id);
  expect(seqs().slice(0, 2)).toEqual([4, 6]);
  refused.keep(frameOf(22, 19_000));
  expect(seqs()).toEqual([21, 22].slice(-seqs().length));
  const bytes = db.prepare('SELECT sum(length(frame)) FROM refused_frame').pluck().get();
  expect(bytes).toBeLessThanOrEqual(20_000);
});

test('a store opened again goes on counting from what it has', () => {
  const db = openScratch();
  for (let n = 1; n <= 10; n += 1) new RefusedFrames(db, 10_000).keep(frameOf(n));
  const again = new RefusedFrames(db, 10_000);
  again.keep(frameOf(11));
  again.forget();
  again.keep(frameOf(12));
  const kept = db.prepare('SELECT count(*) FROM refused_frame').pluck().get();
  expect(kept).toBeLessThanOrEqual(10);
});
