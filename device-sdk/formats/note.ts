// C2SP signed-note v1.0.0: text signed by one or more keys, and verifier keys (vkeys).
/**
 * A parsed note has exactly one text form: base64 is canonical and nothing surrounds the lines. A
 * lenient reader lets anybody change a note's bytes under a valid signature. The order and number
 * of signature lines stay free all the same: identify a note by what was signed, never by a hash
 * of the file.
 *
 * @module note
 */
import { concat, equal, fromBase64, toBase64, toHex, utf8 } from './bytes.ts';
import { cosignedMessage, parseTimestamped } from './cosigned-message.ts';
import { fail, ok, type Result } from './result.ts';
import { sha256 } from './sha256.ts';
import { checkPublicKey, type NativeVerify, verifySignature } from './signature.ts';
import type { Signer } from './signer.ts';

/** "Verifiers MUST accept at least up to 16 signatures"; Go's limit is 100. */
export const NOTE_SIGNATURES_MAX = 100;
/** 100 ML-DSA-44 lines are 330,000 characters; the text of our notes is below 1,000. */
export const NOTE_CHARS_MAX = 1_048_576;

const KEY_ID_BYTES = 4;
const KEY_BYTES = 32;

/** 0x01 Ed25519 over the note text; 0x04 Ed25519 cosignature/v1. */
export type NoteKeyType = 1 | 4;

export interface NoteKey {
  name: string;
  type: NoteKeyType;
  /** The Ed25519 public key, 32 bytes. */
  key: Uint8Array;
  keyId: Uint8Array;
}

export interface NoteSignature {
  name: string;
  keyId: Uint8Array;
  /** What follows the key id: for type 1 a signature, for type 4 a time and a signature. */
  signature: Uint8Array;
}

export interface Note {
  /** What is signed, with its final newline and without the blank line. */
  text: string;
  signatures: NoteSignature[];
}

/** A key whose signature on the note verified. */
export interface VerifiedKey extends NoteKey {
  /** The time a cosigner states (type 4); null for type 1. */
  timeSeconds: bigint | null;
}

/** "Key names MUST be non-empty and MUST NOT contain any Unicode spaces or plus characters." */
export function isKeyName(name: string): boolean {
  return name.length > 0 && isNoteText(name) && !/[\p{White_Space}+]/u.test(name);
}

/** Controls (Cc) below U+0020 but newline; lone surrogates, which UTF-8 lacks; a byte order mark. */
const NOT_IN_NOTE = /[^\P{Cc}\n\u007f-\u009f]|\p{Surrogate}|^\ufeff/u;

function isNoteText(text: string): boolean {
  return !NOT_IN_NOTE.test(text);
}

/** SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]. */
export function noteKeyId(name: string, type: NoteKeyType, key: Uint8Array): Uint8Array {
  return sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), key)).slice(0, KEY_ID_BYTES);
}

/** A key with its id; throws where the name can't stand in a note. */
export function noteKey(name: string, type: NoteKeyType, key: Uint8Array): NoteKey {
  if (!isKeyName(name)) throw new TypeError(`not a note key name: ${name}`);
  if (key.length !== KEY_BYTES) throw new TypeError('a note key is an Ed25519 key of 32 bytes');
  return { name, type, key, keyId: noteKeyId(name, type, key) };
}

export function formatVkey(name: string, type: NoteKeyType, key: Uint8Array): string {
  const { keyId } = noteKey(name, type, key);
  return `${name}+${toHex(keyId)}+${toBase64(concat(Uint8Array.of(type), key))}`;
}

/**
 * `name+hex(key id)+base64(type ‖ key)`. A vkey is where a key enters a trust store, so the point
 * itself is checked here, once, and never again for each signature (`checkPublicKey`).
 */
export function parseVkey(text: string): Result<NoteKey> {
  const [, name, idHex, keyText] = /^([^+]*)\+([0-9a-f]{8})\+(.{1,64})$/u.exec(text) ?? [];
  if (name === undefined || idHex === undefined || keyText === undefined) {
    return fail('note_key', 'not name+id+key');
  }
  if (!isKeyName(name)) return fail('note_key', 'key name');
  const material = fromBase64(keyText);
  const [type] = material ?? [];
  if (material === null || type === undefined) return fail('note_key', 'base64 of the key');
  if (type !== 1 && type !== 4) return fail('note_key_type', `signature type ${type}`);
  const key = material.subarray(1);
  if (key.length !== KEY_BYTES) return fail('note_key', `key of ${key.length} bytes`);
  const keyId = noteKeyId(name, type, key);
  if (toHex(keyId) !== idHex) return fail('note_key', 'key id of another key');
  const point = checkPublicKey({ kty: 'OKP', crv: 'Ed25519', x: key });
  return point.ok ? ok({ name, type, key, keyId }) : point;
}

/**
 * The key under which a witness's cosignatures stand. Witness vkeys are commonly published as type
 * 0x01 while their lines carry the 0x04 key id: recompute.
 */
export function cosignerKey(key: NoteKey): NoteKey {
  return key.type === 4 ? key : noteKey(key.name, 4, key.key);
}

