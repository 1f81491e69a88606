import { expect } from 'vitest';
import type { Disk } from '../../../device-sdk/queue/disk.ts';
import type { GapDescription } from '../../../device-sdk/queue/gap.ts';
import { Queue } from '../../../device-sdk/queue/queue.ts';
import type { NewEntry } from '../../../device-sdk/queue/queue-types.ts';
import { Sequence } from '../../../device-sdk/queue/sequence.ts';
import { idOf, packOf, sha256 } from './frames.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

type Gap = Omit<GapDescription, 'gap' | 'key' | 'digest'> & { digest: string };

const gapOf = ({ digest, gap: _, key: __, ...rest }: GapDescription): Gap => ({
  ...rest,
  digest: hex(digest),
});

/** What a device knows that it was promised. Shared by the runs before and after a fault. */
export class Promises {
  /** Every number next() ever gave out, with the id of its statement. */
  readonly used = new Map<number, string>();
  readonly queued = new Set<number>();
  readonly released = new Set<number>();
  /** In an operation that did not return: may have happened or not. */
  readonly undecided = new Set<number>();
  readonly accepted = new Set<number>();
  readonly parked = new Set<number>();
  readonly gapRecords = new Map<number, Gap>();
}

export const OPTIONS = {
  dir: '/data/queue',
  segmentBytes: 4096,
  bytesMax: 6 * 4096,
  freeDiskFloorBytes: 0,
  policy: 'dropOldest',
} as const;

export function openDevice(disk: Disk) {
  const opened = Queue.open({ disk, ...OPTIONS });
  if (!opened.ok) throw new Error(opened.detail);
  const { queue, recovered } = opened.value;
  const sequence = Sequence.open({
    disk,
    path: '/data/sequence-0',
    tip: queue.tip(0),
    reserveAhead: 8,
  });
  if (!sequence.ok) throw new Error(sequence.detail);
  return { queue, recovered, sequence: sequence.value };
}

type Device = ReturnType<typeof openDevice>;

function append(device: Device, promises: Promises, entries: NewEntry[]): void {
  for (const { seq } of entries) promises.undecided.add(seq);
  const done = device.queue.append(entries);
  expect(done.ok).toBe(true);
  for (const { seq } of entries) {
    promises.undecided.delete(seq);
    promises.queued.add(seq);
  }
  const [gap] = device.queue.pendingGaps();
  if (gap === undefined) return;
  const seq = nextSeq(device, promises);
  const frame = new TextEncoder().encode(JSON.stringify(gapOf(gap)));
  const record: NewEntry = {
    ...{ id: idOf(seq), seq, kind: 'gap', minMs: null, maxMs: null },
    ...{ frame, closesGap: gap.gap },
  };
  promises.gapRecords.set(seq, gapOf(gap));
  append(device, promises, [record]);
}

function nextSeq(device: Device, promises: Promises): number {
  const seq = device.sequence.next();
  if (!seq.ok) throw new Error(seq.detail);
  expect(promises.used.has(seq.value), `seq ${seq.value} given out again`).toBe(false);
  promises.used.set(seq.value, hex(idOf(seq.value)));
  return seq.value;
}

/** Appends, acceptances, parking, releases; slower out than in, so that it rolls and evicts. */
export function work(device: Device, promises: Promises, rounds: number): void {
  const { queue } = device;
  for (let round = 1; round <= rounds; round++) {
    const group = Array.from({ length: 1 + (round % 3) }, () =>
      packOf(nextSeq(device, promises), 150 + 40 * (round % 4)),
    );
    append(device, promises, group);
    const window = queue.peek(0, 8);
    if (round % 4 === 0) {
      const [, second, third] = window;
      for (const one of [second, third]) {
        if (one !== undefined) promises.accepted.add(one.seq);
      }
      queue.markAccepted([second, third].flatMap((one) => one?.id ?? []));
    }
    if (round % 9 === 0 && window[4]?.kind === 'pack') {
      promises.undecided.add(window[4].seq);
      queue.park(window[4].id, 'not_allowed');
      promises.undecided.delete(window[4].seq);
      promises.parked.add(window[4].seq);
    }
    if (round % 5 === 0) {
      const out = window.slice(0, 2);
      for (const { seq } of out) promises.undecided.add(seq);
      queue.release(out.map(({ id }) => id));
      for (const { seq } of out) {
        promises.undecided.delete(seq);
        promises.released.add(seq);
      }
    }
  }
}

