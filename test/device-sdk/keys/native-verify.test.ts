import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { newSecret, softSigner } from '../../../device-sdk/formats/signer.ts';
import { nativeVerifier } from '../../../device-sdk/keys/native-verify.ts';

const random = (length: number) => new Uint8Array(randomBytes(length));

test.each([-7, -8] as const)('alg %i: agrees with the portable signer, high S included', (alg) => {
  const verify = nativeVerifier();
  const signer = softSigner(alg, newSecret(alg, random));
  const message = random(220);
  const signature = signer.sign(message);
  expect(verify(signer.key, message, signature)).toBe(true);
  for (const at of [0, 31, 32, 63]) {
    const flipped = Uint8Array.from(signature);
    flipped[at]! ^= 1;
    expect(verify(signer.key, message, flipped)).toBe(false);
  }
  expect(verify(signer.key, random(220), signature)).toBe(false);
  expect(verify(signer.key, message, signature.subarray(1))).toBe(false);
});

test('a cache smaller than the number of keys still verifies all', () => {
  const verify = nativeVerifier(2);
  const signers = Array.from({ length: 6 }, () => softSigner(-8, newSecret(-8, random)));
  const message = random(8);
  for (let round = 0; round < 2; round += 1) {
    for (const signer of signers) {
      expect(verify(signer.key, message, signer.sign(message))).toBe(true);
    }
  }
});

test('a point off the curve verifies nothing and throws nothing', () => {
  const key = {
    kty: 'EC2',
    crv: 'P-256',
    x: new Uint8Array(32).fill(1),
    y: new Uint8Array(32),
  } as const;
  expect(nativeVerifier()(key, random(8), random(64))).toBe(false);
});
