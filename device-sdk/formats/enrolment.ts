// SPEC.md §4.3: the enrolment proof, a COSE_Sign1 (RFC 9052 §4.2) by the key to be registered.

/** @module enrolment */
import { equal, equalOrNull } from './bytes.ts';
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { type CoseKey, coseKeyMap, keyThumbprint } from './cose-key.ts';
import { signSign1 } from './cose-sign1.ts';
import { isDeviceUrn } from './device-urn.ts';
import { openFields } from './fields.ts';
import { MEDIA_ENROLMENT } from './media-types.ts';
import { openProof, proofFault } from './possession-proof.ts';
import { fail, type Result } from './result.ts';
import type { NativeVerify } from './signature.ts';
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
  const opened = openProof(bytes, MEDIA_ENROLMENT);
  if (!opened.ok) return opened;
  const request = parseRequest(opened.value.payload);
  if (!request.ok) return request;
  const mismatch = requestMismatch(request.value, expected);
  if (mismatch !== null) return fail('proof_mismatch', mismatch);
  const { key: proved, signedBy = proved } = expected;
  return proofFault(opened.value.message, { proved, signedBy }, native) ?? request;
}

function requestMismatch(request: EnrolmentRequest, expected: ExpectedEnrolment): string | null {
  if (request.device !== expected.device) return 'another device';
  if (!equal(keyThumbprint(request.key), keyThumbprint(expected.key))) return 'another key';
  if (!equalOrNull(request.ledgerId, expected.ledgerId)) return 'another ledger';
  if (expected.token !== undefined && !equalOrNull(request.token, expected.token)) {
    return 'another token';
  }
  return null;
}
