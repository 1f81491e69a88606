import {
  makeEnrolmentProof,
  verifyEnrolmentProof,
} from '@truegrain/device-sdk/formats/enrolment.js';
import { describe, expect, test } from 'vitest';
import {
  DEVICE,
  deviceSigner,
  ledgerId,
  newDeviceSigner,
  registration,
  TOKEN,
} from '../../support/format-samples.ts';
import { codeOf } from '../../support/result-code.ts';

describe('an enrolment proof', () => {
  const expected = { device: DEVICE, key: deviceSigner.key, ledgerId };

  test.each([deviceSigner, newDeviceSigner])('by the key itself, alg $alg', (by) => {
    const proof = makeEnrolmentProof(by, { device: DEVICE, token: TOKEN, ledgerId });
    const verified = verifyEnrolmentProof(proof, { ...expected, key: by.key, token: TOKEN });
    expect(verified).toEqual({
      ok: true,
      value: { device: DEVICE, key: by.key, token: TOKEN, ledgerId },
    });
  });

  test.each([
    ['device', { ...expected, device: `${DEVICE}1` }],
    ['key', { ...expected, key: newDeviceSigner.key }],
    ['ledger', { ...expected, ledgerId: new Uint8Array(32) }],
    ['no ledger', { ...expected, ledgerId: null }],
    ['token', { ...expected, token: new Uint8Array(32) }],
    ['no token', { ...expected, token: null }],
    ['signer', { ...expected, signedBy: newDeviceSigner.key }],
  ])('is not one for another %s', (_, other) => {
    expect(codeOf(verifyEnrolmentProof(registration.proof, other))).toBe('proof_mismatch');
  });

  test('an old key vouches for a new one, and only when it is asked for', () => {
    const key = newDeviceSigner.key;
    const request = { device: DEVICE, token: null, ledgerId, key };
    const vouched = makeEnrolmentProof(deviceSigner, request);
    const by = { device: DEVICE, key, ledgerId, signedBy: deviceSigner.key };
    expect(verifyEnrolmentProof(vouched, by).ok).toBe(true);
    expect(codeOf(verifyEnrolmentProof(vouched, { ...expected, key }))).toBe('proof_mismatch');
  });

  test('a key outside the acceptance set is never registered', () => {
    const key = { kty: 'OKP', crv: 'Ed25519', x: Uint8Array.of(1, ...new Uint8Array(31)) } as const;
    const proof = makeEnrolmentProof(
      { ...newDeviceSigner, key },
      { device: DEVICE, token: null, ledgerId },
    );
    expect(codeOf(verifyEnrolmentProof(proof, { ...expected, key }))).not.toBe(null);
  });

  test('another host library is asked only at the end', () => {
    expect(codeOf(verifyEnrolmentProof(registration.proof, expected, () => false))).toBe(
      'proof_signature',
    );
  });
});
