import { createPrivateKey, createPublicKey, sign as nodeSign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equal, fromBase64Url, utf8 } from '../../../device-sdk/formats/bytes.ts';
import { type CborMap, encodeCbor } from '../../../device-sdk/formats/cbor.ts';
import { keyThumbprint } from '../../../device-sdk/formats/cose-key.ts';
import { encodeSign1, sigStructure } from '../../../device-sdk/formats/cose-sign1.ts';
import {
  consistencyPath,
  inclusionPath,
  leafHash,
  rootOf,
} from '../../../device-sdk/formats/merkle.ts';
import {
  finishConsistencyReceipt,
  finishReceipt,
  parseForeignReceipt,
  parseReceipt,
  prepareReceipt,
  RECEIPT_BYTES_MAX,
  signReceipt,
  verifyConsistencyReceipt,
  verifyForeignReceipt,
  verifyReceipt,
} from '../../../device-sdk/formats/receipt.ts';
import { RECEIPT_PROOFS_MAX } from '../../../device-sdk/formats/receipt-proofs.ts';
import { softSigner } from '../../../device-sdk/formats/signer.ts';

const signer = softSigner(-8, new Uint8Array(32).fill(1));
const other = softSigner(-8, new Uint8Array(32).fill(2));
const entries = Array.from({ length: 20 }, (_, i) => utf8(`entry ${i}`));
const leaves = entries.map(leafHash);
const iss = 'https://ledger.example/rice';
const sub = 'https://id.example/01/09506000134352/10/LOT1';
const SIZE = 11;
const hashes = leaves.slice(0, SIZE);
const root = rootOf(hashes);
const { key } = signer;

function proofOf(index: number, size = SIZE) {
  return { size, index, path: inclusionPath(leaves.slice(0, size), index) };
}

const fields = { iss, sub, iat: 1_760_000_000, root };
const receipt = signReceipt({ signer, fields, proofs: [proofOf(4)] });
const header = {
  alg: -8,
  kid: signer.kid,
  claims: new Map<number, string | number>([
    [1, iss],
    [2, sub],
  ]),
  vds: 1,
};

/** A receipt of any shape under a signature that holds. */
function forged(
  changes: Partial<typeof header>,
  unprotected?: CborMap,
  extra: [number, number][] = [],
): Uint8Array {
  const { alg, kid, claims, vds } = { ...header, ...changes };
  const map: CborMap = new Map();
  map.set(1, alg).set(4, kid).set(15, claims).set(395, vds);
  for (const [label, value] of extra) map.set(label, value);
  const protectedBytes = encodeCbor(map);
  const { index, size, path } = proofOf(4);
  const proof = encodeCbor([size, index, path]);
  return encodeSign1({
    protectedBytes,
    unprotected: unprotected ?? new Map([[396, new Map([[-1, [proof]]])]]),
    payload: null,
    signature: signer.sign(sigStructure(protectedBytes, root)),
  });
}

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