/** Every promise holds: there, released, evicted with its id kept, or in exactly one gap. */
export function checkPromises(device: Device, promises: Promises): void {
  const { queue, sequence } = device;
  const entries = queue.peek(0, 100_000);
  const seqs = entries.map(({ seq }) => seq);
  expect(seqs, 'order kept, nothing twice').toEqual([...new Set(seqs)].sort((a, b) => a - b));
  const positions = entries.map(({ position }) => position);
  expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
  for (const { seq, id, kind, frame } of entries) {
    expect(hex(id)).toBe(promises.used.get(seq));
    if (kind === 'pack') expect(frame).toEqual(packOf(seq, frame.length).frame);
  }
  const parked = queue.parked().map(({ id }) => hex(id));
  const here = new Set(seqs);
  const parkedSeqs = [...promises.used].flatMap(([seq, id]) => (parked.includes(id) ? seq : []));
  for (const seq of parkedSeqs) expect(here.has(seq), `${seq} parked and in order`).toBe(false);
  for (const seq of promises.released) expect(here.has(seq), `${seq} released`).toBe(false);
  const present = new Set([...seqs, ...parkedSeqs]);
  // A signed gap record and the pending gap it closes are written as one.
  const left = [...promises.released, ...promises.undecided].filter((seq) =>
    promises.queued.has(seq),
  );
  const written = [...new Set([...present, ...left])].flatMap(
    (seq) => promises.gapRecords.get(seq) ?? [],
  );
  const gaps = [...written, ...queue.pendingGaps().map(gapOf)];
  expect(new Set(gaps.map((gap) => JSON.stringify(gap))).size).toBe(gaps.length);
  const evicted = [...promises.used.keys()].filter(
    (seq) => promises.queued.has(seq) && !present.has(seq) && !promises.released.has(seq),
  );
  checkEvicted({ evicted, gaps, promises, keptIds: queue.stats().keptIds });
  const used = Math.max(0, ...promises.used.keys());
  expect(sequence.start.firstSeq).toBeGreaterThan(0);
  if (promises.used.size > 0)
    expect(device.sequence.start.prevSeqDurable).toBeLessThanOrEqual(used);
}

function checkEvicted(found: {
  evicted: number[];
  gaps: Gap[];
  promises: Promises;
  keptIds: number;
}): void {
  const { evicted, gaps, promises } = found;
  const unexplained = new Set(evicted);
  for (const gap of gaps) {
    const candidates = evicted.filter((seq) => seq >= gap.fromSeq && seq <= gap.toSeq);
    // Between the dropped ones may lie accepted ones (id kept) and ones whose fate is undecided.
    const certain = candidates.filter(
      (seq) => !promises.accepted.has(seq) && !promises.undecided.has(seq),
    );
    expect(certain.length).toBeLessThanOrEqual(gap.count);
    if (certain.length === gap.count) {
      expect(hex(sha256(...certain.map((seq) => idOf(seq))))).toBe(gap.digest);
      expect(gap.minMs).toBe(gap.fromSeq * 1000);
      expect(gap.maxMs).toBe(gap.toSeq * 1000 + 999);
    }
    for (const seq of candidates) unexplained.delete(seq);
  }
  const rest = [...unexplained].filter((seq) => !promises.undecided.has(seq));
  const lost = rest.filter((seq) => !promises.accepted.has(seq));
  expect(lost, 'gone without a gap').toEqual([]);
  expect(rest.length).toBeLessThanOrEqual(found.keptIds);
}
