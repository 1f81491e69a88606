// A report that a member signs: COSE_Sign1 (RFC 9052) over its bytes, as the bytes are.

/** @module signed-report */
import type { CborKey, CborValue } from './cbor.ts';
import type { CoseKey } from './cose-key.ts';
import { parseSign1, signSign1, verifySign1 } from './cose-sign1.ts';
import { CWT_CLAIMS, type CwtClaims, cwtClaimsMap, parseCwtClaims } from './cwt-claims.ts';
import { fail, ok, type Result } from './result.ts';
import type { NativeVerify } from './signature.ts';
import type { Signer } from './signer.ts';

export interface SignedReport {
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly claims: CwtClaims;
  readonly kid: Uint8Array;
}

const ALG = 1;
const CONTENT_TYPE = 3;
const KID = 4;
/** A report of 5,000 things has about 4 MB. */
export const REPORT_BYTES_MAX = 16 * 1024 * 1024;

/**
 * The log key signs it: the policy file pins that key, so who reads the report has it. What it signs
 * otherwise can't be taken for a report or the reverse: a checkpoint is no COSE, and a receipt names
 * its tree (395, 396) and no content type.
 */
export function signReport(
  signer: Signer,
  report: { contentType: string; bytes: Uint8Array; iss: string; sub: string; iat: number },
): Uint8Array {
  const { contentType, bytes, iss, sub, iat } = report;
  const protectedHeader = new Map<CborKey, CborValue>([
    [CONTENT_TYPE, contentType],
    [CWT_CLAIMS, cwtClaimsMap({ iss, sub, iat })],
  ]);
  return signSign1({ protectedHeader, payload: bytes, signer });
}

/** `keyOf`: the log key of that kid by the verifier's own policy or the ledger's; null for none. */
export function verifyReport(
  bytes: Uint8Array,
  options: {
    contentType: string;
    keyOf: (kid: Uint8Array) => CoseKey | null;
    native?: NativeVerify | undefined;
  },
): Result<SignedReport> {
  const parsed = parseSign1(bytes, { bytesMax: REPORT_BYTES_MAX });
  if (!parsed.ok) return parsed;
  const { protectedHeader: header, payload, unprotectedHeader } = parsed.value;
  if (unprotectedHeader.size > 0) return fail('cose_header', 'a report has no unprotected header');
  if ([...header.keys()].some((label) => !REPORT_LABELS.has(label))) {
    return fail('cose_header', 'a header that a report does not have');
  }
  const contentType = header.get(CONTENT_TYPE);
  const kid = header.get(KID);
  if (contentType !== options.contentType) return fail('cose_header', 'another content type');
  if (!(kid instanceof Uint8Array)) return fail('cose_header', 'kid is missing');
  if (payload === null) return fail('cose_structure', 'the report is not in it');
  const claims = parseCwtClaims(header);
  if (!claims.ok) return claims;
  const key = options.keyOf(kid);
  if (!key) return fail('report_key', 'no log key has this kid');
  const { native } = options;
  if (!verifySign1({ message: parsed.value, key, native })) {
    return fail('report_signature', 'the signature does not hold');
  }
  return ok({ contentType, bytes: payload, claims: claims.value, kid });
}

const REPORT_LABELS: ReadonlySet<CborKey> = new Set([ALG, CONTENT_TYPE, KID, CWT_CLAIMS]);