describe('parseReceipt', () => {
  it('reads what it wrote', () => {
    const parsed = parseReceipt(receipt);
    expect(parsed).toMatchObject({
      value: { alg: -8, kid: signer.kid, iss, sub, iat: fields.iat, inclusion: [proofOf(4)] },
    });
    expect(verifyReceipt({ receipt: forged({}), leafHash: leaves[4]!, key }).ok).toBe(true);
  });

  const proof = encodeCbor([11, 4, [...proofOf(4).path]]);
  const vdp = (proofs: CborMap): CborMap => new Map([[396, proofs]]);
  const bad: [string, Uint8Array, string][] = [
    ['vds 2', forged({ vds: 2 }), 'receipt_vds'],
    ['a label of no meaning', forged({}, undefined, [[99, 1]]), 'receipt_header'],
    ['alg -35', forged({ alg: -35 }), 'receipt_header'],
    ['a short kid', forged({ kid: utf8('kid') }), 'receipt_header'],
    ['no sub', forged({ claims: new Map([[1, iss]]) }), 'cwt_claims'],
    [
      'an empty sub',
      forged({
        claims: new Map([
          [1, iss],
          [2, ''],
        ]),
      }),
      'receipt_header',
    ],
    [
      'an exp',
      forged({ claims: new Map<number, string | number>([...header.claims, [4, 1]]) }),
      'receipt_header',
    ],
    ['no proofs', forged({}, new Map()), 'receipt_proof'],
    ['an empty proof list', forged({}, vdp(new Map([[-1, []]]))), 'receipt_proof'],
    [
      'two kinds of proof',
      forged(
        {},
        vdp(
          new Map([
            [-1, [proof]],
            [-2, [proof]],
          ]),
        ),
      ),
      'receipt_proof',
    ],
    ['an unknown kind', forged({}, vdp(new Map([[-3, [proof]]]))), 'receipt_proof'],
    [
      'another unprotected label',
      forged({}, new Map([...vdp(new Map([[-1, [proof]]])), [99, 1]])),
      'receipt_proof',
    ],
    ['a proof that is no byte string', forged({}, vdp(new Map([[-1, [1]]]))), 'receipt_proof'],
    [
      'a negative index',
      forged({}, vdp(new Map([[-1, [encodeCbor([11, -4, []])]]]))),
      'receipt_proof',
    ],
    [
      'a size past 2^53',
      forged({}, vdp(new Map([[-1, [encodeCbor([2n ** 60n, 4, []])]]]))),
      'receipt_proof',
    ],
    [
      'a hash of 31 bytes',
      forged({}, vdp(new Map([[-1, [encodeCbor([2, 0, [root.subarray(1)]])]]]))),
      'receipt_proof',
    ],
    [
      '65 proofs',
      forged({}, vdp(new Map([[-1, Array.from({ length: 65 }, () => proof)]]))),
      'receipt_proof',
    ],
    ['too many bytes', new Uint8Array(RECEIPT_BYTES_MAX + 1), 'cbor_too_large'],
    ['bytes behind', new Uint8Array([...receipt, 0]), 'cbor_trailing'],
    ['nothing', new Uint8Array(0), 'cbor_truncated'],
  ];
  it.each(bad)('refuses %s', (_, bytes, code) => {
    expect(parseReceipt(bytes)).toMatchObject({ ok: false, code });
  });

  it('refuses an attached payload', () => {
    const prepared = prepareReceipt({ ...fields, alg: -8, kid: signer.kid });
    const bytes = encodeSign1({
      protectedBytes: prepared.protectedBytes,
      unprotected: vdp(new Map([[-1, [proof]]])),
      payload: root,
      signature: signer.sign(prepared.toBeSigned),
    });
    expect(parseReceipt(bytes)).toMatchObject({ code: 'receipt_header' });
    const foreign = parseForeignReceipt(bytes);
    if (!foreign.ok) throw new Error(foreign.detail);
    expect(verifyForeignReceipt({ receipt: foreign.value, leafHash: leaves[4]!, key }).ok).toBe(
      true,
    );
    expect(verifyForeignReceipt({ receipt: foreign.value, leafHash: leaves[5]!, key }).ok).toBe(
      false,
    );
  });

  it('throws for fields and proofs that could not be read back', () => {
    expect(() => prepareReceipt({ ...fields, sub: '', alg: -8, kid: signer.kid })).toThrow(
      TypeError,
    );
    expect(() => prepareReceipt({ ...fields, alg: -8, kid: utf8('kid') })).toThrow(TypeError);
    expect(() => signReceipt({ signer, fields, proofs: [] })).toThrow(RangeError);
    const many = Array.from({ length: RECEIPT_PROOFS_MAX + 1 }, () => proofOf(4));
    expect(() => signReceipt({ signer, fields, proofs: many })).toThrow(RangeError);
  });
});

