import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import sodium from 'sodium-native';
import { toBase64Url } from '../../device-sdk/formats/bytes.ts';
import type { CoseKey } from '../../device-sdk/formats/cose-key.ts';
import type { NativeVerify } from '../../device-sdk/formats/signature.ts';
import { nativeVerify } from '../../gateway/admit/native-verify.ts';

function keyObject(key: CoseKey): KeyObject {
  const x = toBase64Url(key.x);
  const jwk =
    key.kty === 'OKP'
      ? { kty: key.kty, crv: key.crv, x }
      : { kty: 'EC', crv: key.crv, x, y: toBase64Url(key.y) };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

/** OpenSSL. A key it can't import is a signature it doesn't verify. */
export const nodeVerify: NativeVerify = (key, message, signature) => {
  let publicKey: KeyObject;
  try {
    publicKey = keyObject(key);
  } catch {
    return false;
  }
  if (key.kty === 'OKP') return verify(null, message, publicKey, signature);
  return verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
};

/** libsodium, which knows Ed25519 only: P-256 goes to OpenSSL. */
export const sodiumVerify: NativeVerify = (key, message, signature) => {
  if (key.kty !== 'OKP') return nodeVerify(key, message, signature);
  return sodium.crypto_sign_verify_detached(
    Buffer.from(signature),
    Buffer.from(message),
    Buffer.from(key.x),
  );
};

/** Every implementation a verdict must not depend on; undefined is our own in JavaScript. */
export const backends: readonly [string, NativeVerify | undefined][] = [
  ['noble', undefined],
  ['node:crypto', nodeVerify],
  ['libsodium', sodiumVerify],
  ['gateway', nativeVerify],
];
