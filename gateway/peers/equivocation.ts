// DESIGN §7: a member that signs two roots not consistent with each other is caught, both are kept.
import { equal, toBase64, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import {
  type CheckpointBody,
  parseCheckpointBody,
} from '@truegrain/device-sdk/formats/checkpoint.js';
import type { CoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import {
  formatVkey,
  type Note,
  type NoteKey,
  parseNote,
  verifyNoteSignature,
} from '@truegrain/device-sdk/formats/note.js';
import { verifyReceipt } from '@truegrain/device-sdk/formats/receipt.js';
import { ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import type { OwnLog } from '../anchor/own-log.ts';

/** One member's log and cosigning keys, or an outside witness's one; retired ones among them. */
export interface Signatory {
  /** `iss` of a member, name of a witness. */
  member: string;
  keys: readonly SignatoryKey[];
}

export interface SignatoryKey {
  key: NoteKey;
  /** Vouches for no tree larger than this; null while it is active. */
  untilSize: number | null;
}

export interface SignedBy {
  member: string;
  key: NoteKey;
}

/** A checkpoint, and who of the known signed it. */
export interface ReadNote {
  text: string;
  checkpoint: CheckpointBody;
  signedBy: SignedBy[];
  /** Lines under a known key's name and id that do not verify. */
  bad: SignedBy[];
}

/** One of two things that can't both be true. */
export interface Side {
  /** A signed note, a receipt, or what this member's own tree says. */
  what: 'note' | 'receipt' | 'own tree';
  size: number;
  /** Lower hex. */
  root: string;
  /** vkeys of the member under which it verifies; none for the own tree. */
  vkeys: string[];
  /** The note verbatim; the receipt in base64; null for the own tree. */
  signed: string | null;
}

export interface Equivocation {
  member: string;
  origin: string;
  /** Of the larger tree. */
  size: number;
  /** For people: what was signed and why it can't be. */
  words: string;
  sides: readonly [Side, Side];
  /**
   * RFC 9162 §2.1.4: proves that the larger side's tree has `root1` at the smaller side's size,
   * which is not the root that was signed there. Null where the sizes are equal.
   */
  consistency: { size1: number; root1: string; size2: number; path: string[] } | null;
}

/** What this member holds against which others are judged. */
export interface OwnView {
  origin: string;
  log: OwnLog;
  signatories: () => readonly Signatory[];
  /** Own checkpoints with the cosignatures gathered: the one of that size first, then newer ones. */
  heldNotes: (size: number) => readonly string[];
  native?: NativeVerify | undefined;
}

export function readNote(text: string, view: OwnView): Result<ReadNote> {
  const note = parseNote(text);
  if (!note.ok) return note;
  const checkpoint = parseCheckpointBody(note.value.text);
  if (!checkpoint.ok) return checkpoint;
  const { size } = checkpoint.value;
  const signedBy: SignedBy[] = [];
  const bad: SignedBy[] = [];
  for (const { member, keys } of view.signatories()) {
    for (const { key, untilSize } of keys) {
      if (untilSize !== null && size > untilSize) continue;
      const holds = holdsUnder(note.value, key, view.native);
      if (holds !== null) (holds ? signedBy : bad).push({ member, key });
    }
  }
  return ok({ text, checkpoint: checkpoint.value, signedBy, bad });
}

/** Null where the note has no line of this key. */
function holdsUnder(note: Note, key: NoteKey, native?: NativeVerify): boolean | null {
  const lines = note.signatures.filter(
    ({ name, keyId }) => name === key.name && equal(keyId, key.keyId),
  );
  if (lines.length === 0) return null;
  const { text } = note;
  return lines.some(
    ({ signature }) => verifyNoteSignature({ text, signature, key, native }) !== null,
  );
}

/**
 * A note against the own tree, whose root at its size is another: every member that signed it has
 * either signed two histories, or is in another one altogether. Where the member's line stands
 * under an own checkpoint as well, that one is the other side, and the two prove it to anybody.
 */
export function contradictionsOf(note: ReadNote, view: OwnView): Equivocation[] {
  const { size, root } = note.checkpoint;
  if (size > view.log.size() || equal(view.log.root(size), root)) return [];
  return membersOf(note).map((member) => {
    const side = sideOf(note, member);
    const held = heldOf(member, size, view);
    const other = held ? sideOf(held, member) : ownSide(size, view);
    const size2 = other.size;
    const words = held
      ? `${member} signed a root at size ${size} and one at size ${size2} that are not of one history`
      : `${member} signed a root at size ${size} that is not the root of this member's own tree`;
    return {
      member,
      origin: view.origin,
      size: Math.max(size, size2),
      words,
      sides: [side, other],
      consistency: size2 > size ? ownProof(size, size2, view) : null,
    };
  });
}

/** Two notes of one size with two roots, whoever showed them: no tree is needed to see it. */
export function contradictionsBetween(a: ReadNote, b: ReadNote, view: OwnView): Equivocation[] {
  const { size, root } = a.checkpoint;
  if (b.checkpoint.size !== size || equal(b.checkpoint.root, root)) return [];
  const both = membersOf(a).filter((member) => membersOf(b).includes(member));
  return both.map((member) => ({
    member,
    origin: view.origin,
    size,
    words: `${member} signed two roots at size ${size}`,
    sides: [sideOf(a, member), sideOf(b, member)],
    consistency: null,
  }));
}

/** A larger tree that its own tiles, or the lack of a proof, show not to extend the own one. */
export function forkBeyond(
  note: ReadNote,
  view: OwnView,
  fork: { size1: number; root1: Uint8Array; path: readonly Uint8Array[] },
): Equivocation[] {
  const { size1, root1, path } = fork;
  const { size: size2 } = note.checkpoint;
  return membersOf(note).map((member) => {
    const held = heldOf(member, size1, view);
    const other = held ? sideOf(held, member) : ownSide(size1, view);
    const words = `${member} signed a root at size ${size2} whose tree does not extend ${
      held ? `the one it signed at size ${other.size}` : `this member's own tree of size ${size1}`
    }`;
    return {
      member,
      origin: view.origin,
      size: size2,
      words,
      sides: [sideOf(note, member), other],
      consistency: { size1, root1: toHex(root1), size2, path: path.map(toHex) },
    };
  });
}

/**
 * A COSE receipt of a member against the own tree. Its size is under no signature: a carrier may
 * have changed it. So a root that the own tree has at another size of those given is no finding.
 */
export function receiptContradiction(
  given: {
    receipt: Uint8Array;
    entry: Uint8Array;
    member: string;
    logKey: CoseKey;
    /** Sizes at which checkpoints are known, beside the one the receipt claims. */
    knownSizes: readonly number[];
  },
  view: OwnView,
): Equivocation | null {
  const { receipt, entry, member, logKey, knownSizes } = given;
  const verdict = verifyReceipt({ receipt, entry, key: logKey, native: view.native });
  if (!verdict.ok || verdict.value.iss !== `https://${view.origin}`) return null;
  const { size, root } = verdict.value;
  const own = view.log.size();
  if (size > own) return null;
  const sizes = [size, ...knownSizes].filter((at) => at <= own);
  if (sizes.some((at) => equal(view.log.root(at), root))) return null;
  const vkeys = logKey.kty === 'OKP' ? [formatVkey(view.origin, 1, logKey.x)] : [];
  const side: Side = { what: 'receipt', size, root: toHex(root), vkeys, signed: toBase64(receipt) };
  const words =
    `${member} signed a receipt under a root that this member's own tree does not have, neither at ` +
    `the size ${size} that the receipt claims, which is under no signature, nor at any of the ` +
    `${knownSizes.length} sizes of known checkpoints`;
  return {
    member,
    origin: view.origin,
    size,
    words,
    sides: [side, ownSide(size, view)],
    consistency: null,
  };
}

export function membersOf({ signedBy }: ReadNote): string[] {
  return [...new Set(signedBy.map(({ member }) => member))];
}

/** An own checkpoint at least as large under which this member's line stands. */
function heldOf(member: string, size: number, view: OwnView): ReadNote | null {
  for (const text of view.heldNotes(size)) {
    const note = readNote(text, view);
    if (!note.ok || note.value.checkpoint.size < size) continue;
    const { checkpoint } = note.value;
    if (checkpoint.size > view.log.size()) continue;
    if (!equal(view.log.root(checkpoint.size), checkpoint.root)) continue;
    if (membersOf(note.value).includes(member)) return note.value;
  }
  return null;
}

function sideOf(note: ReadNote, member: string): Side {
  const { size, root } = note.checkpoint;
  const keys = note.signedBy.filter((by) => by.member === member).map(({ key }) => key);
  const vkeys = keys.map(({ name, type, key }) => formatVkey(name, type, key));
  return { what: 'note', size, root: toHex(root), vkeys, signed: note.text };
}

function ownProof(size1: number, size2: number, { log }: OwnView): Equivocation['consistency'] {
  const path = log.consistency(size1, size2).map(toHex);
  return { size1, root1: toHex(log.root(size1)), size2, path };
}

function ownSide(size: number, { log }: OwnView): Side {
  return { what: 'own tree', size, root: toHex(log.root(size)), vkeys: [], signed: null };
}
