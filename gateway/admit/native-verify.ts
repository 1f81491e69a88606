import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import type { CoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import { useSha256 } from '@truegrain/device-sdk/formats/sha256.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import sodium from 'sodium-native';

/**
 * OpenSSL for ES256, libsodium for Ed25519 (twice OpenSSL's speed). Both are called only inside
 * the acceptance set of formats/signature.ts, where they agree with the pure verifier;
 * test/device-sdk/formats/signature-differential.test.ts holds them to it.
 */
export const nativeVerify: NativeVerify = (key, message, signature) =>
  key.kty === 'OKP'
    ? sodium.crypto_sign_verify_detached(view(signature), view(message), view(key.x))
    : verify('sha256', message, { key: keyObject(key), dsaEncoding: 'ieee-p1363' }, signature);

/** sodium-native's types ask for Buffer; it takes any Uint8Array. */
function view(bytes: Uint8Array): Buffer {
  return bytes as Buffer;
}

const objects = new WeakMap<CoseKey, KeyObject>();

function keyObject(key: CoseKey & { kty: 'EC2' }): KeyObject {
  const known = objects.get(key);
  if (known) return known;
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: Buffer.from(key.x).toString('base64url'),
    y: Buffer.from(key.y).toString('base64url'),
  };
  const object = createPublicKey({ key: jwk, format: 'jwk' });
  objects.set(key, object);
  return object;
}

/** Below this libsodium's call is cheaper; above it OpenSSL's use of the CPU's SHA instructions wins. */
const SMALL_MESSAGE_BYTES = 128;
const DIGEST_BYTES = 32;

/** Every thread of the gateway calls this once: the pure SHA-256 is for browsers. */
export function useNodeCrypto(): void {
  useSha256((bytes) => {
    if (bytes.length < SMALL_MESSAGE_BYTES) {
      const digest = new Uint8Array(DIGEST_BYTES);
      sodium.crypto_hash_sha256(view(digest), view(bytes));
      return digest;
    }
    const digest = hash('sha256', bytes, 'buffer');
    // A Buffer's slice is a view, a Uint8Array's a copy: callers may count on the latter.
    return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
  });
}
