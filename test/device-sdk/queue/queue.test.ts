import { describe, expect, it } from 'vitest';
import { DiskFailure } from '../../../device-sdk/queue/disk.ts';
import { Queue } from '../../../device-sdk/queue/queue.ts';
import type { NewEntry, QueueOptions } from '../../../device-sdk/queue/queue-types.ts';
import { FaultyDisk } from '../../support/faulty-disk.ts';
import { idOf, packOf, sha256 } from './frames.ts';

const dir = '/data/queue';
const base = { dir, segmentBytes: 4096, bytesMax: 6 * 4096, freeDiskFloorBytes: 0 } as const;

function open(disk: FaultyDisk, more: Partial<QueueOptions> = {}): Queue {
  const opened = Queue.open({ disk, ...base, policy: 'dropOldest', ...more });
  if (!opened.ok) throw new Error(opened.detail);
  return opened.value.queue;
}

const seqs = (queue: Queue) => queue.peek(0, 1000).map(({ seq }) => seq);

function fill(queue: Queue, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const done = queue.append([packOf(from + i)]);
    return done.ok ? 'ok' : done.code;
  });
}

const gapRecord = (seq: number, gap: number): NewEntry => ({
  ...{ id: idOf(seq), seq, kind: 'gap', frame: new Uint8Array(300) },
  ...{ minMs: null, maxMs: null, closesGap: gap },
});

describe('queue', () => {
  it('gives frames back in order, after a restart too, and keeps the tip', () => {
    const disk = new FaultyDisk();
    const queue = open(disk);
    queue.append([packOf(1), packOf(2)]);
    queue.append([packOf(3)]);
    disk.restart('none');
    const again = open(disk);
    const { offset: _, ...first } = { offset: 0, ...again.peek(0, 1)[0]! };
    expect(first).toEqual({ ...packOf(1), key: 0, position: 1, accepted: false });
    expect(again.peek(1, 8).map(({ seq }) => seq)).toEqual([2, 3]);
    expect(again.tip(0)).toEqual({ seq: 3, id: idOf(3) });
    expect(again.tip(1)).toBeNull();
  });

  it('one group costs one write and one flush', () => {
    const disk = new FaultyDisk();
    const queue = open(disk, { segmentBytes: 65_536, bytesMax: 4 * 65_536 });
    const before = disk.operations.length;
    queue.append(Array.from({ length: 8 }, (_, i) => packOf(i + 1)));
    expect(disk.operations.slice(before).map((op) => op.split(' ')[0])).toEqual([
      ...['write', 'fdatasync'],
    ]);
  });

  it('accepted answers cost no flush and are there after the next group', () => {
    const disk = new FaultyDisk();
    const queue = open(disk);
    fill(queue, 1, 3);
    const before = disk.operations.length;
    expect(queue.markAccepted([idOf(1), idOf(99)])).toBe(1);
    expect(disk.operations.length).toBe(before);
    expect(queue.peek(0, 8, { skipAccepted: true }).map(({ seq }) => seq)).toEqual([2, 3]);
    fill(queue, 4, 4);
    disk.restart('none');
    expect(
      open(disk)
        .peek(0, 8)
        .map(({ accepted }) => accepted),
    ).toEqual([...[true, false, false, false]]);
  });

  it('removes segments in which nothing is owed', () => {
    const disk = new FaultyDisk();
    const queue = open(disk);
    fill(queue, 1, 40);
    const before = queue.stats().segments;
    expect(queue.release(Array.from({ length: 40 }, (_, i) => idOf(i + 1)))).toEqual({
      ...{ ok: true, value: 40 },
    });
    expect(before).toBeGreaterThan(2);
    expect(queue.stats()).toMatchObject({ frames: 0, segments: 1 });
    expect(queue.release([idOf(1)])).toEqual({ ok: true, value: 0 });
  });

  it('parks out of the sending order and back', () => {
    const disk = new FaultyDisk();
    const queue = open(disk);
    fill(queue, 1, 4);
    queue.park(idOf(2), 'not_allowed');
    expect(seqs(queue)).toEqual([1, 3, 4]);
    disk.restart('none');
    const again = open(disk);
    expect(again.parked()).toEqual([{ id: idOf(2), position: 2, code: 'not_allowed' }]);
    expect(again.unpark([idOf(2), idOf(3)])).toEqual({ ok: true, value: 1 });
    expect(seqs(again)).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ['a short id', { id: new Uint8Array(31) }],
    ['seq 0', { seq: 0 }],
    ['an unsafe seq', { seq: 2 ** 53 }],
    ['a gap that is not pending', { closesGap: 1 }],
  ])('refuses %s', (_, wrong) => {
    const done = open(new FaultyDisk()).append([{ ...packOf(1), ...wrong }]);
    expect(done).toMatchObject({ ok: false, code: 'entry_invalid' });
  });

  it('refuses a group that half a segment can not hold, and options that hold nothing', () => {
    const queue = open(new FaultyDisk());
    expect(queue.append([packOf(1, 3000)])).toMatchObject({ ok: false, code: 'group_too_large' });
    const opened = Queue.open({
      disk: new FaultyDisk(),
      ...base,
      policy: 'dropOldest',
      bytesMax: 1,
    });
    expect(opened).toMatchObject({ ok: false, code: 'queue_options' });
  });

  it('stops for good after a failed flush', () => {
    const disk = new FaultyDisk();
    const queue = open(disk);
    disk.failAt(disk.operations.length + 2, 'fail');
    expect(() => queue.append([packOf(1)])).toThrow(DiskFailure);
    expect(() => queue.append([packOf(1)])).toThrow('stopped queue');
    expect(() => queue.peek(0, 1)).toThrow('stopped queue');
  });
});

