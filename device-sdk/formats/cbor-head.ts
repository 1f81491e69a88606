// RFC 8949 §3: initial byte and argument; the head scan that runs before anything is decoded.

/** @module cbor-head */
import { fromUtf8 } from './bytes.ts';
import type { FormatErrorCode } from './errors.ts';
import { fail, ok, type Refused, type Result } from './result.ts';

export interface CborLimits {
  readonly bytesMax?: number;
  readonly depthMax?: number;
  readonly itemsMax?: number;
}

export const CBOR_BYTES_MAX = 1_048_576;
export const CBOR_DEPTH_MAX = 16;
export const CBOR_ITEMS_MAX = 65_536;

export interface CborCursor {
  readonly bytes: Uint8Array;
  at: number;
  items: number;
  readonly depthMax: number;
  readonly itemsMax: number;
  refusal: Refused | null;
}

export function openCursor(bytes: Uint8Array, limits: CborLimits): Result<CborCursor> {
  const bytesMax = limits.bytesMax ?? CBOR_BYTES_MAX;
  if (bytes.length > bytesMax) {
    return fail('cbor_too_large', `${bytes.length} bytes where ${bytesMax} are allowed`);
  }
  return ok({
    // A plain view: a Buffer's subarray would be a Buffer, and cbor-x leaves a property on its input.
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    at: 0,
    items: 0,
    depthMax: limits.depthMax ?? CBOR_DEPTH_MAX,
    itemsMax: limits.itemsMax ?? CBOR_ITEMS_MAX,
    refusal: null,
  });
}

/** Records the first refusal; the false it returns unwinds the walk. */
export function refuse(cursor: CborCursor, code: FormatErrorCode, detail: string): false {
  cursor.refusal ??= fail(code, `${detail} at byte ${cursor.at}`);
  return false;
}

export function refusalOf(cursor: CborCursor): Refused {
  return cursor.refusal ?? fail('cbor_malformed', 'refused without a cause');
}

/** Counts an item at this depth against the limits. */
export function admitItem(cursor: CborCursor, depth: number): boolean {
  if (depth > cursor.depthMax) return refuse(cursor, 'cbor_depth', 'nested too deeply');
  if (++cursor.items > cursor.itemsMax) return refuse(cursor, 'cbor_items', 'too many items');
  if (cursor.at >= cursor.bytes.length) return refuse(cursor, 'cbor_truncated', 'item missing');
  return true;
}

export const INDEFINITE = -1;

/**
 * Steps over an initial byte and its argument. Arguments above 2^53 lose precision here: that is
 * enough to refuse a length, and integers are read again, exactly, by whoever decodes them.
 * Null after a refusal.
 */
export function readArgument(cursor: CborCursor): number | null {
  const { bytes, at } = cursor;
  const info = (bytes[at] ?? 0) & 0x1f;
  if (info < 24) {
    cursor.at = at + 1;
    return info;
  }
  if (info === 31) {
    cursor.at = at + 1;
    return INDEFINITE;
  }
  if (info > 27) {
    refuse(cursor, 'cbor_malformed', 'reserved additional information');
    return null;
  }
  const size = 1 << (info - 24);
  if (at + size >= bytes.length) {
    refuse(cursor, 'cbor_truncated', 'head cut short');
    return null;
  }
  let argument = 0;
  for (let i = 1; i <= size; i++) argument = argument * 256 + (bytes[at + i] ?? 0);
  cursor.at = at + 1 + size;
  return argument;
}

/** The bytes of a string of this length, as a view. Null after a refusal. */
export function takeBytes(cursor: CborCursor, length: number): Uint8Array | null {
  if (length > cursor.bytes.length - cursor.at) {
    refuse(cursor, 'cbor_truncated', 'string cut short');
    return null;
  }
  const start = cursor.at;
  cursor.at += length;
  return cursor.bytes.subarray(start, cursor.at);
}

/** Floats and simple values of strict CBOR: false, true, null and finite floats. */
function scanSimple(cursor: CborCursor, info: number): boolean {
  if (info >= 20 && info <= 22) return true;
  if (info < 25 || info > 27) return refuse(cursor, 'cbor_simple', 'only false, true and null');
  const end = cursor.at;
  const size = 1 << (info - 24);
  const exponent =
    (((cursor.bytes[end - size] ?? 0) & 0x7f) << 8) | (cursor.bytes[end - size + 1] ?? 0);
  const allOnes = info === 25 ? 0x7c00 : info === 26 ? 0x7f80 : 0x7ff0;
  if ((exponent & allOnes) !== allOnes) return true;
  return refuse(cursor, 'cbor_float', 'NaN or infinity');
}

/** Keys are text or integers within ±(2^53−1): all a Map of numbers and strings can tell apart. */
export function scanKey(cursor: CborCursor): boolean {
  const start = cursor.at;
  const major = (cursor.bytes[start] ?? 0) >> 5;
  if (major === 3) return true;
  if (major > 1) return refuse(cursor, 'cbor_map_key', 'map keys are integers or text');
  const argument = readArgument(cursor);
  cursor.at = start;
  if (argument === null) return false;
  if (argument + major <= Number.MAX_SAFE_INTEGER) return true;
  return refuse(cursor, 'cbor_map_key', 'integer key beyond 2^53');
}

/** Steps over one strict item: definite lengths, UTF-8 text, tag 18 only, no exotic simple values. */
export function scanItem(cursor: CborCursor, depth: number): boolean {
  if (!admitItem(cursor, depth)) return false;
  const initial = cursor.bytes[cursor.at] ?? 0;
  const major = initial >> 5;
  const argument = readArgument(cursor);
  if (argument === null) return false;
  if (argument === INDEFINITE) return refuse(cursor, 'cbor_indefinite', 'indefinite length');
  if (major < 2) return true;
  if (major === 7) return scanSimple(cursor, initial & 0x1f);
  if (major === 6) {
    if (argument !== 18) return refuse(cursor, 'cbor_tag', `tag ${argument}`);
    return scanItem(cursor, depth + 1);
  }
  if (major < 4) {
    const content = takeBytes(cursor, argument);
    if (content === null) return false;
    if (major === 2 || fromUtf8(content) !== null) return true;
    return refuse(cursor, 'cbor_text', 'text is not UTF-8');
  }
  // The item count, not the claimed length, bounds the loop.
  for (let i = 0; i < argument; i++) {
    if (major === 5 && !(scanKey(cursor) && scanItem(cursor, depth + 1))) return false;
    if (!scanItem(cursor, depth + 1)) return false;
  }
  return true;
}
