import { describe, expect, it } from 'vitest';
import { Queue } from '../../../device-sdk/queue/queue.ts';
import { FaultyDisk } from '../../support/faulty-disk.ts';
import { idOf, packOf, sha256 } from './frames.ts';

const dir = '/data/queue';
const base = { dir, segmentBytes: 4096, bytesMax: 40 * 4096, freeDiskFloorBytes: 0 } as const;

function open(disk: FaultyDisk) {
  const opened = Queue.open({ disk, ...base, policy: 'dropOldest' });
  if (!opened.ok) throw new Error(opened.detail);
  return opened.value;
}

const COUNT = 60;

/** Sixty frames over several segments, each appended on its own. */
function filled(): FaultyDisk {
  const disk = new FaultyDisk();
  const { queue } = open(disk);
  for (let seq = 1; seq <= COUNT; seq++) queue.append([packOf(seq)]);
  queue.close();
  disk.restart('none');
  return disk;
}

const segmentsOf = (disk: FaultyDisk) => disk.list(dir).filter((name) => /^\d/.test(name));
const all = Array.from({ length: COUNT }, (_, i) => i + 1);

function outcome(disk: FaultyDisk) {
  const { queue, recovered } = open(disk);
  const frames = queue.peek(0, 1000);
  for (const { seq, frame } of frames) {
    if (Buffer.compare(frame, packOf(seq).frame) !== 0) throw new Error(`frame ${seq} is altered`);
  }
  return { seqs: frames.map(({ seq }) => seq), recovered, queue };
}

function flip(disk: FaultyDisk, name: string, at: number): void {
  disk.edit(`${dir}/${name}`, (bytes) => {
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    return bytes;
  });
}

describe('a sealed segment', () => {
  const second = segmentsOf(filled())[1]!;
  const size = filled().bytes(`${dir}/${second}`).length;

  it(`one flipped bit at every seventh of its ${size} bytes: at most one frame is lost, and says so`, () => {
    for (let at = 0; at < size; at += 7) {
      const disk = filled();
      flip(disk, second, at);
      const { seqs, queue } = outcome(disk);
      const lost = all.filter((seq) => !seqs.includes(seq));
      if (lost.length > 1) throw new Error(`flip at ${at} lost ${lost}`);
      if (lost.length === 0) continue;
      const [gap] = queue.pendingGaps();
      const known = queue.damaged().find(({ file }) => file === second);
      expect(known, `flip at ${at}`).toMatchObject({ problem: 'record', lost: 1 });
      expect(gap).toMatchObject({ fromSeq: lost[0], toSeq: lost[0], reason: 'damaged', count: 1 });
      expect(gap!.digest).toEqual(sha256(idOf(lost[0]!)));
    }
  });

  it('truncated at every 64 bytes: what was before comes out, and all of the other segments', () => {
    for (let length = 0; length < size; length += 64) {
      const disk = filled();
      disk.edit(`${dir}/${second}`, (bytes) => bytes.slice(0, length));
      const { seqs, recovered } = outcome(disk);
      expect(recovered.damaged[0]).toMatchObject({ file: second, problem: 'index' });
      const inSecond = recovered.damaged[0]!.recovered;
      expect(seqs.length).toBeGreaterThanOrEqual(COUNT - 20 + inSecond);
      expect(seqs.at(-1)).toBe(COUNT);
      expect(seqs[0]).toBe(1);
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    }
  });

  it('gone: named, with the number of frames that went with it', () => {
    const disk = filled();
    disk.unlink(`${dir}/${second}`);
    const { seqs, recovered } = outcome(disk);
    expect(recovered.damaged).toEqual([
      { file: second, problem: 'missing', recovered: 0, lost: COUNT - seqs.length },
    ]);
  });

  it('unreadable sectors: the other segments come out, and the file is left alone', () => {
    const disk = filled();
    disk.readErrorIn = second;
    const { seqs, recovered } = outcome(disk);
    expect(recovered.damaged[0]).toMatchObject({ file: second, problem: 'missing' });
    expect(seqs.length).toBeGreaterThan(COUNT / 2);
    disk.readErrorIn = null;
    expect(segmentsOf(disk)).toContain(second);
  });

  it('damage is counted once the index is needed, and the segment still drains', () => {
    const disk = filled();
    flip(disk, second, size - 200);
    const { queue, seqs } = outcome(disk);
    expect(seqs).toEqual(all);
    expect(queue.damaged()).toEqual([
      expect.objectContaining({ file: second, problem: 'index', lost: 0 }),
    ]);
    queue.release(all.map((seq) => idOf(seq)));
    expect(queue.stats()).toMatchObject({ frames: 0, segments: 1 });
  });
});