describe('a full queue', () => {
  it('dropOldest: one gap an episode, digest over the ids in seq order, survives a power cut', () => {
    const disk = new FaultyDisk();
    const queue = open(disk);
    let next = 1;
    while (queue.pendingGaps().length === 0) fill(queue, next, next++);
    disk.restart('none');
    const again = open(disk);
    const [gap] = again.pendingGaps();
    const left = seqs(again);
    const dropped = Array.from({ length: left[0]! - 1 }, (_, i) => i + 1);
    expect(gap).toMatchObject({
      ...{ key: 0, fromSeq: 1, toSeq: left[0]! - 1, count: dropped.length, reason: 'dropOldest' },
      ...{ minMs: 1000, maxMs: (left[0]! - 1) * 1000 + 999 },
    });
    expect(gap!.digest).toEqual(sha256(...dropped.map((seq) => idOf(seq))));
    expect(again.append([gapRecord(next, gap!.gap)]).ok).toBe(true);
    expect(again.pendingGaps()).toEqual([]);
    expect(again.append([gapRecord(next + 1, gap!.gap)])).toMatchObject({ code: 'entry_invalid' });
    expect(again.stats().bytes).toBeLessThanOrEqual(base.bytesMax);
  });

  it('accepted frames go first and leave their ids, not a gap', () => {
    const disk = new FaultyDisk();
    const queue = open(disk, { bytesMax: 8 * 4096 });
    fill(queue, 1, 30);
    queue.markAccepted([16, 17, 18, 19, 20, 21].map((seq) => idOf(seq)));
    let next = 31;
    while (queue.stats().keptIds === 0) fill(queue, next, next++);
    disk.restart('none');
    const again = open(disk, { bytesMax: 8 * 4096 });
    const { keptIds } = again.stats();
    expect(keptIds).toBeGreaterThan(0);
    const gone = [16, 17, 18, 19, 20, 21].filter((seq) => !seqs(again).includes(seq));
    expect(gone.length).toBe(keptIds);
    expect(again.release(gone.map((seq) => idOf(seq)))).toEqual({ ok: true, value: keptIds });
    expect(again.stats().keptIds).toBe(0);
  });

  it('dropNewest: refuses, one open gap, closed by the next frame stored', () => {
    const disk = new FaultyDisk();
    const queue = open(disk, { policy: 'dropNewest' });
    const answers = fill(queue, 1, 100);
    const stored = answers.indexOf('full');
    expect(answers.slice(stored).every((answer) => answer === 'full')).toBe(true);
    expect(seqs(queue)).toEqual(Array.from({ length: stored }, (_, i) => i + 1));
    expect(queue.pendingGaps()).toEqual([]);
    queue.release(Array.from({ length: 30 }, (_, i) => idOf(i + 1)));
    expect(fill(queue, 101, 101)).toEqual(['ok']);
    disk.restart('none');
    const again = open(disk, { policy: 'dropNewest' });
    const [gap] = again.pendingGaps();
    expect(gap).toMatchObject({ fromSeq: stored + 1, toSeq: 100, count: 100 - stored });
    const ids = Array.from({ length: 100 - stored }, (_, i) => idOf(stored + 1 + i));
    expect(gap!.digest).toEqual(sha256(...ids));
    expect(again.append([gapRecord(102, gap!.gap)]).ok).toBe(true);
  });

  it('dropNewest: a boot record is stored even then', () => {
    const queue = open(new FaultyDisk(), { policy: 'dropNewest' });
    fill(queue, 1, 100);
    for (let seq = 101; seq <= 160; seq++) {
      expect(queue.append([{ ...packOf(seq, 300), kind: 'boot' }]).ok).toBe(true);
      const [gap] = queue.pendingGaps();
      if (gap) expect(queue.append([gapRecord(++seq, gap.gap)]).ok).toBe(true);
    }
    expect(queue.stats().bytes).toBeLessThanOrEqual(base.bytesMax);
  });

  it.each(['blockSampling', 'downsample'] as const)(
    '%s keeps the start and thins evenly',
    (policy) => {
      const options = { policy, segmentBytes: 65_536, bytesMax: 6 * 65_536 };
      const queue = open(new FaultyDisk(), options);
      let next = 1;
      while (queue.pendingGaps().length === 0) fill(queue, next, next++);
      const [gap] = queue.pendingGaps();
      const left = seqs(queue);
      expect(left[0]).toBe(1);
      const run = policy === 'downsample' ? 1 : 64;
      const dropped = Array.from({ length: gap!.toSeq }, (_, i) => i + 1).filter(
        (s) => !left.includes(s),
      );
      expect(dropped.length).toBe(gap!.count);
      expect(dropped.slice(0, run)).toEqual(Array.from({ length: run }, (_, i) => run + 1 + i));
      expect(gap!.count).toBeLessThan(gap!.toSeq - gap!.fromSeq + (run === 1 ? 1 : 2));
      expect(gap!.digest).toEqual(sha256(...dropped.map((seq) => idOf(seq))));
    },
  );

  it('parked frames are dropped by the policy and by nothing else', () => {
    const queue = open(new FaultyDisk());
    fill(queue, 1, 5);
    queue.park(idOf(3), 'not_allowed');
    let next = 6;
    while (queue.parked().length > 0 && next < 200) fill(queue, next, next++);
    expect(queue.pendingGaps()[0]).toMatchObject({ fromSeq: 1 });
    expect(queue.pendingGaps()[0]!.toSeq).toBeGreaterThan(3);
  });
});

