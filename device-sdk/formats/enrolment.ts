// SPEC.md §4.3: the enrolment proof, a COSE_Sign1 (RFC 9052 §4.2) by the key to be registered.

/** @module enrolment */
import { equal } from './bytes.ts';
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { type CoseKey, coseKeyMap, keyThumbprint } from './cose-key.ts';
import { parseSign1, signSign1, verifySign1 } from './cose-sign1.ts';
import { isDeviceUrn } from './device-urn.ts';
import { openFields } from './fields.ts';
import { MEDIA_ENROLMENT } from './media-types.ts';
import { fail, ok, type Result } from './result.ts';
import { checkPublicKey, type NativeVerify } from './signature.ts';
import type { Signer } from './signer.ts';

export interface EnrolmentRequest {
  readonly device: string;
  /** The key to be registered. */
  readonly key: CoseKey;
  /** SHA-256 of the one-time token that lets the device in; null where an old key vouches instead. */
  readonly token: Uint8Array | null;
  /** Binds the proof to one ledger: without it a copy would enrol the device elsewhere. */
  readonly ledgerId: Uint8Array | null;
}

export const PROOF_BYTES_MAX = 1_024;

/** `key` is the signer's own, unless an old key vouches for a new one (rotation, SPEC §4.4). */
export function makeEnrolmentProof(
  signer: Signer,
  request: Omit<EnrolmentRequest, 'key'> & { readonly key?: CoseKey },
): Uint8Array {
  const payload = encodeCbor(
    new Map<CborKey, CborValue>([
      ['device', request.device],
      ['key', coseKeyMap(request.key ?? signer.key)],
      ['token', request.token],
      ['ledgerId', request.ledgerId],
    ]),
  );
  return signSign1({ protectedHeader: new Map([[3, MEDIA_ENROLMENT]]), payload, signer });
}

function parseRequest(payload: Uint8Array): Result<EnrolmentRequest> {
  const opened = openFields(payload, 'enrolment');
  if (!opened.ok) return opened;
  const fields = opened.value;
  const device = fields.text('device');
  if (!isDeviceUrn(device)) fields.refuse('device_urn', device.slice(0, 64));
  return fields.finish({
    device,
    key: fields.key('key'),
    token: fields.digestOrNull('token'),
    ledgerId: fields.digestOrNull('ledgerId'),
  });
}

export interface ExpectedEnrolment {
  readonly device: string;
  readonly key: CoseKey;
  readonly ledgerId: Uint8Array | null;
  /** Left out where the token isn't known: the ledger has only the gateway's word that it fitted. */
  readonly token?: Uint8Array | null;
  /** The old key of a rotation; by default the key itself signs. */
  readonly signedBy?: CoseKey;
}

/**
 * Checks form, every expected field, the key (`checkPublicKey`: a registered key is never checked
 * again) and the signature. This is consensus code: same bytes, same verdict, on every node.
 */
export function verifyEnrolmentProof(
  bytes: Uint8Array,
  expected: ExpectedEnrolment,
  native?: NativeVerify,
): Result<EnrolmentRequest> {
  const message = parseSign1(bytes, { bytesMax: PROOF_BYTES_MAX });
  if (!message.ok) return message;
  const { protectedHeader, unprotectedHeader, payload } = message.value;
  if (protectedHeader.size !== 3 || protectedHeader.get(3) !== MEDIA_ENROLMENT) {
    return fail('proof_mismatch', 'the protected header is {alg, content type, kid}');
  }
  if (unprotectedHeader.size !== 0 || payload === null) {
    return fail('proof_mismatch', 'unprotected header or no payload');
  }
  const request = parseRequest(payload);
  if (!request.ok) return request;
  const mismatch = requestMismatch(request.value, expected);
  if (mismatch !== null) return fail('proof_mismatch', mismatch);
  const signedBy = expected.signedBy ?? expected.key;
  const kid = protectedHeader.get(4);
  if (!(kid instanceof Uint8Array) || !equal(kid, keyThumbprint(signedBy))) {
    return fail('proof_mismatch', 'another kid');
  }
  const checked = checkPublicKey(expected.key);
  if (!checked.ok) return checked;
  const valid = verifySign1({ message: message.value, key: signedBy, native });
  return valid ? ok(request.value) : fail('proof_signature', 'the signature does not verify');
}

function requestMismatch(request: EnrolmentRequest, expected: ExpectedEnrolment): string | null {
  if (request.device !== expected.device) return 'another device';
  if (!equal(keyThumbprint(request.key), keyThumbprint(expected.key))) return 'another key';
  if (!sameOrNull(request.ledgerId, expected.ledgerId)) return 'another ledger';
  if (expected.token !== undefined && !sameOrNull(request.token, expected.token)) {
    return 'another token';
  }
  return null;
}

function sameOrNull(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : equal(a, b);
}
