// SPEC.md §1.3: typed reading of the private CBOR maps; a missing, unknown or odd field refuses all.

/**
 * A parser takes its fields one after another and asks once at the end whether all of them were
 * there: the first fault is kept, later reads return empty values. Unknown keys are refused: what a
 * verifier doesn't understand must not be governed by.
 *
 * @module fields
 */
import { type CborKey, type CborMap, type CborValue, parseCbor } from './cbor.ts';
import type { CborLimits } from './cbor-head.ts';
import { type CoseKey, coseKeyMap, parseCoseKey } from './cose-key.ts';
import type { FormatErrorCode } from './errors.ts';
import { fail, ok, type Refused, type Result } from './result.ts';

/** 9999-12-31T23:59:59.999Z. */
export const LOG_TIME_MS_MAX = 253_402_300_799_999;
export const TEXT_LENGTH_MAX = 1_024;

export interface TextRule {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
}

export interface BytesRule {
  readonly length?: number;
  readonly max?: number;
}

export interface NumberRule {
  readonly min?: number;
  readonly max?: number;
}

const EMPTY = new Uint8Array(0);
/** Control characters would let one name look like another, or break a log line. */
const CONTROL = /\p{Cc}/u;
const PROSE_CONTROL = /[^\P{Cc}\n]/u;

/** Opens the map that is all of `bytes`. */
export function openFields(
  bytes: Uint8Array,
  what: string,
  limits: CborLimits = {},
): Result<Fields> {
  const parsed = parseCbor(bytes, limits);
  if (!parsed.ok) return parsed;
  if (!(parsed.value instanceof Map)) return fail('field_type', `${what} is not a map`);
  return ok(new Fields(parsed.value, what));
}

export class Fields {
  readonly #map: CborMap;
  readonly #path: string;
  readonly #root: Fields;
  #taken = 0;
  #refusal: Refused | null = null;

  constructor(map: CborMap, path: string, root: Fields | null = null) {
    this.#map = map;
    this.#path = path;
    this.#root = root ?? this;
  }

  /** Keeps the first fault of the whole structure. */
  refuse(code: FormatErrorCode, detail: string): void {
    this.#root.#refusal ??= fail(code, detail);
  }

  /** Refuses the field: `rule` says what it should have been. */
  odd(key: CborKey, rule: string): void {
    this.refuse('field_value', `${this.#path}.${key}: ${rule}`);
  }