describe('consistency receipts, RFC 9942 §5.3', () => {
  const prepared = prepareReceipt({ ...fields, alg: -8, kid: signer.kid });
  const signature = signer.sign(prepared.toBeSigned);
  const proofs = [3, 7, 8, 11].map((size1) => ({
    size1,
    size2: SIZE,
    path: consistencyPath(hashes, size1),
  }));
  const bytes = finishConsistencyReceipt(prepared, signature, proofs);

  it('leads from a trusted root to the newer one', () => {
    for (const { size1 } of proofs) {
      const root1 = rootOf(leaves.slice(0, size1));
      const verdict = verifyConsistencyReceipt({ receipt: bytes, size1, root1, key });
      expect(verdict).toEqual({ ok: true, value: { root, size2: SIZE, iss, sub } });
    }
  });

  it('refuses another root, another size and another key', () => {
    const claim = { receipt: bytes, size1: 7, root1: rootOf(leaves.slice(0, 7)), key };
    expect(verifyConsistencyReceipt({ ...claim, size1: 6 })).toMatchObject({
      code: 'receipt_path',
    });
    expect(verifyConsistencyReceipt({ ...claim, root1: root })).toMatchObject({
      code: 'receipt_path',
    });
    expect(verifyConsistencyReceipt({ ...claim, key: other.key })).toMatchObject({
      code: 'receipt_key',
    });
    expect(verifyReceipt({ receipt: bytes, leafHash: leaves[0]!, key })).toMatchObject({
      code: 'receipt_path',
    });
    const grown = { ...proofs[1]!, path: [...proofs[1]!.path.slice(0, -1), root] };
    const wrong = finishConsistencyReceipt(prepared, signature, [grown]);
    expect(verifyConsistencyReceipt({ ...claim, receipt: wrong }).ok).toBe(false);
  });
});

describe('foreign receipts', () => {
  it('parse without sub and in any order of keys, and never as ours', () => {
    const { index, size, path } = proofOf(4);
    const claims = encodeCbor(new Map([[1, iss]]));
    const [kid, alg, vds] = [encodeCbor(utf8('key-1')), encodeCbor(-8), encodeCbor(1)];
    const map = [[0xa4], [4], kid, [1], alg, [0x19, 0x01, 0x8b], vds, [15], claims];
    const protectedBytes = Uint8Array.from(map.flatMap((part) => [...part]));
    const bytes = encodeSign1({
      protectedBytes,
      unprotected: new Map([[396, new Map([[-1, [encodeCbor([size, index, [...path]])]]])]]),
      payload: null,
      signature: signer.sign(sigStructure(protectedBytes, root)),
    });
    const parsed = parseForeignReceipt(bytes);
    if (!parsed.ok) throw new Error(parsed.detail);
    expect(parsed.value).toMatchObject({ kid: utf8('key-1'), iss, sub: null });
    const verdict = verifyForeignReceipt({ receipt: parsed.value, leafHash: leaves[4]!, key });
    expect(verdict).toEqual({ ok: true, value: { root, size, index } });
    expect(parseReceipt(bytes)).toMatchObject({ code: 'cbor_not_deterministic' });
  });

  it('parse with no claims and no kid at all', () => {
    const bare: CborMap = new Map([
      [1, -8],
      [395, 1],
    ]);
    const { index, size, path } = proofOf(4);
    const protectedBytes = encodeCbor(bare);
    const bytes = encodeSign1({
      protectedBytes,
      unprotected: new Map([[396, new Map([[-1, [encodeCbor([size, index, [...path]])]]])]]),
      payload: null,
      signature: signer.sign(sigStructure(protectedBytes, root)),
    });
    const parsed = parseForeignReceipt(bytes);
    if (!parsed.ok) throw new Error(parsed.detail);
    expect(parsed.value).toMatchObject({ kid: null, iss: null, sub: null, iat: null });
    const verdict = verifyForeignReceipt({ receipt: parsed.value, leafHash: leaves[4]!, key });
    expect(verdict.ok && equal(verdict.value.root, root)).toBe(true);
  });
});
