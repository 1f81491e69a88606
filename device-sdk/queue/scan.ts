import { META_BYTES, Rows } from './entry.ts';
import { type RawRecord, RECORD_TYPES, recordAt } from './record.ts';
import { decodeHeader, HEADER_BYTES, type SegmentHeader } from './segment-format.ts';

/** What the disk lost, for people: the file, and what could be read of it. */
export interface Damage {
  readonly file: string;
  /**
   * index: the segment's index or footer; record: one frame; missing: the whole file; state: which
   * frames were released or parked, so that some are sent again (and answered as duplicates).
   */
  readonly problem: 'index' | 'record' | 'missing' | 'state';
  /** Frames of the file that still come out. */
  readonly recovered: number;
  /** Frames known to be gone. Zero where only bookkeeping was hit. */
  readonly lost: number;
}

/** Everything readable in a segment, and where it is not. */
export interface Scan {
  readonly header: SegmentHeader | null;
  /** Valid records in file order, also those behind a bad place; without the index. */
  readonly records: readonly RawRecord[];
  readonly index: RawRecord | null;
  readonly bad: readonly { offset: number; length: number }[];
  /** One past the last byte that is not zero. */
  readonly usedBytes: number;
}

function usedBytesOf(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

export function scanSegment(bytes: Uint8Array): Scan {
  const usedBytes = usedBytesOf(bytes);
  const records: RawRecord[] = [];
  const bad: { offset: number; length: number }[] = [];
  let index: RawRecord | null = null;
  let at = HEADER_BYTES;
  while (at < usedBytes) {
    const record = recordAt(bytes, at);
    if (record?.type === RECORD_TYPES.index) {
      index = record;
      break;
    }
    if (record !== null) {
      records.push(record);
      at += record.size;
      continue;
    }
    // Records start at multiples of eight, so the next readable one is found by stepping through them.
    const from = at;
    do at += 8;
    while (at < usedBytes && recordAt(bytes, at) === null);
    bad.push({ offset: from, length: Math.min(at, usedBytes) - from });
  }
  const header = decodeHeader(bytes.subarray(0, HEADER_BYTES));
  return { header, records, index, bad, usedBytes };
}

export function rowsOf(records: readonly RawRecord[]): Rows {
  const rows = new Rows();
  for (const record of records) {
    if (record.type === RECORD_TYPES.entry) rows.push(record.body.subarray(0, META_BYTES), record);
  }
  return rows;
}

/** Everything up to `end` is whole groups; `tornBytes` behind it never were acknowledged. */
export interface WholeTail {
  readonly kind: 'whole';
  readonly end: number;
  readonly tornBytes: number;
  readonly records: readonly RawRecord[];
  /** Number for the next group. */
  readonly batch: number;
}

/** Damaged: a whole group lies behind a bad place, so what is bad had been acknowledged. */
export type Tail = WholeTail | { readonly kind: 'damaged' };

/**
 * Tear or damage? A group is written only after the flush of the one before, so a power cut can only
 * spoil the group after the last whole one. A record of a still later group behind a bad place proves
 * that the bad place had been flushed, hence that the disk lost it.
 */
export function judgeTail(scan: Scan): Tail {
  const firstBad = scan.bad[0]?.offset ?? Number.POSITIVE_INFINITY;
  let whole = 0;
  let batch = -1;
  for (const [i, record] of scan.records.entries()) {
    if (record.offset > firstBad) break;
    if (record.lastOfBatch) {
      whole = i + 1;
      batch = record.batch;
    }
  }
  // A segment gets its name only once its header and snapshot are flushed.
  const headLost = scan.header === null || whole === 0;
  // An index is written behind flushed groups only.
  const flushedLost = scan.index !== null && scan.bad.length > 0;
  if (headLost || flushedLost || scan.records.some((r) => r.batch > batch + 1))
    return { kind: 'damaged' };
  const last = scan.records[whole - 1];
  const end = last === undefined ? HEADER_BYTES : last.offset + last.size;
  const tornBytes = scan.index === null ? Math.max(0, scan.usedBytes - end) : 0;
  return { kind: 'whole', end, tornBytes, records: scan.records.slice(0, whole), batch: batch + 1 };
}
