// RFC 8949 §4.2.1: a positional reader of core deterministic CBOR.

/**
 * The ingest path reads a known structure 15,000 times a second: it knows which item comes next, so
 * a tree of Maps and a second encoding to compare with would be wasted. Every head is checked to be
 * the shortest one and every float to be the shortest that keeps its value; that, and ascending map
 * keys (which the caller sees and checks), is all that deterministic means.
 *
 * Nothing throws. The first fault is kept in `failed`, later reads return an empty value, and the
 * caller looks at `failed` once at the end: bounded loops only, so a failed reader ends quickly.
 *
 * @module cbor-reader
 */
import { fromUtf8 } from './bytes.ts';
import type { FormatErrorCode } from './errors.ts';
import { fail, type Refused } from './result.ts';

const INTEGER_MAX = Number.MAX_SAFE_INTEGER;
const EMPTY = new Uint8Array(0);
const scratch = new DataView(new ArrayBuffer(8));

/** Short ASCII text seen before: sensor names and units repeat in every pack of a device. */
const INTERN_SLOTS = 2048;
const INTERN_LENGTH_MAX = 48;
const interned: string[] = new Array<string>(INTERN_SLOTS).fill('');

export class CborReader {
  /** What is read; `bytes()` answers subarrays of it. */
  readonly source: Uint8Array;
  readonly end: number;
  pos: number;
  failed: FormatErrorCode | null = null;
  failedAt = 0;
  /** Set by `readHead`: major type 0 to 7, additional information, and argument. */
  major = 0;
  info = 0;
  argument = 0;

  constructor(bytes: Uint8Array, pos = 0, end = bytes.length) {
    this.source = bytes;
    this.pos = pos;
    this.end = end;
  }

  /** Keeps the first fault only: the later ones follow from it. */
  fail(code: FormatErrorCode): void {
    if (this.failed === null) {
      this.failed = code;
      this.failedAt = this.pos;
      this.pos = this.end;
    }
  }

  /** Reads one head of any major type; for major 7 the argument is the raw bits of a small float. */
  readHead(): boolean {
    const bytes = this.source;
    if (this.pos >= this.end) return this.headFault('cbor_truncated');
    const initial = bytes[this.pos++] as number;
    this.major = initial >> 5;
    const info = initial & 31;
    this.info = info;
    if (info < 24) {
      this.argument = info;
      return true;
    }
    if (info > 27) return this.headFault(info === 31 ? 'cbor_indefinite' : 'cbor_malformed');
    const width = 1 << (info - 24);
    if (this.pos + width > this.end) return this.headFault('cbor_truncated');
    let argument = 0;
    if (width <= 4) {
      for (let i = 0; i < width; i++) argument = argument * 256 + (bytes[this.pos++] as number);
    } else {
      return this.wideArgument();
    }
    this.argument = argument;
    if (this.major === 7) return true;
    // Shortest form: the argument must not fit the next smaller head.
    const least = width === 1 ? 24 : width === 2 ? 0x100 : 0x10000;
    return argument >= least || this.headFault('cbor_not_deterministic');
  }

  private wideArgument(): boolean {
    for (let i = 0; i < 8; i++) scratch.setUint8(i, this.source[this.pos++] as number);
    if (this.major === 7) return true;
    const argument = scratch.getUint32(0) * 0x1_0000_0000 + scratch.getUint32(4);
    this.argument = argument;
    if (argument < 0x1_0000_0000) return this.headFault('cbor_not_deterministic');
    return argument <= INTEGER_MAX || this.headFault('cbor_integer_range');
  }

  private headFault(code: FormatErrorCode): false {
    this.fail(code);
    this.argument = 0;
    return false;
  }

  private expect(major: number): boolean {
    if (!this.readHead()) return false;
    return this.major === major || this.headFault('cbor_type');
  }

  /** The major type of the next item, without reading it; -1 at the end. */
  peekMajor(): number {
    return this.pos < this.end ? (this.source[this.pos] as number) >> 5 : -1;
  }

  uint(): number {
    return this.expect(0) ? this.argument : 0;
  }

  int(): number {
    if (!this.readHead()) return 0;
    if (this.major === 0) return this.argument;
    if (this.major !== 1) {
      this.fail('cbor_type');
      return 0;
    }
    return this.negative();
  }

  /** Major type 1 is −1 − n: within ±(2^53−1) only up to n = 2^53 − 2. */
  private negative(): number {
    if (this.argument > INTEGER_MAX - 1) this.fail('cbor_integer_range');
    return -1 - this.argument;
  }

