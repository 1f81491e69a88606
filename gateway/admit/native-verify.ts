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

/** sodium-native's types ask for Buffer; the same memory. */
function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
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

/** Every thread of the gateway calls this once: the pure SHA-256 is for browsers. */
export function useNodeCrypto(): void {
  useSha256((bytes) => hash('sha256', bytes, 'buffer'));
}
