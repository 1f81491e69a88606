import { createPrivateKey, createPublicKey, sign as nodeSign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64Url } from '../../../device-sdk/formats/bytes.ts';
import { keyThumbprint } from '../../../device-sdk/formats/cose-key.ts';
import { rootOf } from '../../../device-sdk/formats/merkle.ts';
import {
  finishReceipt,
  parseReceipt,
  prepareReceipt,
  signReceipt,
  verifyReceipt,
} from '../../../device-sdk/formats/receipt.ts';
import { softSigner } from '../../../device-sdk/formats/signer.ts';
import {
  entries,
  fields,
  iss,
  key,
  leaves,
  other,
  proofOf,
  receipt,
  root,
  signer,
  sub,
} from '../../support/sample-receipt.ts';

describe('inclusion receipts, RFC 9942 §5.2', () => {
  it('verifies every leaf of every size to 20, from the first leaf', () => {
    for (let size = 1; size <= entries.length; size++) {
      const at = rootOf(leaves.slice(0, size));
      const prepared = prepareReceipt({ ...fields, alg: -8, kid: signer.kid, root: at });
      const signature = signer.sign(prepared.toBeSigned);
      for (let index = 0; index < size; index += size > 8 ? 5 : 1) {
        const bytes = finishReceipt(prepared, signature, [proofOf(index, size)]);
        const entry = entries[index]!;
        expect(verifyReceipt({ receipt: bytes, entry, key })).toEqual({
          ok: true,
          value: { root: at, size, index, iss, sub, iat: fields.iat },
        });
      }
    }
  });

  it('carries several proofs under one signature, and finds the leaf’s own', () => {
    const proofs = [0, 4, 10].map((index) => proofOf(index));
    const bytes = signReceipt({ signer, fields, proofs });
    expect(parseReceipt(bytes)).toMatchObject({ value: { inclusion: proofs, consistency: [] } });
    for (const { index } of proofs) {
      const verdict = verifyReceipt({ receipt: bytes, leafHash: leaves[index]!, key });
      expect(verdict).toMatchObject({ ok: true, value: { index } });
    }
    expect(verifyReceipt({ receipt: bytes, leafHash: leaves[1]!, key })).toMatchObject({
      code: 'receipt_signature',
    });
  });

  it('signs with ES256 as well', () => {
    const es256 = softSigner(-7, new Uint8Array(32).fill(3));
    const bytes = signReceipt({
      signer: es256,
      fields: { ...fields, iat: null },
      proofs: [proofOf(4)],
    });
    const verdict = verifyReceipt({ receipt: bytes, leafHash: leaves[4]!, key: es256.key });
    expect(verdict).toMatchObject({ ok: true, value: { index: 4, iat: null } });
  });

  it('takes any signer between the two steps', () => {
    const der = Buffer.concat([
      Buffer.from('302e020100300506032b657004220420', 'hex'),
      Buffer.alloc(32, 9),
    ]);
    const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const x = fromBase64Url(createPublicKey(secret).export({ format: 'jwk' }).x!)!;
    const native = { kty: 'OKP', crv: 'Ed25519', x } as const;
    const prepared = prepareReceipt({ ...fields, alg: -8, kid: keyThumbprint(native) });
    const signature = new Uint8Array(nodeSign(null, prepared.toBeSigned, secret));
    const bytes = finishReceipt(prepared, signature, [proofOf(7)]);
    expect(verifyReceipt({ receipt: bytes, leafHash: leaves[7]!, key: native }).ok).toBe(true);
  });

  it('refuses another leaf and another key', () => {
    const leaf = leaves[4]!;
    expect(verifyReceipt({ receipt, leafHash: leaves[5]!, key })).toMatchObject({
      code: 'receipt_signature',
    });
    expect(verifyReceipt({ receipt, leafHash: leaf, key: other.key })).toMatchObject({
      code: 'receipt_key',
    });
    const claimed = prepareReceipt({ ...fields, alg: -8, kid: other.kid });
    const bytes = finishReceipt(claimed, signer.sign(claimed.toBeSigned), [proofOf(4)]);
    expect(verifyReceipt({ receipt: bytes, leafHash: leaf, key: other.key })).toMatchObject({
      code: 'receipt_signature',
    });
    const short = signReceipt({ signer, fields, proofs: [{ ...proofOf(4), path: [] }] });
    expect(verifyReceipt({ receipt: short, leafHash: leaf, key })).toMatchObject({
      code: 'receipt_path',
    });
  });

  it('refuses every flipped bit that is signed or proved; size and index are neither', () => {
    const said = new Set<string>();
    fc.assert(
      fc.property(fc.nat({ max: receipt.length * 8 - 1 }), (bit) => {
        const copy = Uint8Array.from(receipt);
        copy[bit >> 3]! ^= 1 << (bit & 7);
        const verdict = verifyReceipt({ receipt: copy, leafHash: leaves[4]!, key });
        if (!verdict.ok) return;
        const { size, index, ...rest } = verdict.value;
        said.add(`${size}/${index}`);
        expect(rest).toEqual({ root, iss, sub, iat: fields.iat });
      }),
      { numRuns: 600 },
    );
    for (const claim of said) expect(claim).not.toBe('11/4');
  });

  it('does not bind the size: a checkpoint must', () => {
    const first = rootOf(leaves.slice(0, 8));
    const { path } = proofOf(0, 8);
    const proofs = [5, 6, 7, 8].map((size) => ({ size, index: 0, path }));
    const bytes = signReceipt({ signer, fields: { ...fields, root: first }, proofs });
    for (const proof of proofs) {
      const parsed = parseReceipt(bytes);
      if (!parsed.ok) throw new Error(parsed.detail);
      const one = { ...parsed.value, inclusion: [proof] };
      expect(verifyReceipt({ receipt: one, leafHash: leaves[0]!, key }).ok).toBe(true);
    }
  });
});
