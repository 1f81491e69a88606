// C2SP tlog-checkpoint v1.0.0: a log's origin, size and root as a signed note.

/** @module checkpoint */
import { equal, fromBase64, toBase64 } from './bytes.ts';
import { EMPTY_ROOT, HASH_BYTES } from './merkle.ts';
import {
  type Note,
  type NoteKey,
  parseNote,
  signNoteLine,
  type VerifiedKey,
  verifyNote,
} from './note.ts';
import { fail, ok, type Result } from './result.ts';
import type { NativeVerify } from './signature.ts';
import type { Signer } from './signer.ts';

export interface Checkpoint {
  origin: string;
  /** Leaves in the tree, within 2^53 − 1. */
  size: number;
  root: Uint8Array;
}

export interface CheckpointBody extends Checkpoint {
  /** Lines after the third: opaque, signed by the log, audited by nobody. Ours has none. */
  extensions: string[];
}

/** An ASCII decimal without leading zeroes within 2^53 − 1; null for anything else. */
export function parseDecimal(text: string): number | null {
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return null;
  const n = Number(text);
  return Number.isSafeInteger(n) ? n : null;
}

export function formatCheckpointBody({ origin, size, root }: Checkpoint): string {
  const body = `${origin}\n${size}\n${toBase64(root)}\n`;
  // What we sign must be what a strict reader takes back.
  const read = parseCheckpointBody(body);
  if (!read.ok) throw new TypeError(`not a checkpoint: ${read.detail}`);
  return body;
}

export function parseCheckpointBody(text: string): Result<CheckpointBody> {
  if (!text.endsWith('\n')) return fail('checkpoint_malformed', 'no newline at the end');
  const [origin, sizeText, rootText, ...extensions] = text.slice(0, -1).split('\n');
  if (origin === undefined || origin === '') return fail('checkpoint_malformed', 'origin');
  const size = sizeText === undefined ? null : parseDecimal(sizeText);
  if (size === null) return fail('checkpoint_malformed', 'tree size');
  const root = rootText === undefined ? null : fromBase64(rootText);
  if (root === null || root.length !== HASH_BYTES) return fail('checkpoint_malformed', 'root hash');
  if (size === 0 && !equal(root, EMPTY_ROOT)) {
    return fail('checkpoint_malformed', 'root hash of an empty tree');
  }
  if (extensions.includes('')) return fail('checkpoint_malformed', 'empty extension line');
  return ok({ origin, size, root, extensions });
}

/** The note of a checkpoint under a log key, whose name is the origin. */
export function signCheckpoint(by: { checkpoint: Checkpoint; signer: Signer }): string {
  const body = formatCheckpointBody(by.checkpoint);
  return `${body}\n${signNoteLine(body, { name: by.checkpoint.origin, signer: by.signer })}`;
}

export interface OpenCheckpoint {
  checkpoint: CheckpointBody;
  note: Note;
  /** All given keys that signed; among them at least one log key. */
  verified: VerifiedKey[];
}

/**
 * A checkpoint that one of the given keys vouches for as the log: a type 1 key whose name is the
 * origin. A key of another name proves nothing about this origin, even where its signature holds.
 */
export function openCheckpoint(
  noteText: string,
  keys: readonly NoteKey[],
  native?: NativeVerify,
): Result<OpenCheckpoint> {
  const note = parseNote(noteText);
  if (!note.ok) return note;
  const checkpoint = parseCheckpointBody(note.value.text);
  if (!checkpoint.ok) return checkpoint;
  const signed = verifyNote(note.value, keys, native);
  if (!signed.ok) return signed;
  const { verified } = signed.value;
  if (!verified.some((key) => isLogKeyOf(key, checkpoint.value.origin))) {
    return fail('note_unverified', 'not signed by a log key of its origin');
  }
  return ok({ checkpoint: checkpoint.value, note: note.value, verified });
}

export function isLogKeyOf(key: NoteKey, origin: string): boolean {
  return key.type === 1 && key.name === origin;
}
