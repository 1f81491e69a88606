// The fixed acceptance set around RFC 8032 §5.1.7 and FIPS 186-5 §6.4.2: verification is consensus code.

/**
 * OpenSSL, libsodium and noble disagree on crafted Ed25519 inputs. Inside the set checked here they
 * agree: with A torsion-free and R, A canonical and not of small order, what is left is the
 * cofactorless equation, on which nobody has a choice.
 * @module acceptance-set
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { concat, fromHex } from './bytes.ts';
import type { Alg, CoseKey } from './cose-key.ts';
import { fail, ok, type Result } from './result.ts';

function constant(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes === null) throw new TypeError('constant is not hex');
  return bytes;
}

/** P-256's group order n, big-endian (SEC 2 §2.4.2). */
const P256_ORDER = constant('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
/** Ed25519's group order L = 2^252 + 27742317777372353535851937790883648493, little-endian. */
const ED25519_ORDER = constant('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
/** y of the eight points whose order divides the cofactor, sign bit cleared: orders 1, 2, 4, 8, 8. */
const SMALL_ORDER_Y = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(constant);

/** 0 < scalar < n, big-endian, at `start`. */
function isP256Scalar(bytes: Uint8Array, start: number): boolean {
  let zero = true;
  let order = 0;
  for (let i = 0; i < 32; i++) {
    const byte = bytes[start + i] ?? 0;
    if (byte !== 0) zero = false;
    if (order === 0) order = byte - (P256_ORDER[i] ?? 0);
  }
  return !zero && order < 0;
}

/** S < L, little-endian, in the second half of a signature; S = 0 is allowed, as everywhere. */
function isEd25519Scalar(signature: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (signature[32 + i] ?? 0) - (ED25519_ORDER[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** y < p = 2^255 − 19. (x = 0 with the sign bit set isn't canonical either, but is of small order.) */
function isCanonicalY(point: Uint8Array): boolean {
  if (((point[31] ?? 0) & 0x7f) !== 0x7f || (point[0] ?? 0) < 0xed) return true;
  for (let i = 1; i < 31; i++) if (point[i] !== 0xff) return true;
  return false;
}

function isSmallOrder(point: Uint8Array): boolean {
  for (const y of SMALL_ORDER_Y) {
    if (((point[31] ?? 0) & 0x7f) !== y[31]) continue;
    let i = 0;
    while (i < 31 && point[i] === y[i]) i++;
    if (i === 31) return true;
  }
  return false;
}

/**
 * Byte comparisons only, cheap enough for every signature. ES256: r and s in [1, n−1], high S
 * included, for secure elements emit either. Ed25519: S < L, R canonical and not of small order.
 */
export function precheckSignature(alg: Alg, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  if (alg === -7 || alg === -9) return isP256Scalar(signature, 0) && isP256Scalar(signature, 32);
  return isEd25519Scalar(signature) && isCanonicalY(signature) && !isSmallOrder(signature);
}

function checkEd25519Key(key: CoseKey & { kty: 'OKP' }): Result<CoseKey> {
  if (key.x.length !== 32) return fail('key_malformed', 'x must be 32 bytes');
  if (!isCanonicalY(key.x)) return fail('key_not_canonical', 'y is not below 2^255-19');
  if (isSmallOrder(key.x)) return fail('key_small_order', 'the point is of small order');
  try {
    const point = ed25519.Point.fromBytes(key.x, false);
    return point.isTorsionFree() ? ok(key) : fail('key_torsion', 'the point has a torsion part');
  } catch {
    return fail('key_not_on_curve', 'no such point on Ed25519');
  }
}

/**
 * Once for each key, where it is registered or a trust file is read: costs a scalar multiplication.
 * `verifySignature` relies on it and agrees across libraries for checked keys only.
 */
export function checkPublicKey(key: CoseKey): Result<CoseKey> {
  if (key.kty === 'OKP') return checkEd25519Key(key);
  if (key.x.length !== 32 || key.y.length !== 32) {
    return fail('key_malformed', 'x and y must be 32 bytes each');
  }
  try {
    // Decoding refuses coordinates at or above p and points off the curve; the cofactor is 1.
    p256.Point.fromBytes(concat(Uint8Array.of(4), key.x, key.y));
    return ok(key);
  } catch {
    return fail('key_not_on_curve', 'no such point on P-256');
  }
}
