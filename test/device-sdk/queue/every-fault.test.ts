import { describe, expect, it } from 'vitest';
import { DiskFailure } from '../../../device-sdk/queue/disk.ts';
import { type FaultMode, FaultyDisk, PowerCut, type Survival } from '../../support/faulty-disk.ts';
import { checkPromises, openDevice, Promises, work } from './workload.ts';

const ROUNDS = 32;

function wholeRun() {
  const disk = new FaultyDisk();
  const promises = new Promises();
  const device = openDevice(disk);
  work(device, promises, ROUNDS);
  checkPromises(device, promises);
  device.sequence.close();
  device.queue.close();
  return { operations: disk.operations, promises };
}

/** One life up to the fault, one life after it, and a power cut at the end of that one. */
function live(fault: { at: number; mode: FaultMode }, survival: Survival): void {
  const disk = new FaultyDisk();
  disk.failAt(fault.at, fault.mode);
  const promises = new Promises();
  let failure: unknown = null;
  try {
    const device = openDevice(disk);
    work(device, promises, ROUNDS);
    device.sequence.close();
    device.queue.close();
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(fault.mode === 'cut' ? PowerCut : DiskFailure);
  disk.restart(survival);
  const second = openDevice(disk);
  expect(second.recovered.damaged).toEqual([]);
  checkPromises(second, promises);
  work(second, promises, 6);
  checkPromises(second, promises);
  disk.restart('none');
  const third = openDevice(disk);
  expect(third.recovered.damaged).toEqual([]);
  checkPromises(third, promises);
  work(third, promises, 1);
}

const { operations, promises } = wholeRun();
const kinds = new Set(operations.map((operation) => operation.split(' ')[0]));

describe(`a disk that fails at each of the ${operations.length} operations of a workload`, () => {
  it('the workload rolls, evicts, writes gap records, releases and parks', () => {
    expect(operations.length).toBeGreaterThan(250);
    expect([...kinds].sort()).toEqual(
      ['create', 'fdatasync', 'fsyncDir', 'rename', 'truncate', 'unlink', 'write'].sort(),
    );
    expect(promises.gapRecords.size).toBeGreaterThan(2);
    expect(promises.released.size).toBeGreaterThan(10);
    expect(promises.parked.size).toBeGreaterThan(2);
    expect(operations.filter((operation) => operation === 'rename rewrite.tmp')).not.toEqual([]);
  });

  const faults: [FaultMode, Survival][] = [
    ['fail', 'all'],
    ['fail', 'none'],
    ['persist', 'none'],
    ['cut', 'none'],
    ['cut', { seed: 1 }],
    ['cut', { seed: 2 }],
    ['cut', 'all'],
  ];
  it.each(faults)(
    '%s, of what was not flushed %o survives: every promise holds',
    (mode, survival) => {
      for (let at = 1; at <= operations.length; at++) {
        const seeded =
          typeof survival === 'object' ? { seed: survival.seed * 1000 + at } : survival;
        try {
          live({ at, mode }, seeded);
        } catch (error) {
          throw new Error(`at operation ${at}, ${operations[at - 1]}`, { cause: error });
        }
      }
    },
    120_000,
  );
});
