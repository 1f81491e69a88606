// A COSE_Sign1 (RFC 9052 §4.2) by which a key shows it is held: SPEC.md §4.3 and §4.9.

/** @module possession-proof */
import { equal } from './bytes.ts';
import { type CoseKey, keyThumbprint } from './cose-key.ts';
import { type CoseSign1, parseSign1, verifySign1 } from './cose-sign1.ts';
import { fail, ok, type Refused, type Result } from './result.ts';
import { checkPublicKey, type NativeVerify } from './signature.ts';

export const PROOF_BYTES_MAX = 1_024;

/** The form: protected {alg, content type, kid}, nothing unprotected, a payload. */
export function openProof(
  bytes: Uint8Array,
  contentType: string,
): Result<{ message: CoseSign1; payload: Uint8Array }> {
  const parsed = parseSign1(bytes, { bytesMax: PROOF_BYTES_MAX });
  if (!parsed.ok) return parsed;
  const message = parsed.value;
  const { protectedHeader, unprotectedHeader, payload } = message;
  if (protectedHeader.size !== 3 || protectedHeader.get(3) !== contentType) {
    return fail('proof_mismatch', 'the protected header is {alg, content type, kid}');
  }
  if (unprotectedHeader.size !== 0 || payload === null) {
    return fail('proof_mismatch', 'unprotected header or no payload');
  }
  return ok({ message, payload });
}

/** kid, the key to be registered (it is never checked again) and the signature; null when all hold. */
export function proofFault(
  message: CoseSign1,
  keys: { readonly proved: CoseKey; readonly signedBy: CoseKey },
  native?: NativeVerify,
): Refused | null {
  const kid = message.protectedHeader.get(4);
  if (!(kid instanceof Uint8Array) || !equal(kid, keyThumbprint(keys.signedBy))) {
    return fail('proof_mismatch', 'another kid');
  }
  const checked = checkPublicKey(keys.proved);
  if (!checked.ok) return checked;
  const valid = verifySign1({ message, key: keys.signedBy, native });
  return valid ? null : fail('proof_signature', 'the signature does not verify');
}