  #take(key: CborKey): CborValue | undefined {
    const value = this.#map.get(key);
    if (value === undefined) this.refuse('field_missing', `${this.#path}.${key}`);
    this.#taken++;
    return value;
  }

  #wrong(key: CborKey, expected: string): void {
    this.refuse('field_type', `${this.#path}.${key}: not ${expected}`);
  }

  /** True, and the field taken, when it is null. */
  isNull(key: CborKey): boolean {
    if (this.#map.get(key) !== null) return false;
    this.#taken++;
    return true;
  }

  /** True, and the field taken, when it is this very text. */
  isText(key: CborKey, text: string): boolean {
    if (this.#map.get(key) !== text) return false;
    this.#taken++;
    return true;
  }

  /** Whether the field is there; takes nothing. */
  has(key: CborKey): boolean {
    return this.#map.has(key);
  }

  version(key: CborKey, known: number): void {
    const value = this.#take(key);
    if (value !== undefined && value !== known) this.refuse('version', `${this.#path}: ${value}`);
  }

  number(key: CborKey, rule: NumberRule = {}): number {
    const value = this.#take(key);
    if (typeof value !== 'number') {
      this.#wrong(key, 'a number');
      return 0;
    }
    if (value < (rule.min ?? -Number.MAX_VALUE) || value > (rule.max ?? Number.MAX_VALUE)) {
      this.odd(key, `${value} is not within its range`);
    }
    return value;
  }

  uint(key: CborKey, rule: NumberRule = {}): number {
    const value = this.number(key, { min: 0, max: Number.MAX_SAFE_INTEGER, ...rule });
    if (!Number.isSafeInteger(value)) this.#wrong(key, 'an integer');
    return value;
  }

  timeMs(key: CborKey): number {
    return this.uint(key, { max: LOG_TIME_MS_MAX });
  }

  numberOrNull(key: CborKey, rule: NumberRule = {}): number | null {
    return this.isNull(key) ? null : this.number(key, rule);
  }

  uintOrNull(key: CborKey, rule: NumberRule = {}): number | null {
    return this.isNull(key) ? null : this.uint(key, rule);
  }

  textOrNull(key: CborKey, rule: TextRule = {}): string | null {
    return this.isNull(key) ? null : this.text(key, rule);
  }

  bool(key: CborKey): boolean {
    const value = this.#take(key);
    if (typeof value !== 'boolean') this.#wrong(key, 'a boolean');
    return value === true;
  }

  /** One line of text. */
  text(key: CborKey, rule: TextRule = {}): string {
    const value = this.prose(key, rule);
    if (CONTROL.test(value)) this.odd(key, 'control characters');
    return value;
  }

  /** Text that may have line breaks. */
  prose(key: CborKey, rule: TextRule = {}): string {
    const value = this.#take(key);
    if (typeof value !== 'string') {
      this.#wrong(key, 'text');
      return '';
    }
    const { min = 1, max = TEXT_LENGTH_MAX, pattern } = rule;
    if (value.length < min || value.length > max) this.odd(key, `length ${value.length}`);
    else if (PROSE_CONTROL.test(value)) this.odd(key, 'control characters');
    else if (pattern && !pattern.test(value)) this.odd(key, 'has another form');
    return value;
  }

  oneOf<T extends string>(key: CborKey, values: readonly T[]): T {
    const value = this.text(key);
    const known = values.find((one) => one === value);
    if (known === undefined) this.odd(key, `not one of ${values.join(', ')}`);
    return known ?? (values[0] as T);
  }

  bytes(key: CborKey, rule: BytesRule = {}): Uint8Array {
    const value = this.#take(key);
    if (!(value instanceof Uint8Array)) {
      this.#wrong(key, 'a byte string');
      return EMPTY;
    }
    const { length, max = 65_535 } = rule;
    if (length !== undefined && value.length !== length) this.odd(key, `${value.length} bytes`);
    if (value.length > max) this.odd(key, `${value.length} bytes`);
    return value;
  }

  digest(key: CborKey): Uint8Array {
    return this.bytes(key, { length: 32 });
  }

  digestOrNull(key: CborKey): Uint8Array | null {
    return this.isNull(key) ? null : this.digest(key);
  }

  list(key: CborKey, rule: NumberRule): readonly CborValue[] {
    const value = this.#take(key);
    if (!Array.isArray(value)) {
      this.#wrong(key, 'an array');
      return [];
    }
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = rule;
    if (value.length < min || value.length > max) this.odd(key, `${value.length} elements`);
    return value;
  }

  /** An array of maps, each opened under its own path. */
  maps(key: CborKey, rule: NumberRule): Fields[] {
    const out: Fields[] = [];
    for (const [i, item] of this.list(key, rule).entries()) {
      if (item instanceof Map) out.push(new Fields(item, `${this.#path}.${key}[${i}]`, this.#root));
      else this.#wrong(key, 'an array of maps');
    }
    return out;
  }

  /** An array of different texts. */
  texts(key: CborKey, rule: NumberRule, isGood: (text: string) => boolean): string[] {
    const out: string[] = [];
    for (const item of this.list(key, rule)) {
      if (typeof item !== 'string' || item.length > TEXT_LENGTH_MAX || CONTROL.test(item)) {
        this.#wrong(key, 'an array of texts');
      } else if (!isGood(item) || out.includes(item)) {
        this.odd(key, `${item.slice(0, 64)}: unknown or twice`);
      } else out.push(item);
    }
    return out;
  }

  /** An array of 32-byte ids. */
  digests(key: CborKey, rule: NumberRule): Uint8Array[] {
    const out: Uint8Array[] = [];
    for (const item of this.list(key, rule)) {
      if (item instanceof Uint8Array && item.length === 32) out.push(item);
      else this.#wrong(key, 'an array of 32-byte strings');
    }
    return out;
  }

  /** An array of byte strings, each of 1 to `bytesMax` bytes. */
  byteStrings(key: CborKey, rule: NumberRule, bytesMax: number): Uint8Array[] {
    const out: Uint8Array[] = [];
    for (const item of this.list(key, rule)) {
      if (!(item instanceof Uint8Array)) this.#wrong(key, 'an array of byte strings');
      else if (item.length === 0 || item.length > bytesMax) this.odd(key, `${item.length} bytes`);
      else out.push(item);
    }
    return out;
  }

  map(key: CborKey): Fields {
    const value = this.#take(key);
    if (value instanceof Map) return new Fields(value, `${this.#path}.${key}`, this.#root);
    this.#wrong(key, 'a map');
    return new Fields(new Map(), `${this.#path}.${key}`, this.#root);
  }

  /** The required public members and nothing else: one key, one encoding (RFC 9679 §4). */
  key(key: CborKey, curve: CoseKey['crv'] | null = null): CoseKey {
    return this.#keyOf(key, this.#take(key), curve);
  }

  keys(key: CborKey, rule: NumberRule, curve: CoseKey['crv'] | null = null): CoseKey[] {
    return this.list(key, rule).map((item) => this.#keyOf(key, item, curve));
  }

  #keyOf(at: CborKey, value: CborValue | undefined, curve: CoseKey['crv'] | null): CoseKey {
    const none: CoseKey = { kty: 'OKP', crv: 'Ed25519', x: EMPTY };
    if (!(value instanceof Map)) {
      this.#wrong(at, 'a COSE_Key');
      return none;
    }
    const parsed = parseCoseKey(value);
    if (!parsed.ok) {
      this.refuse(parsed.code, `${this.#path}.${at}: ${parsed.detail}`);
      return none;
    }
    if (value.size !== coseKeyMap(parsed.value).size) this.odd(at, 'members beyond the key itself');
    if (curve !== null && parsed.value.crv !== curve) this.odd(at, `not a key on ${curve}`);
    return parsed.value;
  }

  /** Every key of this map must have been taken. */
  close(): void {
    if (this.#taken < this.#map.size) this.refuse('field_unknown', `${this.#path}: unknown field`);
  }

  /** Closes the root map and answers with `value`, or with the first fault. */
  finish<T>(value: T): Result<T> {
    this.close();
    return this.#root.#refusal ?? ok(value);
  }
}
