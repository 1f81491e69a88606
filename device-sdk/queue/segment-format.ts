import { crc32c } from './crc32c.ts';
import { ROW_BYTES } from './entry.ts';
import { recordSize } from './record.ts';

/**
 * Bytes around the records of a segment file.
 *
 *   growing: header 32 | records | zeros up to the preallocated size
 *   sealed:  header 32 | records | index record (one row an entry) | footer 32
 *
 * A sealed segment is known from its footer alone, so a start reads O(segments) bytes.
 */
export const HEADER_BYTES = 32;
export const FOOTER_BYTES = 32;
const HEADER_MAGIC = 0x31514754; // 'TGQ1'
const FOOTER_MAGIC = 0x46514754; // 'TGQF'

export interface SegmentHeader {
  readonly number: number;
  readonly firstPosition: number;
}

export interface SegmentFooter {
  /** Entries in the file; fewer than the span after a rewrite. */
  readonly count: number;
  readonly indexOffset: number;
  readonly firstPosition: number;
  readonly endPosition: number;
}

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function sealBlock(bytes: Uint8Array): Uint8Array {
  viewOf(bytes).setUint32(28, crc32c(bytes.subarray(0, 28)), true);
  return bytes;
}

function openBlock(bytes: Uint8Array, magic: number): DataView | null {
  if (bytes.length !== 32) return null;
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== magic) return null;
  return view.getUint32(28, true) === crc32c(bytes.subarray(0, 28)) ? view : null;
}

export function encodeHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, HEADER_MAGIC, true);
  view.setUint32(4, header.number, true);
  view.setBigUint64(8, BigInt(header.firstPosition), true);
  return sealBlock(bytes);
}

export function decodeHeader(bytes: Uint8Array): SegmentHeader | null {
  const view = openBlock(bytes, HEADER_MAGIC);
  if (view === null) return null;
  return {
    number: view.getUint32(4, true),
    firstPosition: Number(view.getBigUint64(8, true)),
  };
}

export function encodeFooter(footer: SegmentFooter): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, FOOTER_MAGIC, true);
  view.setUint32(4, footer.indexOffset, true);
  view.setBigUint64(8, BigInt(footer.firstPosition), true);
  view.setBigUint64(16, BigInt(footer.endPosition), true);
  view.setUint32(24, footer.count, true);
  return sealBlock(bytes);
}

export function decodeFooter(bytes: Uint8Array): SegmentFooter | null {
  const view = openBlock(bytes, FOOTER_MAGIC);
  if (view === null) return null;
  return {
    indexOffset: view.getUint32(4, true),
    firstPosition: Number(view.getBigUint64(8, true)),
    endPosition: Number(view.getBigUint64(16, true)),
    count: view.getUint32(24, true),
  };
}

/** What sealing adds behind the records. */
export const trailerBytes = (rows: number) => recordSize(rows * ROW_BYTES) + FOOTER_BYTES;

/** The preallocated next segment, and a segment being written anew without its dead frames. */
export const SPARE_NAME = 'spare.seg';
export const REWRITE_NAME = 'rewrite.tmp';

export const segmentName = (number: number) => `${String(number).padStart(8, '0')}.seg`;

export function segmentNumber(name: string): number | null {
  return /^\d{8}\.seg$/.test(name) ? Number(name.slice(0, 8)) : null;
}
