import { concat } from '../formats/bytes.ts';
import { crc32c } from './crc32c.ts';

/**
 * A record of a segment file: len u32 | crc32c u32 | payload, padded with zeros to eight bytes. The
 * CRC covers the length too. The payload starts with type u8, flags u8, 'TG', batch u32. Records of
 * one append share a batch number and the last of them says so, hence a group is there whole or not
 * at all. All numbers are little-endian.
 */
export const RECORD_TYPES = { entry: 1, mark: 2, snapshot: 3, index: 4 } as const;
type RecordType = (typeof RECORD_TYPES)[keyof typeof RECORD_TYPES];

export interface RawRecord {
  readonly offset: number;
  readonly size: number;
  readonly type: RecordType;
  readonly batch: number;
  readonly lastOfBatch: boolean;
  readonly body: Uint8Array;
}

const HEAD_BYTES = 8;
const PREFIX_BYTES = 8;
/** 'TG': lets a search for the next record reject nearly every place without computing a CRC. */
const MARKER = 0x4754;
const LAST_OF_BATCH = 1;

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const recordSize = (bodyBytes: number) =>
  Math.ceil((HEAD_BYTES + PREFIX_BYTES + bodyBytes) / 8) * 8;

export interface NewRecord {
  readonly type: RecordType;
  readonly body: Uint8Array;
}

function encodeRecord(record: NewRecord, batch: number, lastOfBatch: boolean): Uint8Array {
  const bytes = new Uint8Array(recordSize(record.body.length));
  const view = viewOf(bytes);
  const length = PREFIX_BYTES + record.body.length;
  view.setUint32(0, length, true);
  bytes[8] = record.type;
  bytes[9] = lastOfBatch ? LAST_OF_BATCH : 0;
  view.setUint16(10, MARKER, true);
  view.setUint32(12, batch, true);
  bytes.set(record.body, HEAD_BYTES + PREFIX_BYTES);
  const payload = bytes.subarray(HEAD_BYTES, HEAD_BYTES + length);
  view.setUint32(4, crc32c(payload, crc32c(bytes.subarray(0, 4))), true);
  return bytes;
}

export function encodeBatch(records: readonly NewRecord[], batch: number): Uint8Array {
  return concat(...records.map((r, i) => encodeRecord(r, batch, i === records.length - 1)));
}

/** The record that starts at `offset`, or null where none does or its CRC disagrees. */
export function recordAt(bytes: Uint8Array, offset: number): RawRecord | null {
  if (offset + HEAD_BYTES + PREFIX_BYTES > bytes.length) return null;
  const view = viewOf(bytes);
  const length = view.getUint32(offset, true);
  if (length < PREFIX_BYTES || offset + HEAD_BYTES + length > bytes.length) return null;
  const type = bytes[offset + 8] ?? 0;
  if (type < 1 || type > 4 || view.getUint16(offset + 10, true) !== MARKER) return null;
  const payload = bytes.subarray(offset + HEAD_BYTES, offset + HEAD_BYTES + length);
  const expected = crc32c(payload, crc32c(bytes.subarray(offset, offset + 4)));
  if (view.getUint32(offset + 4, true) !== expected) return null;
  return {
    offset,
    size: recordSize(length - PREFIX_BYTES),
    type: type as RecordType,
    batch: view.getUint32(offset + 12, true),
    lastOfBatch: (bytes[offset + 9] ?? 0) === LAST_OF_BATCH,
    body: payload.subarray(PREFIX_BYTES),
  };
}
