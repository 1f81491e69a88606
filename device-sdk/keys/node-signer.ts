/**
 * A Signer over a node:crypto private key (RFC 9053 §2.1, §2.2).
 *
 * @module node-signer
 */
import { createECDH, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { fromBase64Url } from '../formats/bytes.ts';
import { type CoseKey, keyThumbprint } from '../formats/cose-key.ts';
import type { Signer } from '../formats/signer.ts';

/** Null for a curve no statement can be signed with. */
export function coseKeyOf(key: KeyObject): CoseKey | null {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const kind = publicKey.asymmetricKeyType;
  if (kind !== 'ed25519' && kind !== 'ec') return null;
  const jwk = publicKey.export({ format: 'jwk' });
  const x = fromBase64Url(jwk.x ?? '');
  if (x === null) return null;
  if (jwk.crv === 'Ed25519') return { kty: 'OKP', crv: 'Ed25519', x };
  const y = fromBase64Url(jwk.y ?? '');
  return jwk.crv === 'P-256' && y !== null ? { kty: 'EC2', crv: 'P-256', x, y } : null;
}

/**
 * The public half computed from the secret alone. OpenSSL believes the point stored inside an EC
 * private key, and computes Ed25519's itself.
 */
export function derivedCoseKey(privateKey: KeyObject): CoseKey | null {
  const stored = coseKeyOf(privateKey);
  if (stored === null || stored.kty === 'OKP') return stored;
  const secret = fromBase64Url(privateKey.export({ format: 'jwk' }).d ?? '');
  if (secret === null) return null;
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(secret);
  const point = new Uint8Array(ecdh.getPublicKey());
  return { kty: 'EC2', crv: 'P-256', x: point.slice(1, 33), y: point.slice(33) };
}

export function nodeSigner(privateKey: KeyObject): Signer | null {
  const key = derivedCoseKey(privateKey);
  if (key === null) return null;
  const kid = keyThumbprint(key);
  if (key.kty === 'OKP') {
    const signEd25519 = (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey));
    return { alg: -8, key, kid, sign: signEd25519 };
  }
  const options = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  const signEs256 = (message: Uint8Array) => new Uint8Array(sign('sha256', message, options));
  return { alg: -7, key, kid, sign: signEs256 };
}