describe('the newest segment', () => {
  const last = segmentsOf(filled()).at(-1)!;
  const used = filled()
    .bytes(`${dir}/${last}`)
    .findLastIndex((byte) => byte !== 0);
  const inLast = COUNT - outcome(filled()).seqs.length;

  it('a torn group at every byte of the last record: cut off, reported, the rest is there', () => {
    expect(inLast).toBe(0);
    for (let at = used - 180; at <= used; at += 3) {
      const disk = filled();
      disk.edit(`${dir}/${last}`, (bytes) => bytes.fill(0, at));
      const { seqs, recovered, queue } = outcome(disk);
      expect(recovered.damaged).toEqual([]);
      expect(COUNT - seqs.length).toBeLessThanOrEqual(1);
      if (seqs.length < COUNT && at % 8 !== 0) expect(recovered.tornBytes).toBeGreaterThan(0);
      expect(queue.append([packOf(COUNT + 1)]).ok).toBe(true);
      disk.restart('none');
      expect(outcome(disk).seqs).toEqual([...seqs, COUNT + 1]);
    }
  });

  it('a flip before whole groups is damage, not a tear: the groups behind it come out', () => {
    const disk = filled();
    const bytes = disk.bytes(`${dir}/${last}`);
    const lengths = [used - 2 * 208, used - 3 * 208].map((at) => at - (at % 8) + 3);
    expect(bytes.length).toBe(4096);
    flip(disk, last, lengths[1]!);
    const { seqs, recovered, queue } = outcome(disk);
    expect(recovered).toMatchObject({ tornBytes: 0 });
    expect(recovered.damaged[0]).toMatchObject({ file: last, problem: 'index', lost: 1 });
    expect(seqs.length).toBe(COUNT - 1);
    expect(seqs.at(-1)).toBe(COUNT);
    expect(queue.append([packOf(COUNT + 1)]).ok).toBe(true);
  });

  it('without its snapshot: frames come out, the lost state is named', () => {
    const disk = filled();
    open(disk).queue.release([idOf(1)]);
    flip(disk, last, 60);
    const { seqs, recovered } = outcome(disk);
    expect(recovered.damaged.map(({ problem }) => problem)).toContain('state');
    expect(all.filter((seq) => seq > 1 && !seqs.includes(seq))).toEqual([]);
  });
});

it('a start reads O(segments) bytes: ten times the frames a segment change nothing', () => {
  const reads = [2, 40].map((framesEach) => {
    const disk = new FaultyDisk();
    const options = { segmentBytes: 65_536, bytesMax: 40 * 65_536, policy: 'dropOldest' } as const;
    const opened = Queue.open({ disk, dir, freeDiskFloorBytes: 0, ...options });
    if (!opened.ok) throw new Error(opened.detail);
    const bytes = Math.floor(40_000 / framesEach) - 150;
    let seq = 0;
    while (opened.value.queue.stats().segments < 8)
      opened.value.queue.append([packOf(++seq, bytes)]);
    disk.restart('none');
    disk.bytesRead = 0;
    const again = Queue.open({ disk, dir, freeDiskFloorBytes: 0, ...options });
    expect(again.ok && again.value.queue.stats().frames).toBe(seq);
    return disk.bytesRead;
  });
  expect(Math.abs(reads[0]! - reads[1]!)).toBeLessThan(1024);
  expect(reads[0]).toBeLessThan(2.5 * 65_536);
});
