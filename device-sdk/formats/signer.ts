// What signs: a soft key here (RFC 8032 Ed25519, RFC 6979 ES256), a secure element elsewhere.

/** @module signer */
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { type CoseKey, keyThumbprint } from './cose-key.ts';

export interface Signer {
  readonly alg: -7 | -8;
  readonly key: CoseKey;
  readonly kid: Uint8Array;
  /** Takes the message, never its digest. */
  sign(message: Uint8Array): Uint8Array;
}

export function publicKeyOf(alg: -7 | -8, secret: Uint8Array): CoseKey {
  if (alg === -8) return { kty: 'OKP', crv: 'Ed25519', x: ed25519.getPublicKey(secret) };
  const point = p256.getPublicKey(secret, false);
  return { kty: 'EC2', crv: 'P-256', x: point.slice(1, 33), y: point.slice(33, 65) };
}

export function softSigner(alg: -7 | -8, secret: Uint8Array): Signer {
  const own = Uint8Array.from(secret);
  const key = publicKeyOf(alg, own);
  return {
    alg,
    key,
    kid: keyThumbprint(key),
    sign: (message) =>
      alg === -8 ? ed25519.sign(message, own) : p256.sign(message, own, { prehash: true }),
  };
}

/** `randomBytes` is the host's cryptographic source: formats/ has none of its own. */
export function newSecret(alg: -7 | -8, randomBytes: (length: number) => Uint8Array): Uint8Array {
  for (;;) {
    const secret = Uint8Array.from(randomBytes(32));
    if (alg === -8 || p256.utils.isValidSecretKey(secret)) return secret;
  }
}
