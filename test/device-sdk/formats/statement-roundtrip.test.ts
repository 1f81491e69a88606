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
import { bytesOf, fields, SIGNATURE } from '../../support/sample-statement.ts';

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
