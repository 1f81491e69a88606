import { concat } from '@truegrain/device-sdk/formats/bytes.js';
import {
  type CborMap,
  type CborValue,
  encodeCbor,
  encodeHead,
} from '@truegrain/device-sdk/formats/cbor.js';
import { MEDIA_BATCH } from '@truegrain/device-sdk/formats/media-types.js';
import { prepareStatement } from '@truegrain/device-sdk/formats/statement.js';
import { describe, expect, test } from 'vitest';
import { mapOf } from '../../support/cbor-map.ts';
import { assemble, bytesOf, codeOf, entry, fields } from '../../support/sample-statement.ts';

const header = () => mapOf(prepareStatement(fields).protectedBytes);
const own = () => header().get(-65601) as CborMap;

function withHeader(change: (map: CborMap) => void): Uint8Array {
  const map = header();
  change(map);
  return assemble(encodeCbor(map));
}

function withOwn(change: (map: CborMap) => void): Uint8Array {
  return withHeader((map) => change(map.get(-65601) as CborMap));
}

function withClaims(claims: [number, CborValue][]): Uint8Array {
  return withHeader((map) => map.set(15, new Map(claims)));
}

/** An entry spelled otherwise: longer heads, other orders. */
const deterministic: [string, Uint8Array][] = [
  ['labels out of order', assemble(swapped())],
  ['a label twice', assemble(concat(Uint8Array.of(0xa2, 1, 0x27, 1, 0x27)))],
  ['a long head of the protected bytes', concat(entry.subarray(0, 2), longHead(entry))],
];

function swapped(): Uint8Array {
  const map = header();
  const head = concat(encodeHead(5, map.size), encodeCbor(4), encodeCbor(map.get(4) ?? 0));
  map.delete(4);
  return concat(head, encodeCbor(map).subarray(1));
}

function longHead(bytes: Uint8Array): Uint8Array {
  const length = bytes[3] ?? 0;
  expect(bytes[2]).toBe(0x58);
  return concat(Uint8Array.of(0x59, 0, length), bytes.subarray(4));
}

