import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Queue } from '../../../device-sdk/queue/queue.ts';
import { FaultyDisk } from '../../support/faulty-disk.ts';
import { idOf, packOf } from './frames.ts';

/** What the queue should hold: the obvious thing, in memory. */
interface Model {
  frames: { seq: number; bytes: number }[];
  accepted: Set<number>;
  parked: Map<number, string>;
  nextSeq: number;
}

interface Real {
  disk: FaultyDisk;
  queue: Queue;
}

type Command = fc.Command<Model, Real>;

function open(disk: FaultyDisk): Queue {
  const limits = { bytesMax: 400 * 4096, segmentBytes: 4096, freeDiskFloorBytes: 0 };
  const opened = Queue.open({ disk, dir: '/data/queue', policy: 'dropOldest', ...limits });
  if (!opened.ok) throw new Error(opened.detail);
  expect(opened.value.recovered).toEqual({ tornBytes: 0, damaged: [] });
  return opened.value.queue;
}

function compare(model: Model, { queue }: Real): void {
  const entries = queue.peek(0, 10_000);
  const inOrder = model.frames.filter(({ seq }) => !model.parked.has(seq));
  expect(entries.map(({ seq }) => seq)).toEqual(inOrder.map(({ seq }) => seq));
  expect(entries.map(({ accepted }) => accepted)).toEqual(
    inOrder.map(({ seq }) => model.accepted.has(seq)),
  );
  for (const { seq, frame } of entries) {
    expect(Buffer.compare(frame, packOf(seq, frame.length).frame)).toBe(0);
  }
  expect(new Map(queue.parked().map(({ position, code }) => [position, code]))).toEqual(
    model.parked,
  );
  expect(queue.stats().frames).toBe(model.frames.length);
}

const command = (name: string, run: (model: Model, real: Real) => void): Command => ({
  check: () => true,
  run: (model, real) => {
    run(model, real);
    compare(model, real);
  },
  toString: () => name,
});

const chosen = (model: Model, picks: number[]) =>
  [
    ...new Set(picks.map((pick) => model.frames[pick % Math.max(1, model.frames.length)]?.seq)),
  ].flatMap((seq) => seq ?? []);

const append = fc
  .array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 4 })
  .map((sizes) =>
    command(`append ${sizes}`, (model, { queue }) => {
      const frames = sizes.map((bytes) => ({ seq: model.nextSeq++, bytes }));
      const done = queue.append(frames.map(({ seq, bytes }) => packOf(seq, bytes)));
      // Positions equal seqs here: nothing is ever dropped.
      expect(done.ok && done.value.positions).toEqual(frames.map(({ seq }) => seq));
      model.frames.push(...frames);
    }),
  );

const picks = fc.array(fc.nat({ max: 500 }), { minLength: 1, maxLength: 12 });

const release = picks.map((numbers) =>
  command(`release ${numbers}`, (model, { queue }) => {
    const seqs = chosen(model, numbers);
    expect(queue.release(seqs.map((seq) => idOf(seq)))).toEqual({ ok: true, value: seqs.length });
    model.frames = model.frames.filter(({ seq }) => !seqs.includes(seq));
    for (const seq of seqs) {
      model.accepted.delete(seq);
      model.parked.delete(seq);
    }
  }),
);

const releaseFirst = fc.nat({ max: 30 }).map((count) =>
  command(`releaseFirst ${count}`, (model, { queue }) => {
    const seqs = model.frames.slice(0, count).map(({ seq }) => seq);
    queue.release(seqs.map((seq) => idOf(seq)));
    model.frames = model.frames.slice(count);
    for (const seq of seqs) {
      model.accepted.delete(seq);
      model.parked.delete(seq);
    }
  }),
);

const accept = picks.map((numbers) =>
  command(`accept ${numbers}`, (model, { queue }) => {
    const seqs = chosen(model, numbers).filter((seq) => !model.parked.has(seq));
    queue.markAccepted(seqs.map((seq) => idOf(seq)));
    for (const seq of seqs) model.accepted.add(seq);
  }),
);

const park = picks.map((numbers) =>
  command(`park ${numbers}`, (model, { queue }) => {
    for (const seq of chosen(model, numbers.slice(0, 2))) {
      expect(queue.park(idOf(seq), `code_${seq}`)).toEqual({ ok: true, value: true });
      model.parked.set(seq, `code_${seq}`);
      model.accepted.delete(seq);
    }
  }),
);

const unpark = fc.constant(
  command('unpark', (model, { queue }) => {
    queue.unpark(queue.parked().map(({ id }) => id));
    model.parked.clear();
  }),
);

const cut = fc.constant(
  command('cut', (model, real) => {
    // Accepted answers ride along with the next group, so an orderly model writes one before the cut.
    const seq = model.nextSeq++;
    real.queue.append([packOf(seq, 10)]);
    model.frames.push({ seq, bytes: 10 });
    real.disk.restart('none');
    real.queue = open(real.disk);
  }),
);

describe('queue against a model', () => {
  it('any sequence of commands, with power cuts between them', () => {
    const commands = fc.commands(
      [append, append, release, releaseFirst, accept, park, unpark, cut],
      {
        maxCommands: 60,
        size: 'max',
      },
    );
    const property = fc.property(commands, (sequence) => {
      const disk = new FaultyDisk();
      const model: Model = { frames: [], accepted: new Set(), parked: new Map(), nextSeq: 1 };
      fc.modelRun(() => ({ model, real: { disk, queue: open(disk) } }), sequence);
    });
    fc.assert(property, { numRuns: 60 });
  }, 60_000);
});
