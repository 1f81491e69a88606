// SPEC.md §4.9: by its key a member proves that it holds it, and for what it is to be used.

/** @module key-proof */
import { equal, equalOrNull } from './bytes.ts';
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { type CoseKey, coseKeyMap, keyThumbprint } from './cose-key.ts';
import { signSign1 } from './cose-sign1.ts';
import { openFields } from './fields.ts';
import { MEMBER_KEY_ROLES, type MemberKeyRole, URI } from './governance.ts';
import { MEDIA_KEY_PROOF } from './media-types.ts';
import { openProof, proofFault } from './possession-proof.ts';
import { fail, type Result } from './result.ts';
import type { NativeVerify } from './signature.ts';
import type { Signer } from './signer.ts';

export interface KeyProof {
  /** The member that is to have the key. */
  readonly iss: string;
  readonly role: MemberKeyRole;
  readonly key: CoseKey;
  /** Binds the proof to one ledger; null for the keys of a charter, whose ledger has no id yet. */
  readonly ledgerId: Uint8Array | null;
  /** SHA-256 of the member record: binds all keys of a card together; null in a later change. */
  readonly record: Uint8Array | null;
}

export function makeKeyProof(signer: Signer, proof: Omit<KeyProof, 'key'>): Uint8Array {
  const payload = encodeCbor(
    new Map<CborKey, CborValue>([
      ['iss', proof.iss],
      ['role', proof.role],
      ['key', coseKeyMap(signer.key)],
      ['ledgerId', proof.ledgerId],
      ['record', proof.record],
    ]),
  );
  return signSign1({ protectedHeader: new Map([[3, MEDIA_KEY_PROOF]]), payload, signer });
}

function parsePayload(payload: Uint8Array): Result<KeyProof> {
  const opened = openFields(payload, 'key proof');
  if (!opened.ok) return opened;
  const fields = opened.value;
  return fields.finish({
    iss: fields.text('iss', { pattern: URI }),
    role: fields.oneOf('role', MEMBER_KEY_ROLES),
    key: fields.key('key'),
    ledgerId: fields.digestOrNull('ledgerId'),
    record: fields.digestOrNull('record'),
  });
}

/**
 * Checks form, every expected field, the key (`checkPublicKey`: a registered key is never checked
 * again) and the signature. This is consensus code: same bytes, same verdict, on every node.
 */
export function verifyKeyProof(
  bytes: Uint8Array,
  expected: KeyProof,
  native?: NativeVerify,
): Result<KeyProof> {
  const opened = openProof(bytes, MEDIA_KEY_PROOF);
  if (!opened.ok) return opened;
  const proof = parsePayload(opened.value.payload);
  if (!proof.ok) return proof;
  const mismatch = proofMismatch(proof.value, expected);
  if (mismatch !== null) return fail('proof_mismatch', mismatch);
  const keys = { proved: expected.key, signedBy: expected.key };
  return proofFault(opened.value.message, keys, native) ?? proof;
}

function proofMismatch(proof: KeyProof, expected: KeyProof): string | null {
  if (proof.iss !== expected.iss) return 'another member';
  if (proof.role !== expected.role) return 'another role';
  if (!equal(keyThumbprint(proof.key), keyThumbprint(expected.key))) return 'another key';
  if (!equalOrNull(proof.ledgerId, expected.ledgerId)) return 'another ledger';
  return equalOrNull(proof.record, expected.record) ? null : 'another member record';
}
