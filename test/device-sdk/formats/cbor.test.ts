import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '../../../device-sdk/formats/bytes.ts';
import {
  type CborMap,
  type CborValue,
  encodeCbor,
  parseCbor,
  Tagged,
} from '../../../device-sdk/formats/cbor.ts';
import { parseForeignCbor } from '../../../device-sdk/formats/cbor-foreign.ts';

const codeOf = (hex: string, limits = {}) => {
  const result = parseCbor(fromHex(hex)!, limits);
  return result.ok ? 'ok' : result.code;
};
const foreignCodeOf = (hex: string, limits = {}) => {
  const result = parseForeignCbor(fromHex(hex)!, limits);
  return result.ok ? 'ok' : result.code;
};

const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(23, 24, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, -(2 ** 32) - 1),
);
const big = fc
  .bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n })
  .filter((value) => !Number.isSafeInteger(Number(value)));
const float = fc
  .oneof(fc.double({ noNaN: true }), fc.float({ noNaN: true }))
  .filter((value) => Number.isFinite(value) && !Object.is(value, -0));
const text = fc.string({ unit: 'binary', maxLength: 90 }).filter((s) => !s.startsWith('\uFEFF'));
const { value: anyValue } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    integer,
    big,
    float,
    text,
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 30 }),
    fc
      .array(fc.tuple(fc.oneof(integer, text), tie('value')), { maxLength: 30 })
      .map((entries): CborMap => new Map(entries)),
    tie('value').map((value) => new Tagged(18, value)),
  ),
}));

describe('encodeCbor', () => {
  it('orders map keys bytewise, not length first', () => {
    const map: CborMap = new Map<number | string, CborValue>([
      ['aa', 1],
      ['z', 2],
      [-1, 3],
      [100, 4],
      [10, 5],
    ]);
    expect(toHex(encodeCbor(map))).toBe('a50a0518640420036 17a0262616101'.replaceAll(' ', ''));
  });

  it.each([
    [21, '15'],
    [-0, '00'],
    [1.5, 'f93e00'],
    [0.1, 'fb3fb999999999999a'],
    [3.4028234663852886e38, 'fa7f7fffff'],
    [2 ** -24, 'f90001'],
    [2 ** -25, 'fa33000000'],
    [2 ** -24 * 1.5, 'fa33c00000'],
    [6.097555160522461e-5, 'f903ff'],
    [65504.5, 'fa477fe080'],
    [2 ** 53, 'fa5a000000'],
    [9007199254740992n, '1b0020000000000000'],
    [21n, '15'],
    [-(2n ** 64n), '3bffffffffffffffff'],
  ])('%s is %s', (value, hex) => expect(toHex(encodeCbor(value))).toBe(hex));

  it.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2n ** 64n,
    -(2n ** 64n) - 1n,
    '\uD800',
    new Map([[1.5, 0]]),
    undefined as never,
    {} as never,
  ])('throws on %s, which our formats never carry', (value) =>
    expect(() => encodeCbor(value)).toThrow(TypeError),
  );
});

