import { type CborValue, encodeCbor, parseCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { CborReader } from '@truegrain/device-sdk/formats/cbor-reader.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

function reader(hex: string): CborReader {
  return new CborReader(Uint8Array.from(Buffer.from(hex, 'hex')));
}

function fault(hex: string, read: (reader: CborReader) => unknown): string | null {
  const r = reader(hex);
  read(r);
  r.finish();
  return r.failed;
}

/** Reads any item, as a user of the cursor that knows nothing in advance. */
function readAny(r: CborReader): CborValue {
  const major = r.peekMajor();
  if (major === 0 || major === 1) return r.int();
  if (major === 2) return r.bytes();
  if (major === 3) return r.text();
  if (major === 4) return Array.from({ length: r.array() }, () => readAny(r));
  if (major === 7) {
    if (r.takeNull()) return null;
    const initial = r.source[r.pos]!;
    return initial === 0xf4 || initial === 0xf5 ? r.bool() : r.number();
  }
  r.fail('cbor_type');
  return null;
}

describe('CborReader', () => {
  test.each([
    ['1800', 'cbor_not_deterministic'],
    ['1817', 'cbor_not_deterministic'],
    ['1900ff', 'cbor_not_deterministic'],
    ['1a0000ffff', 'cbor_not_deterministic'],
    ['1b00000000ffffffff', 'cbor_not_deterministic'],
    ['1b0020000000000000', 'cbor_integer_range'],
    ['3b001fffffffffffff', 'cbor_integer_range'],
    ['1bffffffffffffffff', 'cbor_integer_range'],
    ['1c', 'cbor_malformed'],
    ['1f', 'cbor_indefinite'],
    ['18', 'cbor_truncated'],
    ['', 'cbor_truncated'],
    ['0000', 'cbor_trailing'],
    ['61', 'cbor_type'],
  ])('integer %s: %s', (hex, code) => expect(fault(hex, (r) => r.int())).toBe(code));

  test.each([
    ['f94d40', 'cbor_not_deterministic'], // 21.0
    ['f98000', 'cbor_float'], // −0
    ['f90000', 'cbor_not_deterministic'], // 0.0
    ['f97e00', 'cbor_float'], // NaN
    ['f97c00', 'cbor_float'], // ∞
    ['fa3fc00000', 'cbor_not_deterministic'], // 1.5 as float32
    ['fb3ff8000000000000', 'cbor_not_deterministic'], // 1.5 as float64
    ['fa33800000', 'cbor_not_deterministic'], // 2^-24, the smallest float16
    ['fa477fe000', 'cbor_not_deterministic'], // 65504 is an integer
    ['fb7ff0000000000000', 'cbor_float'],
    ['f818', 'cbor_type'],
    ['f6', 'cbor_type'],
    ['f93e00', null],
    ['fa33000000', null], // 2^-25 needs float32
    ['fb3ff199999999999a', null],
    ['fa5f800000', null], // 2^64: beyond the integers
  ])('number %s: %s', (hex, code) => expect(fault(hex, (r) => r.number())).toBe(code));

  test('counts are bounded by the bytes there are', () => {
    expect(fault('9b001fffffffffffff', (r) => r.array())).toBe('cbor_truncated');
    expect(fault('ba7fffffff', (r) => r.map())).toBe('cbor_truncated');
    expect(fault('5b001fffffffffffff', (r) => r.bytes())).toBe('cbor_truncated');
  });

  test('text: UTF-8 only, and the memo of short texts never mixes two', () => {
    expect(fault('62c328', (r) => r.text())).toBe('cbor_text');
    expect(fault('63efbbbf', (r) => r.text())).toBe('cbor_text');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        const r = new CborReader(encodeCbor(text));
        expect(r.text()).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  test('keeps the first fault and never moves again', () => {
    const r = reader('8201');
    r.text();
    expect([r.failed, r.failedAt]).toEqual(['cbor_type', 1]);
    expect([r.uint(), r.text(), r.array(), r.bool(), r.number(), r.takeNull()]).toEqual([
      0,
      '',
      0,
      false,
      0,
      false,
    ]);
    expect(r.failed).toBe('cbor_type');
    expect(r.refusal('x')).toMatchObject({ ok: false, code: 'cbor_type' });
  });

  test('agrees with parseCbor on every item it can read', () => {
    const item = fc.letrec<{ item: CborValue }>((tie) => ({
      item: fc.oneof(
        { depthSize: 'small' },
        fc.maxSafeInteger(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0)),
        fc.float({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0)),
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array({ maxLength: 40 }),
        fc.array(tie('item'), { maxLength: 5 }),
      ),
    })).item;
    fc.assert(
      fc.property(item, fc.nat(), fc.nat(255), (value, where, byte) => {
        const bytes = encodeCbor(value);
        const r = new CborReader(bytes);
        expect(readAny(r)).toEqual(value);
        expect(r.finish()).toBe(true);
        bytes[where % bytes.length] = byte;
        const changed = new CborReader(bytes);
        const read = readAny(changed);
        const strict = parseCbor(bytes);
        if (changed.finish()) expect(strict).toEqual({ ok: true, value: read });
      }),
      { numRuns: 2_000 },
    );
  });
});
