/**
 * The durable half of a device: its queue and the numbers of its current key.
 *
 * @module storage
 */
import { join } from 'node:path';
import type { DeviceConfig } from './config.ts';
import { DeviceHalt } from './device-types.ts';
import type { Disk } from './queue/disk.ts';
import { Queue } from './queue/queue.ts';
import type { QueueRecovery } from './queue/queue-types.ts';
import { Sequence } from './queue/sequence.ts';

export interface Storage {
  readonly queue: Queue;
  readonly sequence: Sequence;
  readonly recovered: QueueRecovery;
  readonly close: () => void;
}

/** Throws DeviceHalt where a person has to look at the files, DiskFailure where the disk fails. */
export function openStorage(
  config: Pick<DeviceConfig, 'dataDir' | 'queue'>,
  disk: Disk,
  keyNumber: number,
): Storage {
  const { dataDir } = config;
  const dir = join(dataDir, 'queue');
  disk.makeDir(dir);
  const opened = Queue.open({ ...config.queue, disk, dir });
  if (!opened.ok) throw new DeviceHalt('queue', `${dir}: ${opened.code}: ${opened.detail}`);
  const { queue, recovered } = opened.value;
  const path = join(dataDir, `sequence-${keyNumber}`);
  const sequence = Sequence.open({ disk, path, tip: queue.tip(keyNumber) });
  if (!sequence.ok) {
    queue.close();
    // Guessing could use a number twice, and a fork caps the key's grade for good.
    const advice = 'rotate the key: its next number is not known any more';
    throw new DeviceHalt('sequence', `${sequence.detail}; ${advice}`);
  }
  const close = () => {
    try {
      sequence.value.close();
    } finally {
      queue.close();
    }
  };
  return { queue, sequence: sequence.value, recovered, close };
}
