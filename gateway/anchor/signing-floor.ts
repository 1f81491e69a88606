import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { parseCheckpointBody } from '@truegrain/device-sdk/formats/checkpoint.js';
import {
  type NoteKey,
  parseNote,
  verifyNoteSignature,
} from '@truegrain/device-sdk/formats/note.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import type { OwnLog } from './own-log.ts';
import type { SignedTip, Tip } from './signed-tip.ts';

export type FloorState =
  | { state: 'ready' }
  /** The tree must first extend this size, which `from` shows to be signed by this member. */
  | { state: 'waiting'; size: number; from: string }
  /** No copy of the tip is left: too few members have said yet what they hold. */
  | { state: 'asking'; answered: number; needed: number }
  /** The tree has another root at a size this member signed. It signs nothing ever again. */
  | { state: 'forked'; size: number; from: string };

/** A log or cosigning key of this member; one retired at a leaf vouches for no larger tree. */
export interface OwnKey {
  key: NoteKey;
  untilSize: number | null;
}

interface Claim extends Tip {
  from: string;
}

export interface FloorOptions {
  origin: string;
  tip: SignedTip;
  log: OwnLog;
  ownKeys: () => readonly OwnKey[];
  /**
   * Members that must have answered before a member without any copy of its tip signs; see
   * `answersNeeded`. 0 for a ledger that this member founds just now.
   */
  answersNeeded: () => number;
  native?: NativeVerify | undefined;
}

/**
 * The newest size this member ever signed, as far as its tip files, their copies and its peers
 * show; below it nothing is signed (DESIGN §7). What a peer shows is kept like an own signature,
 * so from the moment it was seen the peer is no longer needed.
 */
export class SigningFloor {
  readonly #options: FloorOptions;
  readonly #tip: SignedTip;
  readonly #log: OwnLog;
  readonly #answered = new Set<string>();
  /** Signed by this member and not yet compared with the own tree. */
  #open: Claim[];
  #forked: { size: number; from: string } | null = null;
  #newest: Tip | null = null;
  #isDurable = true;
  /** What this member signed is known; who joins later can't have seen more of it. */
  #isKnown: boolean;

  constructor(options: FloorOptions) {
    this.#options = options;
    this.#tip = options.tip;
    this.#log = options.log;
    this.#open = options.tip.all().map((tip) => ({ ...tip, from: 'the signed tip' }));
    for (const tip of this.#open) this.#raise(tip);
    this.#isKnown = this.#open.length > 0;
  }

  newest(): Tip | null {
    return this.#newest;
  }

  /** False after a disk failed: what is signed again at the same size is written again. */
  isDurable(): boolean {
    return this.#isDurable;
  }

  state(): FloorState {
    const size = this.#log.size();
    const beyond = this.#open.filter((claim) => claim.size > size);
    for (const claim of this.#open) {
      if (claim.size <= size && !equal(this.#log.root(claim.size), claim.root)) {
        this.#forked ??= { size: claim.size, from: claim.from };
      }
    }
    this.#open = beyond;
    if (this.#forked) return { state: 'forked', ...this.#forked };
    const [first, ...others] = beyond;
    if (first) {
      const top = others.reduce((most, claim) => (claim.size > most.size ? claim : most), first);
      return { state: 'waiting', size: top.size, from: top.from };
    }
    const answered = this.#answered.size;
    const needed = this.#options.answersNeeded();
    this.#isKnown ||= answered >= needed;
    return this.#isKnown ? { state: 'ready' } : { state: 'asking', answered, needed };
  }

  /**
   * On disk when this returns, before the signature is shown. A disk that fails may have kept it
   * all the same: the size counts as signed from here on.
   */
  keep(tip: Tip): void {
    this.#newest = tip;
    this.#isDurable = false;
    this.#tip.keep(tip.note);
    this.#isDurable = true;
  }

  /** Checkpoints that a peer or witness answered with; lines under own keys are own signatures. */
  heard(from: string, notes: readonly string[]): void {
    for (const note of notes) {
      const claim = this.#claimOf(note, from);
      if (!claim) continue;
      this.#open.push(claim);
      // A fork is judged, and counts, before the note could take the place of the own tip.
      this.state();
      if (claim.size > (this.#newest?.size ?? 0)) this.keep(claim);
    }
    this.#answered.add(from);
  }

  #raise(tip: Tip): void {
    if (tip.size >= (this.#newest?.size ?? 0)) this.#newest = tip;
  }

  #claimOf(noteText: string, from: string): Claim | null {
    const note = parseNote(noteText);
    const body = note.ok ? parseCheckpointBody(note.value.text) : note;
    if (!note.ok || !body.ok || body.value.origin !== this.#options.origin) return null;
    const { size, root } = body.value;
    const { text, signatures } = note.value;
    const { native } = this.#options;
    const isOwn = this.#options.ownKeys().some(({ key, untilSize }) => {
      if (untilSize !== null && size > untilSize) return false;
      return signatures.some(
        ({ name, keyId, signature }) =>
          name === key.name &&
          equal(keyId, key.keyId) &&
          verifyNoteSignature({ text, signature, key, native }) !== null,
      );
    });
    return isOwn ? { size, root, note: noteText, from } : null;
  }
}

/** n − f of n members, f = ⌊(n − 1) / 3⌋, as far as there are others to ask. */
export function answersNeeded(members: number): number {
  return Math.min(members - Math.floor((members - 1) / 3), members - 1);
}
