import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareBytes,
  concat,
  equal,
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
} from '../../../device-sdk/formats/bytes.ts';

const bytes = fc.uint8Array({ maxLength: 70 });

describe('bytes', () => {
  it('encodes as Buffer does, and reads back what it wrote', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const buffer = Buffer.from(value);
        expect(toHex(value)).toBe(buffer.toString('hex'));
        expect(toBase64(value)).toBe(buffer.toString('base64'));
        expect(toBase64Url(value)).toBe(buffer.toString('base64url'));
        expect(fromHex(toHex(value))).toEqual(value);
        expect(fromBase64(toBase64(value))).toEqual(value);
        expect(fromBase64Url(toBase64Url(value))).toEqual(value);
      }),
    );
  });

  it('accepts one text per value', () => {
    const text = fc.string({ unit: fc.constantFrom(...'AQab01+/-_= \n') });
    fc.assert(
      fc.property(text, (candidate) => {
        const base64 = fromBase64(candidate);
        if (base64 !== null) expect(toBase64(base64)).toBe(candidate);
        const base64Url = fromBase64Url(candidate);
        if (base64Url !== null) expect(toBase64Url(base64Url)).toBe(candidate);
        const hex = fromHex(candidate);
        if (hex !== null) expect(toHex(hex)).toBe(candidate);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['A', 'AB==C', 'AB=', 'AB', 'AR==', 'AQ=', 'A===', '====', 'AQ==\n', 'é==='])(
    'refuses %j as base64',
    (text) => expect(fromBase64(text)).toBeNull(),
  );

  it.each(['A', 'AR', 'AQ==', 'A+', 'A/', 'AQ '])('refuses %j as base64url', (text) =>
    expect(fromBase64Url(text)).toBeNull(),
  );

  it.each(['0', 'AB', '0g', 'é0'])('refuses %j as hex', (text) => expect(fromHex(text)).toBeNull());

  it('refuses ill-formed UTF-8 and a leading byte order mark, whatever the length', () => {
    for (const hex of ['ff', 'c0af', 'eda080', 'f4908080', 'e282']) {
      expect(fromUtf8(fromHex(hex)!)).toBeNull();
    }
    expect(fromUtf8(utf8('\uFEFFa'))).toBeNull();
    expect(fromUtf8(utf8(`\uFEFF${'a'.repeat(100)}`))).toBeNull();
    expect(fromUtf8(utf8('a\uFEFF水'))).toBe('a\uFEFF水');
  });

  it('concatenates, compares and orders', () => {
    expect(concat(fromHex('01')!, fromHex('')!, fromHex('0203')!)).toEqual(fromHex('010203'));
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(equal(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
      }),
    );
  });
});
