import { concat, equal } from '@truegrain/device-sdk/formats/bytes.js';
import {
  type CborMap,
  type CborValue,
  encodeCbor,
  encodeHead,
  parseCbor,
} from '@truegrain/device-sdk/formats/cbor.js';
import { MEDIA_BATCH, MEDIA_SENML_CBOR } from '@truegrain/device-sdk/formats/media-types.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { verifySignature } from '@truegrain/device-sdk/formats/signature.js';
import { newSecret, softSigner } from '@truegrain/device-sdk/formats/signer.js';
import {
  finishStatement,
  parseStatement,
  prepareStatement,
  type StatementFields,
  signStatement,
} from '@truegrain/device-sdk/formats/statement.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { samples } from '../../support/format-samples.ts';

const SIGNATURE = new Uint8Array(64).fill(1);
const ledgerId = new Uint8Array(32).fill(2);
const fields: StatementFields = {
  alg: -8,
  kid: new Uint8Array(32).fill(3),
  iss: 'urn:dev:ops:32473-a',
  sub: 'https://id.example/01/1',
  iat: 1_763_000_000,
  payload: { kind: 'hash', digest: new Uint8Array(32).fill(4), preimageType: MEDIA_SENML_CBOR },
  seq: 2,
  prev: new Uint8Array(32).fill(6),
  ledgerId,
  device: {
    bootId: new Uint8Array(16).fill(7),
    quality: 3,
    errorMs: 20,
    count: 10,
    firstMs: 1_763_000_000_000,
    lastMs: 1_763_000_009_000,
  },
};

function bytesOf(changes: Partial<StatementFields>): Uint8Array {
  return finishStatement(prepareStatement({ ...fields, ...changes }), SIGNATURE);
}

const entry = bytesOf({});
const header = () => parsedMap(prepareStatement(fields).protectedBytes);
const own = () => header().get(-65601) as CborMap;

function parsedMap(bytes: Uint8Array): CborMap {
  const parsed = parseCbor(bytes);
  if (!parsed.ok || !(parsed.value instanceof Map)) throw new Error('not a map');
  return parsed.value;
}

/** Tag-18 bytes of any parts, well-formed or not. */
function assemble(
  protectedBytes: Uint8Array,
  parts: { unprotected?: Uint8Array; payload?: Uint8Array; signature?: Uint8Array } = {},
): Uint8Array {
  return concat(
    Uint8Array.of(0xd2, 0x84),
    encodeCbor(protectedBytes),
    parts.unprotected ?? Uint8Array.of(0xa0),
    encodeCbor(parts.payload ?? new Uint8Array(32).fill(4)),
    encodeCbor(parts.signature ?? SIGNATURE),
  );
}

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

function codeOf(bytes: Uint8Array): string {
  const parsed = parseStatement(bytes);
  return parsed.ok ? 'ok' : parsed.code;
}

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => {
  return !/\p{Surrogate}/u.test(text) && !text.startsWith('\ufeff');
});
const uint = fc.maxSafeNat();
const anyDevice = fc
  .record({
    bootId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    quality: fc.constantFrom(1, 2, 3, 4, 5),
    errorMs: fc.option(uint),
    count: uint,
    times: fc.option(fc.tuple(uint, uint)),
  })
  .map(({ times, ...rest }) => ({
    ...(rest as typeof rest & { quality: 1 }),
    firstMs: times?.[0] ?? null,
    lastMs: times?.[1] ?? null,
  }));
const anyFields = fc
  .record({
    alg: fc.constantFrom(-7, -8, -9, -19),
    kid: bytes32,
    iss: words,
    sub: words,
    iat: uint,
    seq: fc.integer({ min: 1 }),
    link: bytes32,
    ledgerId: bytes32,
    device: fc.option(anyDevice),
    body: fc.uint8Array({ maxLength: 300 }),
    isInline: fc.boolean(),
  })
  .map(({ link, body, isInline, ...rest }): StatementFields => {
    const inline = { kind: 'inline' as const, contentType: MEDIA_BATCH, bytes: body };
    const hash = { kind: 'hash' as const, digest: sha256(body), preimageType: MEDIA_SENML_CBOR };
    return {
      ...rest,
      alg: rest.alg as -7,
      prev: rest.seq === 1 ? null : link,
      payload: isInline ? inline : hash,
      device: isInline ? null : rest.device,
    };
  });

