// C2SP tlog-cosignature v1.1, Ed25519 `cosignature/v1`: a witness's line under a checkpoint.
/**
 * The signature covers a time and the note body and not the cosigner's name, so one Ed25519 key
 * must never serve two names. A cosigner states that this was the largest consistent tree of the
 * origin it had seen at that time; it is the caller's duty to have checked so, durably, before.
 *
 * @module cosignature
 */
import { equal } from './bytes.ts';
import { parseCheckpointBody } from './checkpoint.ts';
import { cosignedMessage, encodeTimestamped } from './cosigned-message.ts';
import {
  cosignerKey,
  formatSignatureLine,
  type NoteKey,
  type NoteSignature,
  noteKey,
  verifyNoteSignature,
} from './note.ts';
import { fail, ok, type Result } from './result.ts';
import type { NativeVerify } from './signature.ts';
import type { Signer } from './signer.ts';

export interface Cosigner {
  name: string;
  /** An Ed25519 signer: there is no ES256 cosignature type. */
  signer: Signer;
  timeSeconds: number;
}

/** The signature line of a cosigner under a checkpoint body, with its newline. */
export function cosign(body: string, { name, signer, timeSeconds }: Cosigner): string {
  if (signer.key.kty !== 'OKP') throw new TypeError('a checkpoint is cosigned with Ed25519');
  if (!parseCheckpointBody(body).ok) throw new TypeError('only checkpoints are cosigned');
  const time = BigInt(timeSeconds);
  const signature = signer.sign(cosignedMessage(body, time));
  const { keyId } = noteKey(name, 4, signer.key.x);
  const stamped = encodeTimestamped({ timeSeconds: time, signature });
  return formatSignatureLine({ name, keyId, signature: stamped });
}

/** The time of a cosignature of this key over this body; the key may be published as type 0x01. */
export function verifyCosignature(claim: {
  body: string;
  signature: NoteSignature;
  key: NoteKey;
  native?: NativeVerify | undefined;
}): Result<{ timeSeconds: bigint }> {
  const { body, signature, native } = claim;
  const key = cosignerKey(claim.key);
  if (signature.name !== key.name || !equal(signature.keyId, key.keyId)) {
    return fail('note_unverified', `not a cosignature of ${key.name}`);
  }
  const signed = verifyNoteSignature({ text: body, signature: signature.signature, key, native });
  if (signed === null || signed.timeSeconds === null) {
    return fail('note_signature', `cosignature of ${key.name}`);
  }
  return ok({ timeSeconds: signed.timeSeconds });
}
