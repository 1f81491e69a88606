/**
 * Signature verification by node:crypto behind the pre-checks of formats/signature.ts, 20 times
 * faster than the portable one (device.md §0.7). OpenSSL alone is not the acceptance set.
 *
 * @module native-verify
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { toBase64Url } from '../formats/bytes.ts';
import type { CoseKey } from '../formats/cose-key.ts';
import type { NativeVerify } from '../formats/signature.ts';

/** Importing a key costs about as much as one verification; a device meets few keys. */
const KEYS_CACHED_MAX = 1_024;

function coseKeyObject(key: CoseKey): KeyObject {
  const jwk =
    key.kty === 'OKP'
      ? { kty: 'OKP', crv: key.crv, x: toBase64Url(key.x) }
      : { kty: 'EC', crv: key.crv, x: toBase64Url(key.x), y: toBase64Url(key.y) };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

export function nativeVerifier(keysCachedMax = KEYS_CACHED_MAX): NativeVerify {
  const cache = new Map<string, KeyObject>();

  function keyObject(key: CoseKey): KeyObject {
    const id =
      key.kty === 'OKP' ? toBase64Url(key.x) : `${toBase64Url(key.x)}.${toBase64Url(key.y)}`;
    const cached = cache.get(id);
    if (cached !== undefined) return cached;
    const imported = coseKeyObject(key);
    // First in, first out is enough: a flood of strange keys must only not grow the heap.
    if (cache.size >= keysCachedMax) {
      for (const oldest of cache.keys()) {
        cache.delete(oldest);
        break;
      }
    }
    cache.set(id, imported);
    return imported;
  }

  return (key, message, signature) => {
    let imported: KeyObject;
    try {
      imported = keyObject(key);
    } catch {
      // Not a point on the curve: nothing verifies under it.
      return false;
    }
    if (key.kty === 'OKP') return verify(null, message, imported, signature);
    return verify('sha256', message, { key: imported, dsaEncoding: 'ieee-p1363' }, signature);
  };
}