describe('round trip', () => {
  test('what is written is what is read', () => {
    fc.assert(
      fc.property(anyFields, (written) => {
        const prepared = prepareStatement(written);
        const bytes = finishStatement(prepared, SIGNATURE);
        const parsed = parseStatement(bytes);
        if (!parsed.ok) throw new Error(`${parsed.code}: ${parsed.detail}`);
        expect(parsed.value).toMatchObject(written);
        expect(parsed.value).toMatchObject({ ...prepared, signature: SIGNATURE, entry: bytes });
        expect(parsed.value.id).toEqual(sha256(prepared.toBeSigned));
      }),
      { numRuns: 300 },
    );
  });

  test('leaf 0 alone has neither predecessor nor ledger id', () => {
    const payload = { kind: 'inline' as const, contentType: MEDIA_BATCH, bytes: new Uint8Array(9) };
    const first = bytesOf({ seq: 1, prev: null, ledgerId: null, device: null, payload });
    expect(parseStatement(first)).toMatchObject({ ok: true, value: { ledgerId: null } });
  });

  test.each([-7, -8] as const)('signed with %i it verifies, over the id alone', (alg) => {
    const own = softSigner(
      alg,
      newSecret(alg, (n) => new Uint8Array(n).fill(9)),
    );
    const { bytes, id } = signStatement(fields, own);
    const parsed = parseStatement(bytes);
    if (!parsed.ok) throw new Error(parsed.code);
    const { toBeSigned: message, signature } = parsed.value;
    expect(parsed.value.id).toEqual(id);
    expect(verifySignature({ alg, key: own.key, message, signature })).toBe(true);
    const others = finishStatement(prepareStatement({ ...fields, alg, kid: own.kid }), SIGNATURE);
    expect(parseStatement(others)).toMatchObject({ ok: true, value: { id } });
  });
});

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

describe('unprotected header', () => {
  const contents: [string, Uint8Array][] = [
    ['a kid', encodeCbor(new Map([[4, new Uint8Array(3)]]))],
    ['a crit', encodeCbor(new Map([[2, [1]]]))],
    ['a receipt', encodeCbor(new Map([[394, [new Uint8Array(700)]]]))],
    ['an indefinite map', Uint8Array.of(0xbf, 0xff)],
    ['a long head', Uint8Array.of(0xb8, 0)],
    ['a float in its longest form', Uint8Array.of(0xa1, 1, 0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0)],
  ];
  test.each(contents)('%s is cut out: same id, same entry', (_name, unprotected) => {
    const bytes = assemble(prepareStatement(fields).protectedBytes, { unprotected });
    const parsed = parseStatement(bytes);
    if (!parsed.ok) throw new Error(`${parsed.code}: ${parsed.detail}`);
    expect(equal(parsed.value.entry, entry)).toBe(true);
    expect(parsed.value.id).toEqual(prepareStatement(fields).id);
  });

  test.each([
    ['an array', Uint8Array.of(0x80)],
    ['null', Uint8Array.of(0xf6)],
    ['a map that ends early', Uint8Array.of(0xa2, 1, 2)],
    ['a key twice', Uint8Array.of(0xa2, 1, 2, 1, 3)],
  ])('%s is refused', (_name, unprotected) => {
    expect(codeOf(assemble(prepareStatement(fields).protectedBytes, { unprotected }))).not.toBe(
      'ok',
    );
  });
});

describe('against the general reader', () => {
  /** Whatever the positional reader takes, the tree reader takes, and writes it the same again. */
  function expectAgreement(bytes: Uint8Array): void {
    const parsed = parseStatement(bytes);
    if (!parsed.ok) return;
    const { protectedBytes, entry: own } = parsed.value;
    const map = parseCbor(protectedBytes);
    if (!map.ok) throw new Error(`parseCbor: ${map.code}`);
    expect(equal(encodeCbor(map.value), protectedBytes)).toBe(true);
    expect(parseCbor(own).ok).toBe(true);
    const { alg, kid, iss, sub, iat, payload, seq, prev, ledgerId, device } = parsed.value;
    const again = prepareStatement({
      alg,
      kid,
      iss,
      sub,
      iat,
      payload,
      seq,
      prev,
      ledgerId,
      device,
    });
    expect(equal(finishStatement(again, parsed.value.signature), own)).toBe(true);
  }

  test('every byte changed to each of eight others', () => {
    for (const sample of [entry, samples.statement, samples.memberStatement]) {
      for (let at = 0; at < sample.length; at += 1) {
        for (let bit = 0; bit < 8; bit += 1) {
          const bytes = sample.slice();
          bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
          expectAgreement(bytes);
        }
      }
    }
  });

  test('bytes cut out, put in and random', () => {
    const change = fc.tuple(fc.nat(entry.length), fc.nat(4), fc.uint8Array({ maxLength: 6 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let bytes: Uint8Array = entry;
        for (const [at, cut, put] of changes) {
          bytes = concat(bytes.subarray(0, at), put, bytes.subarray(at + cut));
        }
        expectAgreement(bytes);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        expectAgreement(concat(entry.subarray(0, 5), tail));
        expectAgreement(tail);
      }),
      { numRuns: 2_000 },
    );
  });

  test('every prefix is refused', () => {
    for (let end = 0; end < entry.length; end += 1) {
      expect(codeOf(entry.subarray(0, end))).not.toBe('ok');
    }
  });
});

test('the private map is where it is said to be', () => {
  expect([...own().keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
