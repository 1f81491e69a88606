import { describe, expect, it } from 'vitest';
import { consistencyPath, rootOf } from '../../../device-sdk/formats/merkle.ts';
import {
  finishConsistencyReceipt,
  prepareReceipt,
  verifyConsistencyReceipt,
  verifyReceipt,
} from '../../../device-sdk/formats/receipt.ts';
import {
  fields,
  hashes,
  iss,
  key,
  leaves,
  other,
  root,
  SIZE,
  signer,
  sub,
} from '../../support/sample-receipt.ts';

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
