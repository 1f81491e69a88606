import type { Disk } from './disk.ts';
import { ENTRY_KINDS, type EntryMeta } from './entry.ts';
import type { GapDescription } from './gap.ts';
import type { FullPolicy } from './policy.ts';
import type { Damage } from './scan.ts';

export interface QueueOptions {
  readonly disk: Disk;
  readonly dir: string;
  /** All files of the queue together, at least four segments. */
  readonly bytesMax: number;
  /** The queue does not grow while the file system has less than this free. */
  readonly freeDiskFloorBytes: number;
  readonly policy: FullPolicy;
  /** 1 MiB unless told; one group of frames may take half of it. */
  readonly segmentBytes?: number;
}

export interface NewEntry extends Omit<EntryMeta, 'position' | 'key'> {
  readonly key?: number;
  readonly frame: Uint8Array;
  /** The gap this record describes and, once it is durable, ends. */
  readonly closesGap?: number;
}

export interface QueuedEntry extends EntryMeta {
  readonly frame: Uint8Array;
  readonly accepted: boolean;
}

export interface ParkedEntry {
  readonly id: Uint8Array;
  readonly position: number;
  /** Refusal code it was parked for. */
  readonly code: string;
}

export interface Appended {
  readonly positions: readonly number[];
  /** To be signed and appended with `closesGap`, oldest first. */
  readonly pendingGaps: readonly GapDescription[];
}

export interface QueueRecovery {
  /** Bytes of a group that was being written when the device stopped; never acknowledged. */
  readonly tornBytes: number;
  readonly damaged: readonly Damage[];
}

export interface QueueStats {
  /** Not released: accepted and parked ones too. */
  readonly frames: number;
  readonly accepted: number;
  readonly parked: number;
  /** Ids of accepted frames that were evicted before their receipt. */
  readonly keptIds: number;
  readonly pendingGaps: number;
  readonly segments: number;
  readonly bytes: number;
  readonly bytesMax: number;
}

/** What is wrong with an entry, or null. */
export function entryProblem(entry: NewEntry): string | null {
  const { id, seq, kind, key = 0, minMs, maxMs } = entry;
  if (id.length !== 32) return `id has ${id.length} bytes instead of 32`;
  if (!Number.isSafeInteger(seq) || seq < 1) return `seq ${seq}`;
  if (!ENTRY_KINDS.includes(kind)) return `kind ${kind}`;
  if (!Number.isInteger(key) || key < 0 || key > 255) return `key ${key}`;
  if (Number.isNaN(minMs) || Number.isNaN(maxMs)) return 'a time that is not a number';
  return null;
}

export function optionsProblem(options: QueueOptions & { segmentBytes: number }): string | null {
  const { segmentBytes, bytesMax } = options;
  if (segmentBytes < 4096 || segmentBytes % 8 !== 0) return `segmentBytes ${segmentBytes}`;
  if (segmentBytes > 64 * 1024 * 1024) return `segmentBytes ${segmentBytes}`;
  if (bytesMax < 4 * segmentBytes) return `bytesMax ${bytesMax} is below four segments`;
  return null;
}
