// CWT claims in a COSE header: label 15, RFC 9597 §2, claims of RFC 8392 §3; RFC 9943 §6 asks for iss and sub.

/** @module cwt-claims */
import { type CborMap, type CborValue, Tagged } from './cbor.ts';
import { fail, ok, type Result } from './result.ts';

export const CWT_CLAIMS = 15;
const ISS = 1;
const SUB = 2;
const EXP = 4;
const NBF = 5;
const IAT = 6;
/** RFC 9943 §6: 1 to 8192 characters. */
const ISS_LENGTH_MAX = 8192;

export interface CwtClaims {
  readonly iss: string;
  readonly sub: string;
  /** Seconds since 1970. */
  readonly iat: number | null;
  readonly nbf: number | null;
  readonly exp: number | null;
}

export function cwtClaimsMap(claims: { iss: string; sub: string; iat?: number | null }): CborMap {
  const map: CborMap = new Map();
  map.set(ISS, claims.iss).set(SUB, claims.sub);
  if (claims.iat !== undefined && claims.iat !== null) map.set(IAT, claims.iat);
  return map;
}

/** A NumericDate; foreign issuers put tag 1 before it, which RFC 8392 §2 says to leave out. */
function numericDate(value: CborValue | undefined, foreign: boolean): number | null | undefined {
  if (value === undefined) return null;
  const date = foreign && value instanceof Tagged && value.tag === 1 ? value.value : value;
  if (typeof date !== 'number' || !Number.isFinite(date)) return undefined;
  return foreign || Number.isSafeInteger(date) ? date : undefined;
}

/** `foreign` takes fractional and tagged times, and an absent sub as the empty one. */
export function parseCwtClaims(
  header: CborMap,
  options: { readonly foreign?: boolean } = {},
): Result<CwtClaims> {
  const foreign = options.foreign === true;
  const claims = header.get(CWT_CLAIMS);
  if (!(claims instanceof Map)) return fail('cwt_claims', 'label 15 is not a map');
  const iss = claims.get(ISS);
  const sub = claims.get(SUB) ?? (foreign ? '' : undefined);
  if (typeof iss !== 'string' || iss.length === 0 || iss.length > ISS_LENGTH_MAX) {
    return fail('cwt_claims', 'iss is not a text of 1 to 8192 characters');
  }
  if (typeof sub !== 'string') return fail('cwt_claims', 'sub is not a text');
  const iat = numericDate(claims.get(IAT), foreign);
  const nbf = numericDate(claims.get(NBF), foreign);
  const exp = numericDate(claims.get(EXP), foreign);
  if (iat === undefined || nbf === undefined || exp === undefined) {
    return fail('cwt_claims', 'iat, nbf or exp is not a time in seconds');
  }
  return ok({ iss, sub, iat, nbf, exp });
}
