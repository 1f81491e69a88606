// SPEC.md §5.1: the boot record, a device content that explains a jump of the sequence.

/** @module boot */
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { openFields } from './fields.ts';
import type { Result } from './result.ts';

export interface Boot {
  /** 16 random bytes, the same as in the statements until the next boot. */
  readonly bootId: Uint8Array;
  readonly bootCount: number;
  /** Last sequence number known to be on disk before this boot; 0 for none. */
  readonly prevSeqDurable: number;
  /** First number of this boot; numbers between were reserved and never used. */
  readonly firstSeq: number;
  /** Why numbers are missing; null when none are. */
  readonly gapReason: string | null;
  readonly firmware: string;
  readonly buildDateS: number;
  /** Bytes cut from the end of the queue because a write was torn. */
  readonly tornBytes: number;
}

export const BOOT_VERSION = 1;

export function encodeBoot(boot: Boot): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      [1, BOOT_VERSION],
      [2, boot.bootId],
      [3, boot.bootCount],
      [4, boot.prevSeqDurable],
      [5, boot.firstSeq],
      [6, boot.gapReason],
      [7, boot.firmware],
      [8, boot.buildDateS],
      [9, boot.tornBytes],
    ]),
  );
}

export function parseBoot(bytes: Uint8Array): Result<Boot> {
  const opened = openFields(bytes, 'boot');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version(1, BOOT_VERSION);
  const boot = {
    bootId: fields.bytes(2, { length: 16 }),
    bootCount: fields.uint(3),
    prevSeqDurable: fields.uint(4),
    firstSeq: fields.uint(5, { min: 1 }),
    gapReason: fields.isNull(6) ? null : fields.text(6, { max: 256 }),
    firmware: fields.text(7, { max: 128 }),
    buildDateS: fields.uint(8, { max: 2 ** 37 }),
    tornBytes: fields.uint(9),
  };
  if (boot.firstSeq <= boot.prevSeqDurable) fields.odd(5, 'a number used before');
  if (boot.gapReason === null && boot.firstSeq > boot.prevSeqDurable + 1) {
    fields.odd(6, 'numbers are missing without a reason');
  }
  return fields.finish(boot);
}
