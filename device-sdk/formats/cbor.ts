// RFC 8949 core deterministic encoding (§4.2.1): what we sign and what we accept as our own formats.

/** @module cbor */
import { Decoder } from 'cbor-x/decode';
import { compareBytes, concat, equal, utf8 } from './bytes.ts';
import { type CborLimits, openCursor, refusalOf, scanItem } from './cbor-head.ts';
import { fail, ok, type Result } from './result.ts';

export type CborKey = number | string;
export type CborMap = Map<CborKey, CborValue>;
/** An integer beyond ±(2^53−1) is a bigint; every other number is a number. */
export type CborValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | CborValue[]
  | CborMap
  | Tagged;

export class Tagged {
  readonly tag: number;
  readonly value: CborValue;
  constructor(tag: number, value: CborValue) {
    this.tag = tag;
    this.value = value;
  }
}

const UINT64_MAX = 0xffff_ffff_ffff_ffffn;
const LONE_SURROGATE = /[\uD800-\uDFFF]/u;
const scratch = new DataView(new ArrayBuffer(8));

/** A head in its shortest form. */
export function encodeHead(major: number, argument: number | bigint): Uint8Array {
  const top = major << 5;
  if (argument < 24) return Uint8Array.of(top | Number(argument));
  if (argument < 0x100) return Uint8Array.of(top | 24, Number(argument));
  if (argument < 0x1_0000) {
    return Uint8Array.of(top | 25, Number(argument) >> 8, Number(argument) & 0xff);
  }
  const size = argument < 0x1_0000_0000 ? 4 : 8;
  const head = new Uint8Array(1 + size);
  head[0] = top | (size === 4 ? 26 : 27);
  const view = new DataView(head.buffer);
  if (size === 4) view.setUint32(1, Number(argument));
  else view.setBigUint64(1, BigInt(argument));
  return head;
}

function encodeInteger(value: number | bigint): Uint8Array {
  if (value >= 0) {
    if (value > UINT64_MAX) throw new TypeError(`integer beyond 64 bits: ${value}`);
    return encodeHead(0, value);
  }
  const argument = typeof value === 'bigint' ? -1n - value : -1 - value;
  if (argument > UINT64_MAX) throw new TypeError(`integer beyond 64 bits: ${value}`);
  return encodeHead(1, argument);
}

/** The binary16 bits of a number, or null where binary16 can't hold it exactly. */
function float16Bits(value: number): number | null {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const mantissa = bits & 0x7f_ffff;
  if (exponent > 15) return null;
  if (exponent >= -14) {
    return (mantissa & 0x1fff) === 0 ? sign | ((exponent + 15) << 10) | (mantissa >> 13) : null;
  }
  // Subnormal: the implicit bit joins the mantissa, which moves right by what the exponent lacks.
  const shift = -1 - exponent;
  const full = mantissa | 0x80_0000;
  return exponent >= -24 && full % 2 ** shift === 0 ? sign | (full >>> shift) : null;
}

/** Shortest float that keeps the value; −0 never gets here, it is the integer 0. */
function encodeFloat(value: number): Uint8Array {
  if (!Number.isFinite(value)) throw new TypeError(`not a finite number: ${value}`);
  if (Math.fround(value) !== value) {
    const out = new Uint8Array(9);
    out[0] = 0xfb;
    new DataView(out.buffer).setFloat64(1, value);
    return out;
  }
  const half = float16Bits(value);
  if (half !== null) return Uint8Array.of(0xf9, half >> 8, half & 0xff);
  const out = new Uint8Array(5);
  out[0] = 0xfa;
  new DataView(out.buffer).setFloat32(1, value);
  return out;
}

function encodeMap(map: CborMap): Uint8Array {
  const entries: { key: Uint8Array; value: Uint8Array }[] = [];
  for (const [key, value] of map) {
    if (typeof key === 'number' && !Number.isSafeInteger(key)) {
      throw new TypeError(`map key is not an integer: ${key}`);
    }
    entries.push({ key: encodeCbor(key), value: encodeCbor(value) });
  }
  entries.sort((a, b) => compareBytes(a.key, b.key));
  const parts = [encodeHead(5, entries.length)];
  for (const { key, value } of entries) parts.push(key, value);
  return concat(...parts);
}

/** Throws only where the caller passed what our formats never carry: NaN, infinities, undefined. */
export function encodeCbor(value: CborValue): Uint8Array {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? encodeInteger(value) : encodeFloat(value);
  }
  if (typeof value === 'bigint') return encodeInteger(value);
  if (typeof value === 'string') {
    if (LONE_SURROGATE.test(value)) throw new TypeError('text with a lone surrogate');
    const text = utf8(value);
    return concat(encodeHead(3, text.length), text);
  }
  if (value === null) return Uint8Array.of(0xf6);
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4);
  if (value instanceof Uint8Array) return concat(encodeHead(2, value.length), value);
  if (Array.isArray(value)) return concat(encodeHead(4, value.length), ...value.map(encodeCbor));
  if (value instanceof Map) return encodeMap(value);
  if (value instanceof Tagged) return concat(encodeHead(6, value.tag), encodeCbor(value.value));
  throw new TypeError(`not a CBOR value: ${typeof value}`);
}

const decoder = new Decoder({ useRecords: false, mapsAsObjects: false });

/** cbor-x gives every 8-byte integer as a bigint and tags as its own class: settle both. */
function settle(value: unknown): CborValue {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) return value.map(settle);
  if (value instanceof Map) {
    const map: CborMap = new Map();
    for (const [key, item] of value) map.set(settle(key) as CborKey, settle(item));
    return map;
  }
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    const { tag, value: inner } = value as { tag: number; value: unknown };
    return new Tagged(tag, settle(inner));
  }
  return value as CborValue;
}

/**
 * Strict: exactly one item, core deterministic. The head scan bounds depth, items and types before
 * cbor-x runs; encoding the result again proves shortest heads and floats, key order and that no
 * key came twice. Byte strings are views on `bytes`.
 */
export function parseCbor(bytes: Uint8Array, limits: CborLimits = {}): Result<CborValue> {
  const opened = openCursor(bytes, limits);
  if (!opened.ok) return opened;
  const cursor = opened.value;
  if (!scanItem(cursor, 0)) return refusalOf(cursor);
  if (cursor.at !== bytes.length) return fail('cbor_trailing', `bytes after byte ${cursor.at}`);
  const value = settle(decoder.decode(cursor.bytes));
  if (!equal(encodeCbor(value), bytes)) {
    return fail('cbor_not_deterministic', 'not the core deterministic encoding of its value');
  }
  return ok(value);
}
