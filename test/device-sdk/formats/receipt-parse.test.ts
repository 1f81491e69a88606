import { describe, expect, it } from 'vitest';
import { equal, utf8 } from '../../../device-sdk/formats/bytes.ts';
import { type CborMap, encodeCbor } from '../../../device-sdk/formats/cbor.ts';
import { encodeSign1, sigStructure } from '../../../device-sdk/formats/cose-sign1.ts';
import {
  parseForeignReceipt,
  parseReceipt,
  prepareReceipt,
  RECEIPT_BYTES_MAX,
  signReceipt,
  verifyForeignReceipt,
  verifyReceipt,
} from '../../../device-sdk/formats/receipt.ts';
import { RECEIPT_PROOFS_MAX } from '../../../device-sdk/formats/receipt-proofs.ts';
import {
  fields,
  iss,
  key,
  leaves,
  proofOf,
  receipt,
  root,
  signer,
  sub,
} from '../../support/sample-receipt.ts';

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