  /** A subarray of the input: no copy, so it lives and changes with the input. */
  bytes(): Uint8Array {
    if (!this.expect(2)) return EMPTY;
    const end = this.pos + this.argument;
    if (end > this.end) {
      this.fail('cbor_truncated');
      return EMPTY;
    }
    const value = this.source.subarray(this.pos, end);
    this.pos = end;
    return value;
  }

  text(): string {
    if (!this.expect(3)) return '';
    const start = this.pos;
    const end = start + this.argument;
    if (end > this.end) {
      this.fail('cbor_truncated');
      return '';
    }
    this.pos = end;
    return end - start <= INTERN_LENGTH_MAX
      ? this.shortText(start, end)
      : this.longText(start, end);
  }

  private shortText(start: number, end: number): string {
    const bytes = this.source;
    let hash = 0x811c9dc5;
    let high = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      high |= byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    if (high >= 0x80) return this.longText(start, end);
    const slot = (hash ^ (hash >>> 15)) & (INTERN_SLOTS - 1);
    const known = interned[slot] as string;
    if (known.length === end - start && isAsciiAt(known, bytes, start)) return known;
    let value = '';
    for (let i = start; i < end; i++) value += String.fromCharCode(bytes[i] as number);
    interned[slot] = value;
    return value;
  }

  private longText(start: number, end: number): string {
    const value = fromUtf8(this.source.subarray(start, end));
    if (value === null) this.fail('cbor_text');
    return value ?? '';
  }

  array(): number {
    return this.count(4);
  }

  map(): number {
    return this.count(5);
  }

  /** A count can't exceed the bytes left (an entry takes one at least), so loops stay bounded. */
  private count(major: 4 | 5): number {
    if (!this.expect(major)) return 0;
    const least = major === 5 ? this.argument * 2 : this.argument;
    if (this.pos + least > this.end) {
      this.fail('cbor_truncated');
      return 0;
    }
    return this.argument;
  }

  tag(number: number): void {
    if (this.expect(6) && this.argument !== number) this.fail('cbor_tag');
  }

  bool(): boolean {
    if (this.expect(7) && this.info !== 20 && this.info !== 21) this.fail('cbor_type');
    return this.info === 21;
  }

  /** True when the next item is null, which is then consumed. */
  takeNull(): boolean {
    if (this.pos >= this.end || this.source[this.pos] !== 0xf6) return false;
    this.pos++;
    return true;
  }

  /** An integer or a float; floats as DESIGN §4 allows them (`floatOf`). */
  number(): number {
    if (!this.readHead()) return 0;
    if (this.major === 0) return this.argument;
    if (this.major === 1) return this.negative();
    if (this.major !== 7 || this.info < 25) {
      this.fail('cbor_type');
      return 0;
    }
    const value = floatOf(this.info, this.argument);
    if (!Number.isFinite(value) || Object.is(value, -0)) {
      this.fail('cbor_float');
    } else if (Number.isSafeInteger(value) || !isShortestFloat(value, this.info)) {
      this.fail('cbor_not_deterministic');
    }
    return value;
  }

  /** The first fault as a refusal; call only where `failed` is set. */
  refusal(what: string): Refused {
    return fail(this.failed ?? 'cbor_malformed', `${what}: near byte ${this.failedAt}`);
  }

  /** Nothing may follow the last item. */
  finish(): boolean {
    if (this.failed === null && this.pos !== this.end) this.fail('cbor_trailing');
    return this.failed === null;
  }
}

function isAsciiAt(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) !== bytes[start + i]) return false;
  }
  return true;
}

/** For float64 the eight bytes are in `scratch`, where `readHead` left them. */
function floatOf(info: number, bits: number): number {
  if (info === 27) return scratch.getFloat64(0);
  if (info === 26) {
    scratch.setUint32(0, bits);
    return scratch.getFloat32(0);
  }
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

function isShortestFloat(value: number, info: number): boolean {
  if (info === 27) return Math.fround(value) !== value;
  return info === 25 || !fitsHalf(value);
}

/** Whether a float32 value is also a float16: 11 significant bits, steps of 2^-24 at the least. */
function fitsHalf(value: number): boolean {
  if (Math.abs(value) > 65504 || !Number.isInteger(value * 2 ** 24)) return false;
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const isNormal = Math.abs(value) >= 2 ** -14;
  return !isNormal || (bits & 0x1fff) === 0;
}