describe('a full disk', () => {
  it('under the floor the queue neither grows nor shrinks', () => {
    const disk = new FaultyDisk();
    disk.capacityBytes = 100 * 4096;
    const queue = open(disk, { bytesMax: 50 * 4096 });
    fill(queue, 1, 60);
    const { bytes } = queue.stats();
    disk.capacityBytes = disk.usedBytes() + 2 * 4096 + 100;
    const floored = open(disk, { bytesMax: 50 * 4096, freeDiskFloorBytes: 2 * 4096 });
    let gaps = 0;
    for (let seq = 61; seq <= 200; seq++) {
      expect(fill(floored, seq, seq)).toEqual(['ok']);
      const [gap] = floored.pendingGaps();
      if (gap) expect(floored.append([gapRecord(++seq, gap.gap)]).ok).toBe(true);
      if (gap) gaps++;
    }
    expect(gaps).toBeGreaterThan(2);
    expect(Math.abs(floored.stats().bytes - bytes)).toBeLessThanOrEqual(2 * 4096);
  });

  it('not one byte free, power cut after every frame: old segments give way, gap records still fit', () => {
    const disk = new FaultyDisk();
    let queue = open(disk, { bytesMax: 50 * 4096 });
    fill(queue, 1, 60);
    disk.capacityBytes = disk.usedBytes();
    let next = 61;
    for (let round = 0; round < 120; round++) {
      expect(fill(queue, next, next++)).toEqual(['ok']);
      for (let gap = queue.pendingGaps()[0]; gap; gap = queue.pendingGaps()[0]) {
        expect(queue.append([gapRecord(next++, gap.gap)]).ok).toBe(true);
      }
      expect(disk.usedBytes()).toBeLessThanOrEqual(disk.capacityBytes);
      disk.restart('none');
      queue = open(disk, { bytesMax: 50 * 4096 });
      expect(seqs(queue).at(-1)).toBe(next - 1);
    }
  });
});