describe('parseCbor', () => {
  it('reads back what the encoder writes', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encodeCbor(value);
        const parsed = parseCbor(bytes);
        if (!parsed.ok) throw new Error(`${toHex(bytes)}: ${parsed.code} ${parsed.detail}`);
        expect(toHex(encodeCbor(parsed.value))).toBe(toHex(bytes));
        expect(parseForeignCbor(bytes)).toEqual(parsed);
      }),
      { numRuns: 500 },
    );
  });

  it('never throws, and what it accepts encodes to itself', () => {
    const mutated = fc
      .tuple(anyValue, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), fc.nat(3))
      .map(([value, changes, cut]) => {
        const bytes = encodeCbor(value);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return bytes.subarray(0, bytes.length - cut);
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), mutated), (bytes) => {
        const parsed = parseCbor(bytes);
        const foreign = parseForeignCbor(bytes);
        if (!parsed.ok) return;
        expect(toHex(encodeCbor(parsed.value))).toBe(toHex(bytes));
        expect(foreign).toEqual(parsed);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['f94d40', 'cbor_not_deterministic', '21.0'],
    ['f98000', 'cbor_not_deterministic', '-0.0'],
    ['fb3ff8000000000000', 'cbor_not_deterministic', '1.5 as float64'],
    ['1817', 'cbor_not_deterministic', '23 in two bytes'],
    ['5801aa', 'cbor_not_deterministic', 'long length'],
    ['a201020103', 'cbor_not_deterministic', 'duplicate key'],
    ['a202010102', 'cbor_not_deterministic', 'descending keys'],
    ['a220010102', 'cbor_not_deterministic', '-1 before 1'],
    ['f97e00', 'cbor_float', 'NaN'],
    ['fa7fc00000', 'cbor_float', 'NaN'],
    ['fb7ff8000000000001', 'cbor_float', 'NaN with a payload'],
    ['f97c00', 'cbor_float', 'infinity'],
    ['faff800000', 'cbor_float', '-infinity'],
    ['f7', 'cbor_simple', 'undefined'],
    ['e0', 'cbor_simple', 'simple 0'],
    ['f8ff', 'cbor_simple', 'simple 255'],
    ['f818', 'cbor_simple', 'simple 24'],
    ['c1 1a514b67b0', 'cbor_tag', 'date'],
    ['c2 49010000000000000000', 'cbor_tag', 'bignum'],
    ['c4 82 21 19 6ab3', 'cbor_tag', 'decimal fraction'],
    ['d90102 81 01', 'cbor_tag', 'set'],
    ['d81c 80', 'cbor_tag', 'shareable'],
    ['d840 41 00', 'cbor_tag', 'typed array'],
    ['d9dfff 83 01 80 01', 'cbor_tag', 'cbor-x record'],
    ['9f01ff', 'cbor_indefinite', 'array'],
    ['5f4101ff', 'cbor_indefinite', 'bytes'],
    ['ff', 'cbor_indefinite', 'a lone break'],
    ['1c', 'cbor_malformed', 'reserved head'],
    ['', 'cbor_truncated', 'nothing'],
    ['18', 'cbor_truncated', 'half a head'],
    ['4201', 'cbor_truncated', 'half a string'],
    ['5bffffffffffffffff', 'cbor_truncated', 'a string of 2^64-1 bytes'],
    ['9bffffffffffffffff', 'cbor_truncated', 'an array of 2^64-1 items'],
    ['8201', 'cbor_truncated', 'half an array'],
    ['a101', 'cbor_truncated', 'half a map'],
    ['0000', 'cbor_trailing', 'two items'],
    ['61ff', 'cbor_text', 'not UTF-8'],
    ['63eda080', 'cbor_text', 'a surrogate'],
    ['64efbbbf61', 'cbor_text', 'a byte order mark'],
    ['a1f501', 'cbor_map_key', 'boolean key'],
    ['a1f93e0001', 'cbor_map_key', 'float key'],
    ['a14001', 'cbor_map_key', 'bytes as key'],
    ['a11b002000000000000001', 'cbor_map_key', 'key 2^53'],
    ['a13b001fffffffffffff00', 'cbor_map_key', 'key -2^53'],
  ])('%s is %s (%s)', (hex, code) => expect(codeOf(hex.replaceAll(' ', ''))).toBe(code));

  it('takes keys up to 2^53-1 and text with a prototype name', () => {
    expect(codeOf('a11b001fffffffffffff00')).toBe('ok');
    expect(codeOf('a13b001ffffffffffffe00')).toBe('ok');
    const parsed = parseCbor(encodeCbor(new Map([['__proto__', 1]])));
    expect(parsed).toEqual({ ok: true, value: new Map([['__proto__', 1]]) });
  });

  it('bounds bytes, depth and items', () => {
    expect(codeOf(`${'81'.repeat(16)}00`)).toBe('ok');
    expect(codeOf(`${'81'.repeat(17)}00`)).toBe('cbor_depth');
    expect(codeOf(`${'d2'.repeat(17)}00`)).toBe('cbor_depth');
    expect(codeOf('83010203', { itemsMax: 4 })).toBe('ok');
    expect(codeOf('83010203', { itemsMax: 3 })).toBe('cbor_items');
    expect(codeOf('4101', { bytesMax: 1 })).toBe('cbor_too_large');
    const wide = `9a00ffffff${'00'.repeat(70_000)}`;
    expect(codeOf(wide)).toBe('cbor_items');
    expect(codeOf('81'.repeat(100_000))).toBe('cbor_depth');
  });

  it('gives plain Uint8Arrays for a Buffer and leaves nothing on it', () => {
    const input = Buffer.from('824102a16161f6', 'hex');
    const parsed = parseCbor(input);
    const value = parsed.ok ? (parsed.value as CborValue[]) : [];
    expect(value[0]!.constructor).toBe(Uint8Array);
    expect(Object.keys(input).filter((key) => Number.isNaN(Number(key)))).toEqual([]);
  });

  it('reads long text with cbor-x as short text', () => {
    for (const length of [1, 15, 16, 63, 64, 65, 200, 5000]) {
      const long = 'é水'.repeat(length);
      expect(parseCbor(encodeCbor([long, 'a', long]))).toEqual({
        ok: true,
        value: [long, 'a', long],
      });
    }
    expect(utf8('é水').length).toBe(5);
  });
});

describe('parseForeignCbor', () => {
  it.each([
    ['1817', 23],
    ['f94d40', 21],
    ['9f01ff', [1]],
    ['bf0102ff', new Map([[1, 2]])],
    ['5f41014102ff', Uint8Array.of(1, 2)],
    ['7f61616162ff', 'ab'],
    ['5fff', new Uint8Array(0)],
    ['c11a514b67b0', new Tagged(1, 1363896240)],
    ['1b0000000000000001', 1],
    ['3b001fffffffffffff', -9007199254740992n],
    [
      'a202010102',
      new Map([
        [2, 1],
        [1, 2],
      ]),
    ],
  ])('%s', (hex, value) => expect(parseForeignCbor(fromHex(hex)!)).toEqual({ ok: true, value }));

  it.each([
    ['a20102180103', 'cbor_duplicate_key'],
    ['bf01020103ff', 'cbor_duplicate_key'],
    ['a2616101 7f6161ff 02', 'cbor_duplicate_key'],
    ['bf01ff', 'cbor_malformed'],
    ['9f01', 'cbor_truncated'],
    ['5f6161ff', 'cbor_malformed'],
    ['5f5f4101ffff', 'cbor_malformed'],
    ['7f61c361a9ff', 'cbor_text'],
    ['1f', 'cbor_malformed'],
    ['df00', 'cbor_malformed'],
    ['81ff', 'cbor_malformed'],
    ['f7', 'cbor_simple'],
    ['f800', 'cbor_simple'],
    ['0000', 'cbor_trailing'],
    ['9bffffffffffffffff', 'cbor_truncated'],
    [`${'9f'.repeat(17)}`, 'cbor_depth'],
  ])('%s is %s', (hex, code) => expect(foreignCodeOf(hex.replaceAll(' ', ''))).toBe(code));

  it('counts chunks as items', () => {
    expect(foreignCodeOf(`5f${'40'.repeat(20)}ff`, { itemsMax: 10 })).toBe('cbor_items');
  });
});
