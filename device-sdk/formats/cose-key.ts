// COSE_Key, RFC 9052 §7 and RFC 9053 §7: Ed25519 and P-256 public keys; thumbprint RFC 9679.

/** @module cose-key */
import { type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { parseForeignCbor } from './cbor-foreign.ts';
import { fail, ok, type Result } from './result.ts';
import { sha256 } from './sha256.ts';

export type CoseKey =
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: Uint8Array }
  | { readonly kty: 'EC2'; readonly crv: 'P-256'; readonly x: Uint8Array; readonly y: Uint8Array };

/** ES256 −7, EdDSA −8 (RFC 9053); ESP256 −9, Ed25519 −19 (RFC 9864). */
export type Alg = -7 | -8 | -9 | -19;

const KTY = 1;
const KID = 2;
const ALG = 3;
const CRV = -1;
const X = -2;
const Y = -3;
const D = -4;
const KTY_OKP = 1;
const KTY_EC2 = 2;
const CRV_P256 = 1;
const CRV_ED25519 = 6;

export function isAlg(value: unknown): value is Alg {
  return value === -7 || value === -8 || value === -9 || value === -19;
}

/** −7 and −9 name P-256 here and nothing else, −8 and −19 Ed25519 (DESIGN §4). */
export function algFitsKey(alg: Alg, key: CoseKey): boolean {
  return alg === -7 || alg === -9 ? key.crv === 'P-256' : key.crv === 'Ed25519';
}

/** The required public members only, which is also what the thumbprint covers (RFC 9679 §4). */
export function coseKeyMap(key: CoseKey): CborMap {
  if (key.kty === 'OKP') {
    return new Map<number, CborValue>([
      [KTY, KTY_OKP],
      [CRV, CRV_ED25519],
      [X, key.x],
    ]);
  }
  return new Map<number, CborValue>([
    [KTY, KTY_EC2],
    [CRV, CRV_P256],
    [X, key.x],
    [Y, key.y],
  ]);
}

export function encodeCoseKey(key: CoseKey): Uint8Array {
  return encodeCbor(coseKeyMap(key));
}

/** RFC 9679 §3 with SHA-256: our `kid` everywhere. */
export function keyThumbprint(key: CoseKey): Uint8Array {
  return sha256(encodeCoseKey(key));
}

function isCoordinate(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 32;
}

function publicKeyOf(map: CborMap): Result<CoseKey> {
  const x = map.get(X);
  const y = map.get(Y);
  const kty = map.get(KTY);
  const crv = map.get(CRV);
  if (kty === KTY_OKP && crv === CRV_ED25519) {
    if (!isCoordinate(x)) return fail('key_malformed', 'x must be 32 bytes');
    return ok({ kty: 'OKP', crv: 'Ed25519', x });
  }
  if (kty === KTY_EC2 && crv === CRV_P256) {
    // RFC 9053 §7.1.1: leading zeros stay. A compressed y is legal there; nobody we read sends it.
    if (!isCoordinate(x) || !isCoordinate(y)) {
      return fail('key_malformed', 'x and y must be 32 bytes each');
    }
    return ok({ kty: 'EC2', crv: 'P-256', x, y });
  }
  return fail('key_type', 'neither Ed25519 nor P-256');
}

/**
 * The form only: whether the point may be used is `checkPublicKey`'s to say. Members beyond the
 * required ones are ignored, except an alg the key can't serve and a private part.
 */
export function parseCoseKey(input: Uint8Array | CborValue): Result<CoseKey> {
  let value: CborValue = input;
  if (input instanceof Uint8Array) {
    const parsed = parseForeignCbor(input);
    if (!parsed.ok) return parsed;
    value = parsed.value;
  }
  if (!(value instanceof Map)) return fail('key_malformed', 'a COSE_Key is a map');
  if (value.has(D)) return fail('key_private', 'the map carries a private key');
  const key = publicKeyOf(value);
  const alg = value.get(ALG);
  if (key.ok && alg !== undefined && !(isAlg(alg) && algFitsKey(alg, key.value))) {
    return fail('key_alg', `alg ${String(alg)} does not fit the curve`);
  }
  return key;
}

/** COSE_KeySet, each key with its thumbprint as kid (SCRAPI `/.well-known/scitt-keys`). */
export function encodeCoseKeySet(keys: readonly CoseKey[]): Uint8Array {
  return encodeCbor(keys.map((key) => coseKeyMap(key).set(KID, keyThumbprint(key))));
}

/** RFC 9052 §7: a key that isn't understood is skipped, the set stays usable. */
export function parseCoseKeySet(bytes: Uint8Array): Result<CoseKey[]> {
  const parsed = parseForeignCbor(bytes);
  if (!parsed.ok) return parsed;
  if (!Array.isArray(parsed.value) || parsed.value.length === 0) {
    return fail('key_malformed', 'a COSE_KeySet is an array of at least one key');
  }
  const keys: CoseKey[] = [];
  for (const item of parsed.value) {
    const key = item instanceof Map ? parseCoseKey(item) : null;
    if (key?.ok) keys.push(key.value);
  }
  return ok(keys);
}
