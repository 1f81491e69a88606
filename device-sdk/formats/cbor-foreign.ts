// RFC 8949 in any legal encoding (§3, §5.3.1): COSE made by others. Never for what we sign ourselves.

/** @module cbor-foreign */
import { concat, fromUtf8 } from './bytes.ts';
import { type CborKey, type CborMap, type CborValue, Tagged } from './cbor.ts';
import {
  admitItem,
  type CborCursor,
  type CborLimits,
  INDEFINITE,
  openCursor,
  readArgument,
  refusalOf,
  refuse,
  scanKey,
  takeBytes,
} from './cbor-head.ts';
import { fail, ok, type Result } from './result.ts';

/** What the decoding functions below return after a refusal, which the cursor then holds. */
type Refusal = undefined;

function refused(...why: Parameters<typeof refuse>): Refusal {
  refuse(...why);
  return undefined;
}

/** True, and steps over it, where the break of an indefinite-length item stands here. */
function atBreak(cursor: CborCursor): boolean {
  if (cursor.bytes[cursor.at] !== 0xff) return false;
  cursor.at += 1;
  return true;
}

function integer(cursor: CborCursor, major: number, argument: number, start: number): CborValue {
  if (argument + major <= Number.MAX_SAFE_INTEGER) return major === 0 ? argument : -1 - argument;
  const view = new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset + start + 1, 8);
  const exact = view.getBigUint64(0);
  return major === 0 ? exact : -1n - exact;
}

function chunks(cursor: CborCursor, major: number, depth: number): Uint8Array | Refusal {
  const parts: Uint8Array[] = [];
  while (!atBreak(cursor)) {
    if (!admitItem(cursor, depth + 1)) return undefined;
    if ((cursor.bytes[cursor.at] ?? 0) >> 5 !== major) {
      return refused(cursor, 'cbor_malformed', 'a chunk of another type');
    }
    const length = readArgument(cursor);
    if (length === null) return undefined;
    if (length === INDEFINITE) return refused(cursor, 'cbor_malformed', 'a chunk in a chunk');
    const part = takeBytes(cursor, length);
    if (part === null) return undefined;
    // RFC 8949 §3.2.3: a character is never split between chunks.
    if (major === 3 && fromUtf8(part) === null) {
      return refused(cursor, 'cbor_text', 'text is not UTF-8');
    }
    parts.push(part);
  }
  return concat(...parts);
}

function stringItem(
  cursor: CborCursor,
  major: number,
  length: number,
  depth: number,
): CborValue | Refusal {
  const content = length === INDEFINITE ? chunks(cursor, major, depth) : takeBytes(cursor, length);
  if (!content) return undefined;
  if (major === 2) return content;
  return fromUtf8(content) ?? refused(cursor, 'cbor_text', 'text is not UTF-8');
}

function arrayItem(cursor: CborCursor, length: number, depth: number): CborValue | Refusal {
  const array: CborValue[] = [];
  while (length === INDEFINITE ? !atBreak(cursor) : array.length < length) {
    const value = readForeignItem(cursor, depth + 1);
    if (value === undefined) return undefined;
    array.push(value);
  }
  return array;
}

function mapItem(cursor: CborCursor, length: number, depth: number): CborValue | Refusal {
  const map: CborMap = new Map();
  while (length === INDEFINITE ? !atBreak(cursor) : map.size < length) {
    if (!scanKey(cursor)) return undefined;
    const key = readForeignItem(cursor, depth + 1);
    if (key === undefined) return undefined;
    if (map.has(key as CborKey)) {
      return refused(cursor, 'cbor_duplicate_key', `duplicate map key ${String(key)}`);
    }
    const value = readForeignItem(cursor, depth + 1);
    if (value === undefined) return undefined;
    map.set(key as CborKey, value);
  }
  return map;
}

function float(bytes: Uint8Array, end: number, info: number): number {
  const size = 1 << (info - 24);
  const view = new DataView(bytes.buffer, bytes.byteOffset + end - size, size);
  if (info === 26) return view.getFloat32(0);
  if (info === 27) return view.getFloat64(0);
  const bits = view.getUint16(0);
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return (
    sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
  );
}

function simple(cursor: CborCursor, info: number): CborValue | Refusal {
  if (info === 20 || info === 21) return info === 21;
  if (info === 22) return null;
  if (info >= 25 && info <= 27) return float(cursor.bytes, cursor.at, info);
  if (info === 31) return refused(cursor, 'cbor_malformed', 'a break outside');
  return refused(cursor, 'cbor_simple', 'only false, true and null');
}

/** One item; undefined after a refusal, which the cursor then holds. */
export function readForeignItem(cursor: CborCursor, depth: number): CborValue | Refusal {
  if (!admitItem(cursor, depth)) return undefined;
  const start = cursor.at;
  const initial = cursor.bytes[start] ?? 0;
  const major = initial >> 5;
  const argument = readArgument(cursor);
  if (argument === null) return undefined;
  if (major === 7) return simple(cursor, initial & 0x1f);
  if (major === 2 || major === 3) return stringItem(cursor, major, argument, depth);
  if (major === 4) return arrayItem(cursor, argument, depth);
  if (major === 5) return mapItem(cursor, argument, depth);
  if (argument === INDEFINITE) return refused(cursor, 'cbor_malformed', 'indefinite length');
  if (major < 2) return integer(cursor, major, argument, start);
  const value = readForeignItem(cursor, depth + 1);
  return value === undefined ? undefined : new Tagged(argument, value);
}

/**
 * Exactly one well-formed item without duplicate map keys. Tags are kept, never interpreted; text
 * is UTF-8; simple values other than false, true and null are refused.
 */
export function parseForeignCbor(bytes: Uint8Array, limits: CborLimits = {}): Result<CborValue> {
  const opened = openCursor(bytes, limits);
  if (!opened.ok) return opened;
  const cursor = opened.value;
  const value = readForeignItem(cursor, 0);
  if (value === undefined) return refusalOf(cursor);
  if (cursor.at !== bytes.length) return fail('cbor_trailing', `bytes after byte ${cursor.at}`);
  return ok(value);
}
