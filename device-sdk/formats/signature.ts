// Signature verification: ES256 (FIPS 186-5 §6.4.2) and Ed25519 (RFC 8032 §5.1.7, without cofactor).

/** @module signature */
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { precheckSignature } from './acceptance-set.ts';
import { concat, equal } from './bytes.ts';
import { type Alg, algFitsKey, type CoseKey } from './cose-key.ts';

export { checkPublicKey, precheckSignature } from './acceptance-set.ts';
export type { Alg } from './cose-key.ts';

/** A host's faster library, called only for signatures inside the acceptance set. */
export type NativeVerify = (key: CoseKey, message: Uint8Array, signature: Uint8Array) => boolean;

export interface Verification {
  readonly alg: Alg;
  /** Passed `checkPublicKey` when it was registered. */
  readonly key: CoseKey;
  /** The message, never its digest. */
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly native?: NativeVerify | undefined;
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}

/**
 * enc([S]B − [k]A) = R, as OpenSSL and libsodium compute it. noble's own `verify` multiplies by the
 * cofactor in both of its modes, and so accepts an R with a torsion part that these two refuse.
 */
function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const r = signature.subarray(0, 32);
  const order = ed25519.Point.Fn.ORDER;
  const k = littleEndian(sha512(concat(r, publicKey, message))) % order;
  try {
    const a = ed25519.Point.fromBytes(publicKey, false);
    const sB = ed25519.Point.BASE.multiplyUnsafe(littleEndian(signature.subarray(32)));
    return equal(sB.subtract(a.multiplyUnsafe(k)).toBytes(), r);
  } catch {
    return false; // A isn't a point
  }
}

function verifyP256(
  key: CoseKey & { kty: 'EC2' },
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const point = concat(Uint8Array.of(4), key.x, key.y);
  try {
    return p256.verify(signature, message, point, { lowS: false, prehash: true });
  } catch {
    return false; // the key isn't a point
  }
}

/** In JavaScript alone, pre-checks not repeated: the reference the native libraries must equal. */
export function pureVerify(key: CoseKey, message: Uint8Array, signature: Uint8Array): boolean {
  return key.kty === 'OKP'
    ? verifyEd25519(key.x, message, signature)
    : verifyP256(key, message, signature);
}

export function verifySignature(verification: Verification): boolean {
  const { alg, key, message, signature, native } = verification;
  if (!algFitsKey(alg, key) || !precheckSignature(alg, signature)) return false;
  return (native ?? pureVerify)(key, message, signature);
}