describe('refused', () => {
  const cases: [string, Uint8Array, string][] = [
    ['nothing', new Uint8Array(0), 'cbor_truncated'],
    ['no tag', entry.subarray(1), 'cbor_type'],
    ['another tag', concat(Uint8Array.of(0xd1), entry.subarray(1)), 'cbor_tag'],
    ['three parts', concat(Uint8Array.of(0xd2, 0x83), entry.subarray(2)), 'statement_structure'],
    ['a byte more', concat(entry, Uint8Array.of(0)), 'cbor_trailing'],
    ['65,536 bytes', new Uint8Array(65_536), 'statement_too_large'],
    [
      'a short signature',
      assemble(encodeCbor(header()), { signature: new Uint8Array(63) }),
      'statement_signature',
    ],
    ['an unknown label', withHeader((map) => map.set(7, 1)), 'statement_header'],
    ['a text label', withHeader((map) => map.set('x', 1)), 'cbor_type'],
    ['crit', withHeader((map) => map.set(2, [-65601])), 'crit'],
    ['crit of what is processed', withHeader((map) => map.set(2, [1])), 'crit'],
    ['no kid', withHeader((map) => map.delete(4)), 'statement_header'],
    ['a short kid', withHeader((map) => map.set(4, new Uint8Array(31))), 'statement_claims'],
    ['no claims', withHeader((map) => map.delete(15)), 'statement_header'],
    ['no private map', withHeader((map) => map.delete(-65601)), 'statement_header'],
    ['another algorithm', withHeader((map) => map.set(1, -35)), 'statement_alg'],
    ['no algorithm', withHeader((map) => map.delete(1)), 'statement_alg'],
    [
      'a fourth claim',
      withClaims([
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
        [6, 1],
      ]),
      'statement_claims',
    ],
    [
      'two claims',
      withClaims([
        [1, 'a'],
        [6, 1],
      ]),
      'statement_claims',
    ],
    [
      'an empty iss',
      withClaims([
        [1, ''],
        [2, 'b'],
        [6, 1],
      ]),
      'statement_claims',
    ],
    [
      'an empty sub',
      withClaims([
        [1, 'a'],
        [2, ''],
        [6, 1],
      ]),
      'statement_claims',
    ],
    [
      'a long sub',
      withClaims([
        [1, 'a'],
        [2, 'b'.repeat(2049)],
        [6, 1],
      ]),
      'statement_claims',
    ],
    [
      'a negative iat',
      withClaims([
        [1, 'a'],
        [2, 'b'],
        [6, -1],
      ]),
      'cbor_type',
    ],
    [
      'iat with decimals',
      withClaims([
        [1, 'a'],
        [2, 'b'],
        [6, 1.5],
      ]),
      'cbor_type',
    ],
    ['SHA-512', withHeader((map) => map.set(258, -44)), 'statement_envelope'],
    ['no hash algorithm', withHeader((map) => map.delete(258)), 'statement_envelope'],
    ['no preimage type', withHeader((map) => map.delete(259)), 'statement_envelope'],
    ['an envelope with a content type', withHeader((map) => map.set(3, 'a/b')), 'statement_claims'],
    [
      'a short digest',
      assemble(encodeCbor(header()), { payload: new Uint8Array(31) }),
      'statement_envelope',
    ],
    ['version 2', withOwn((map) => map.set(1, 2)), 'statement_version'],
    ['no version', withOwn((map) => map.delete(1)), 'statement_version'],
    ['seq 0', withOwn((map) => map.set(2, 0)), 'statement_seq'],
    ['seq beyond 2^53', withOwn((map) => map.set(2, 2n ** 60n)), 'cbor_integer_range'],
    ['no predecessor at seq 2', withOwn((map) => map.delete(3)), 'statement_prev'],
    ['a predecessor at seq 1', withOwn((map) => map.set(2, 1)), 'statement_prev'],
    ['a short predecessor', withOwn((map) => map.set(3, new Uint8Array(8))), 'statement_claims'],
    ['an unknown field', withOwn((map) => map.set(10, 1)), 'statement_claims'],
    ['a device without ledger id', withOwn((map) => map.delete(9)), 'statement_claims'],
    ['a device without time quality', withOwn((map) => map.delete(5)), 'statement_claims'],
    ['a device without count', withOwn((map) => map.delete(6)), 'statement_claims'],
    ['quality 6', withOwn((map) => map.set(5, [6, null])), 'statement_quality'],
    ['quality of three parts', withOwn((map) => map.set(5, [1, 2, 3])), 'statement_claims'],
    ['times without a clock', withOwn((map) => map.set(5, [0, null])), 'statement_quality'],
    ['a first time alone', withOwn((map) => map.delete(8)), 'statement_claims'],
    ['a short boot id', withOwn((map) => map.set(4, new Uint8Array(15))), 'statement_claims'],
    ...deterministic.map(([name, bytes]): [string, Uint8Array, string] => [
      name,
      bytes,
      'cbor_not_deterministic',
    ]),
  ];
  test.each(cases)('%s', (_name, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test('an inline payload above 48 KiB', () => {
    const of = (length: number) =>
      bytesOf({
        device: null,
        payload: { kind: 'inline', contentType: MEDIA_BATCH, bytes: new Uint8Array(length) },
      });
    expect(codeOf(of(48 * 1024))).toBe('ok');
    expect(codeOf(of(48 * 1024 + 1))).toBe('statement_too_large');
  });

  test('a claim of the device beside an inline payload', () => {
    const map = header();
    for (const label of [258, 259]) map.delete(label);
    map.set(3, MEDIA_BATCH);
    expect(codeOf(assemble(encodeCbor(map)))).toBe('statement_claims');
  });
});

test('the private map is where it is said to be', () => {
  expect([...own().keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
