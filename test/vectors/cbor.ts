import { fromHex, toHex } from '../../device-sdk/formats/bytes.ts';
import { type CborValue, encodeCbor, parseCbor, Tagged } from '../../device-sdk/formats/cbor.ts';
import { parseForeignCbor } from '../../device-sdk/formats/cbor-foreign.ts';
import type { Result } from '../../device-sdk/formats/result.ts';
import { jsonOf, type VectorParser } from './parser.ts';

interface Item {
  hex: string;
  roundtrip: boolean;
  decoded?: unknown;
  diagnostic?: string;
}

/** What DESIGN §4 leaves out of CBOR, by the refusal it gets. */
const REFUSED_STRICT: Readonly<Record<string, string>> = {
  // 0.0, −0.0, 1.0, 65504.0, 100000.0, −4.0: integers, or nothing
  f90000: 'cbor_not_deterministic',
  f98000: 'cbor_not_deterministic',
  f93c00: 'cbor_not_deterministic',
  f97bff: 'cbor_not_deterministic',
  fa47c35000: 'cbor_not_deterministic',
  f9c400: 'cbor_not_deterministic',
};

function strictRefusal({ hex, diagnostic, roundtrip }: Item): string | null {
  if (REFUSED_STRICT[hex] !== undefined) return REFUSED_STRICT[hex];
  if (diagnostic === 'undefined' || diagnostic?.startsWith('simple')) return 'cbor_simple';
  if (diagnostic?.endsWith('Infinity') || diagnostic === 'NaN') return 'cbor_float';
  // Bignums come with a decoded number, the other tags with a diagnostic.
  if (/^(c|d[0-9])/.test(hex)) return 'cbor_tag';
  return roundtrip ? null : 'cbor_indefinite';
}

/** Our value in the terms of the vectors' JSON, where a 64-bit integer is a rounded number. */
function plain(value: CborValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  }
  if (value instanceof Tagged && value.tag <= 3 && value.value instanceof Uint8Array) {
    const magnitude = Number(`0x${toHex(value.value)}`);
    return value.tag === 2 ? magnitude : -1 - magnitude;
  }
  return value;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function codeOf(result: Result<CborValue>): string | null {
  return result.ok ? null : result.code;
}

export const cbor: VectorParser = (file) => {
  for (const item of jsonOf(file) as Item[]) {
    const bytes = fromHex(item.hex)!;
    const strict = parseCbor(bytes);
    const expected = strictRefusal(item);
    if (codeOf(strict) !== expected) {
      throw new Error(`${item.hex}: ${codeOf(strict)} where ${expected} was expected`);
    }
    if (strict.ok && toHex(encodeCbor(strict.value)) !== item.hex) throw new Error(item.hex);
    const foreign = parseForeignCbor(bytes);
    if (codeOf(foreign) !== (expected === 'cbor_simple' ? 'cbor_simple' : null)) {
      throw new Error(`${item.hex}: ${codeOf(foreign)} as foreign CBOR`);
    }
    if (foreign.ok && item.decoded !== undefined && !same(plain(foreign.value), item.decoded)) {
      throw new Error(`${item.hex}: decoded to another value`);
    }
  }
};