/** `— <name> <base64(key id ‖ signature)>` with its newline. */
export function formatSignatureLine({ name, keyId, signature }: NoteSignature): string {
  return `— ${name} ${toBase64(concat(keyId, signature))}\n`;
}

/** One or more signature lines, each with its newline: the end of a note, or a witness's answer. */
export function parseSignatureLines(text: string): Result<NoteSignature[]> {
  if (text.length > NOTE_CHARS_MAX) return fail('note_too_large', `${text.length} characters`);
  if (!text.endsWith('\n')) return fail('note_malformed', 'no newline at the end');
  const lines = text.slice(0, -1).split('\n');
  if (lines.length > NOTE_SIGNATURES_MAX) {
    return fail('note_too_large', `${lines.length} signatures`);
  }
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name, encoded] = /^— ([^ ]+) ([^ ]+)$/u.exec(line) ?? [];
    const bytes = encoded === undefined ? null : fromBase64(encoded);
    if (name === undefined || !isKeyName(name) || bytes === null || bytes.length <= KEY_ID_BYTES) {
      return fail('note_malformed', `signature line ${signatures.length + 1}`);
    }
    const keyId = bytes.subarray(0, KEY_ID_BYTES);
    signatures.push({ name, keyId, signature: bytes.subarray(KEY_ID_BYTES) });
  }
  return ok(signatures);
}

export function parseNote(noteText: string): Result<Note> {
  if (noteText.length > NOTE_CHARS_MAX) return fail('note_too_large', `${noteText.length} chars`);
  if (!isNoteText(noteText)) return fail('note_malformed', 'control character or bad Unicode');
  // "The text is separated from the signatures by the last empty line in the note."
  const split = noteText.lastIndexOf('\n\n');
  if (split < 0) return fail('note_malformed', 'no empty line before signatures');
  const signatures = parseSignatureLines(noteText.slice(split + 2));
  if (!signatures.ok) return signatures;
  return ok({ text: noteText.slice(0, split + 1), signatures: signatures.value });
}

export function formatNote({ text, signatures }: Note): string {
  if (!text.endsWith('\n') || !isNoteText(text)) throw new TypeError('not the text of a note');
  return `${text}\n${signatures.map(formatSignatureLine).join('')}`;
}

/** A type 1 signature line over a note text. */
export function signNoteLine(text: string, by: { name: string; signer: Signer }): string {
  const { name, signer } = by;
  if (signer.key.kty !== 'OKP') throw new TypeError('a note is signed with Ed25519');
  const { keyId } = noteKey(name, 1, signer.key.x);
  return formatSignatureLine({ name, keyId, signature: signer.sign(utf8(text)) });
}

/**
 * Whether one signature is of this key over this text; null where it isn't. Name and key id are
 * the caller's to match.
 */
export function verifyNoteSignature(claim: {
  text: string;
  signature: Uint8Array;
  key: NoteKey;
  native?: NativeVerify | undefined;
}): VerifiedKey | null {
  const { text, signature, key, native } = claim;
  const stamped = key.type === 4 ? parseTimestamped(signature) : { timeSeconds: null, signature };
  if (stamped === null) return null;
  const { timeSeconds } = stamped;
  const verified = verifySignature({
    alg: -8,
    key: { kty: 'OKP', crv: 'Ed25519', x: key.key },
    message: timeSeconds === null ? utf8(text) : cosignedMessage(text, timeSeconds),
    signature: stamped.signature,
    native,
  });
  return verified ? { ...key, timeSeconds } : null;
}

/**
 * The known keys that signed, each once. Signatures of unknown keys are ignored; a signature under
 * a known name and id that fails refuses the whole note, and so does a note that no known key
 * signed. A key that signed twice must be right twice; of cosignatures the latest time counts.
 */
export function verifyNote(
  note: Note,
  keys: readonly NoteKey[],
  native?: NativeVerify,
): Result<{ verified: VerifiedKey[] }> {
  const verified: VerifiedKey[] = [];
  for (const { name, keyId, signature } of note.signatures) {
    const known = keys.filter((key) => key.name === name && equal(key.keyId, keyId));
    const [key, ...others] = known;
    if (key === undefined) continue;
    if (others.some((other) => !isSameKey(other, key))) {
      return fail('note_key', `two keys share the name ${name} and an id`);
    }
    const signed = verifyNoteSignature({ text: note.text, signature, key, native });
    if (signed === null) return fail('note_signature', `signature of ${name}`);
    const earlier = verified.findIndex((other) => isSameKey(other, key));
    if (earlier < 0) verified.push(signed);
    else if (isLater(signed, verified[earlier])) verified[earlier] = signed;
  }
  return verified.length > 0 ? ok({ verified }) : fail('note_unverified', 'no known key signed');
}

function isSameKey(a: NoteKey, b: NoteKey): boolean {
  return a.type === b.type && a.name === b.name && equal(a.key, b.key);
}

function isLater(a: VerifiedKey, b: VerifiedKey | undefined): boolean {
  return (a.timeSeconds ?? 0n) > (b?.timeSeconds ?? 0n);
}
