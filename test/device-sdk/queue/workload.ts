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

const OPTIONS = {
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
  must(done.ok, 'append refused');
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
  must(!promises.used.has(seq.value), `seq ${seq.value} given out again`);
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

/** Thrown and not expect(): a run is checked thousands of times. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const ascending = (numbers: number[]) =>
  numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0));

/** Every promise holds: there, released, evicted with its id kept, or in exactly one gap. */
export function checkPromises(device: Device, promises: Promises): void {
  const { queue } = device;
  const entries = queue.peek(0, 100_000);
  const seqs = entries.map(({ seq }) => seq);
  must(ascending(seqs), `order of seqs ${seqs}`);
  must(ascending(entries.map(({ position }) => position)), 'order of positions');
  for (const { seq, id, kind, frame } of entries) {
    must(hex(id) === promises.used.get(seq), `id of ${seq}`);
    const expected = packOf(seq, frame.length).frame;
    must(kind !== 'pack' || Buffer.compare(frame, expected) === 0, `frame of ${seq}`);
  }
  const parked = new Set(queue.parked().map(({ id }) => hex(id)));
  const parkedSeqs = [...promises.used].flatMap(([seq, id]) => (parked.has(id) ? seq : []));
  const present = new Set([...seqs, ...parkedSeqs]);
  must(present.size === seqs.length + parkedSeqs.length, 'parked and in order');
  for (const seq of promises.released) must(!present.has(seq), `${seq} came back after release`);
  for (const seq of promises.parked) must(!seqs.includes(seq), `${seq} came back after parking`);
  const left = [...promises.released, ...promises.undecided].filter((s) => promises.queued.has(s));
  // A signed gap record and the pending gap it closes are written as one.
  const written = [...new Set([...present, ...left])].flatMap(
    (seq) => promises.gapRecords.get(seq) ?? [],
  );
  const gaps = [...written, ...queue.pendingGaps().map(gapOf)];
  must(
    new Set(gaps.map((gap) => JSON.stringify(gap))).size === gaps.length,
    'one gap, two records',
  );
  const evicted = [...promises.queued].filter(
    (seq) => !present.has(seq) && !promises.released.has(seq),
  );
  checkEvicted({ evicted, gaps, promises, keptIds: queue.stats().keptIds });
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
    must(certain.length <= gap.count, `gap ${gap.fromSeq}…${gap.toSeq} says ${gap.count}`);
    if (certain.length === gap.count) {
      const digest = hex(sha256(...certain.map((seq) => idOf(seq))));
      must(digest === gap.digest, `digest of gap ${gap.fromSeq}…${gap.toSeq}`);
      must(gap.minMs === gap.fromSeq * 1000 && gap.maxMs === gap.toSeq * 1000 + 999, 'gap times');
    }
    for (const seq of candidates) unexplained.delete(seq);
  }
  const rest = [...unexplained].filter((seq) => !promises.undecided.has(seq));
  const lost = rest.filter((seq) => !promises.accepted.has(seq));
  must(lost.length === 0, `gone without a gap: ${lost}`);
  must(
    rest.length <= found.keptIds,
    `${rest.length} accepted ones gone, ${found.keptIds} ids kept`,
  );
}
