import { describe, expect, it } from 'vitest';
import { Sequence } from '../../../device-sdk/queue/sequence.ts';
import { FaultyDisk } from '../../support/faulty-disk.ts';
import { idOf } from './frames.ts';

const path = '/data/sequence-0';

function open(disk: FaultyDisk, tipSeq = 0): Sequence {
  const tip = tipSeq === 0 ? null : { seq: tipSeq, id: idOf(tipSeq) };
  const opened = Sequence.open({ disk, path, tip });
  if (!opened.ok) throw new Error(opened.detail);
  return opened.value;
}

function take(sequence: Sequence, count: number): number[] {
  return Array.from({ length: count }, () => {
    const seq = sequence.next();
    if (!seq.ok) throw new Error(seq.code);
    return seq.value;
  });
}

describe('sequence', () => {
  it('counts from 1, with one flush for 64 numbers', () => {
    const disk = new FaultyDisk();
    const sequence = open(disk);
    expect(sequence.start).toEqual({
      ...{ prevSeqDurable: 0, firstSeq: 1, gapReason: null, previousId: null },
    });
    const before = disk.operations.filter((op) => op.startsWith('fdatasync')).length;
    expect(take(sequence, 128)).toEqual(Array.from({ length: 128 }, (_, i) => i + 1));
    const after = disk.operations.filter((op) => op.startsWith('fdatasync')).length;
    expect(after - before).toBe(2);
  });

  it('goes on behind what was reserved after a crash, and says so', () => {
    const disk = new FaultyDisk();
    take(open(disk), 5);
    disk.restart('none');
    const { start } = open(disk, 4);
    expect(start).toEqual({
      ...{ prevSeqDurable: 4, firstSeq: 65, gapReason: 'reserved_not_used', previousId: idOf(4) },
    });
  });

  it('leaves no gap after an orderly stop', () => {
    const disk = new FaultyDisk();
    const first = open(disk);
    take(first, 5);
    first.close();
    disk.restart('none');
    expect(open(disk, 5).start).toMatchObject({ firstSeq: 6, gapReason: null });
  });

  it('goes on behind the queue where that is ahead', () => {
    expect(open(new FaultyDisk(), 900).start).toMatchObject({ firstSeq: 901, gapReason: null });
  });

  it('names the loss of the queue', () => {
    const disk = new FaultyDisk();
    take(open(disk), 5);
    disk.restart('none');
    expect(open(disk).start).toMatchObject({ firstSeq: 65, gapReason: 'tip_lost' });
  });

  it.each([0, 512])(
    'slot at %i unreadable: no number comes twice, the next write mends it',
    (at) => {
      const disk = new FaultyDisk();
      const used = new Set(take(open(disk), 130));
      for (let life = 0; life < 3; life++) {
        disk.restart('none');
        disk.edit(path, (bytes) => bytes.fill(0, at, at + 512));
        for (const seq of take(open(disk), 100)) {
          expect(used.has(seq)).toBe(false);
          used.add(seq);
        }
      }
    },
  );

  it('refuses to guess where both slots are unreadable', () => {
    const disk = new FaultyDisk();
    take(open(disk), 5);
    disk.edit(path, (bytes) => bytes.fill(0));
    const opened = Sequence.open({ disk, path, tip: null });
    expect(opened).toMatchObject({ ok: false, code: 'sequence_damaged' });
    if (!opened.ok) expect(opened.detail).toContain(path);
  });

  it('stops after a failed flush', () => {
    const disk = new FaultyDisk();
    const sequence = open(disk);
    disk.failAt(disk.operations.length + 2, 'fail');
    expect(() => sequence.next()).toThrow('fdatasync');
    expect(() => sequence.next()).toThrow('stopped sequence');
  });
});
