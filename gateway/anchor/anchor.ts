import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { verifyCosignature } from '@truegrain/device-sdk/formats/cosignature.js';
import {
  type NoteKey,
  type NoteSignature,
  signNoteLine,
} from '@truegrain/device-sdk/formats/note.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import { evaluatePolicy, type Policy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import type { Db } from '../store/database.ts';
import { CosignedNote } from './cosigned-note.ts';
import type { Cosigner } from './cosigner.ts';
import { OfferedLines } from './offered-lines.ts';
import type { OwnLog } from './own-log.ts';
import { PeerAsks, type PeerStanding, type PeerTrouble } from './peer-asks.ts';
import { ShownCheckpoints, tipOf } from './shown-checkpoints.ts';
import type { Tip } from './signed-tip.ts';
import type { WitnessPeer } from './witness-client.ts';

/** After the quorum, so that those who are a little slower are shown as well. */
const STRAGGLER_MS = 250;
/** A round without quorum then goes on with the newest tree, where others may be by now. */
const ROUND_MS = 2_000;
const RETRY_AFTER_MS = 1_000;

export type AnchorRefusal = 'behind_signed_tip' | 'forked_from_signed_tip';

export type Anchored = Tip;

type Tree = Pick<Tip, 'size' | 'root'>;

export interface AnchorOptions {
  db: Db;
  origin: string;
  /** The log key of this member. */
  log: Signer;
  cosigner: Cosigner;
  tree: OwnLog;
  /** For a tree of that size, asked at every step: members and their keys come and go. */
  policy: (size: number) => Policy;
  /** The other members and outside witnesses; a solo ledger has none. */
  peers?: () => readonly WitnessPeer[];
  native?: NativeVerify | undefined;
  /** A checkpoint that satisfies the policy, on disk. In solo mode before `anchor` returns. */
  onAnchored?: (anchored: Anchored) => void;
  onPeerTrouble?: (trouble: PeerTrouble) => void;
  /** A disk that failed between calls; the round is tried again. */
  onTrouble?: (error: Error) => void;
  stragglerMs?: number;
}

/** One checkpoint on its way to the quorum. */
interface Round {
  note: CosignedNote;
  isShown: boolean;
  /** Peers that can't cosign this size any more, and the size at which they stand. */
  ahead: Map<NoteKey, number>;
  isWaitingForNode: boolean;
  timer: NodeJS.Timeout | null;
}

/**
 * Signs the own tree's root as log, cosigns it, gathers the cosignatures that the policy asks for,
 * keeps and shows it. A solo ledger is the case where the own cosignature is the quorum.
 */
export class Anchor {
  readonly #options: AnchorOptions;
  readonly #policy: (size: number) => Policy;
  readonly #cosigner: Cosigner;
  readonly #tree: OwnLog;
  readonly #shown: ShownCheckpoints;
  readonly #asks: PeerAsks;
  readonly #offered = new OfferedLines();
  #round: Round | null = null;
  /** Asked for while a round was under way. */
  #isWanted = false;
  #newest: Anchored | null;
  #newestNote: CosignedNote | null = null;
  #retryTimer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: AnchorOptions) {
    const { db, cosigner, tree } = options;
    this.#options = options;
    this.#policy = options.policy;
    this.#cosigner = cosigner;
    this.#tree = tree;
    this.#shown = new ShownCheckpoints(db);
    this.#newest = this.#shown.newest(tree, this.#signedAndMet());
    this.#asks = new PeerAsks({
      peers: options.peers ?? (() => []),
      log: tree,
      onLine: (wanted, key, signature) => (wanted as CosignedNote).add(key, signature),
      onAhead: (wanted, key, size) => {
        if (wanted === this.#round?.note) this.#round.ahead.set(key, size);
      },
      onTrouble: (trouble) => options.onPeerTrouble?.(trouble),
      onChange: () => this.#step(),
      onFailure: (error) => options.onTrouble?.(error),
    });
  }

  /** Under it receipts are issued; null as long as this member may sign nothing. */
  get newest(): Anchored | null {
    return this.#cosigner.floor.state().state === 'ready' ? this.#newest : null;
  }

  /** Why nothing may be signed: the tree does not extend all that this member once signed. */
  refusal(): AnchorRefusal | null {
    const { state } = this.#cosigner.floor.state();
    if (state === 'waiting') return 'behind_signed_tip';
    return state === 'forked' ? 'forked_from_signed_tip' : null;
  }

  /** Checkpoints shown of trees at least this large, the nearest first: what members stood by. */
  held(size: number): string[] {
    return this.#shown.held(size);
  }

  cosigners(): PeerStanding[] {
    return this.#asks.standing();
  }

  /**
   * Begins to anchor this tree; `onAnchored` says when it is. During a round it is only noted that
   * the tree has grown. Throws where the disk fails at once; then nothing was shown.
   */
  anchor(tree: Tree): void {
    if (this.#closed || this.#cosigner.floor.state().state !== 'ready') return;
    this.#isWanted = this.#round !== null;
    if (this.#round) return;
    this.#assertExtends(tree);
    if (tree.size === this.#newest?.size) return;
    try {
      this.#open(tree);
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  /** What stood under a checkpoint of another member that this one has just cosigned. */
  offer(tree: Tree, signatures: readonly NoteSignature[], body: string): void {
    const round = this.#round;
    const { native } = this.#options;
    for (const { key } of this.#policy(tree.size).witnesses) {
      if (equal(key.key, this.#cosigner.key.key)) continue;
      const signature = signatures.find((line) => verifies({ body, signature: line, key, native }));
      if (!signature) continue;
      if (tree.size === round?.note.size) round.note.add(key, signature);
      else if (tree.size === this.#newestNote?.size) this.#newestNote.add(key, signature);
      else this.#offered.add(tree, { key, signature });
      if (round && tree.size > round.note.size) round.ahead.set(key, tree.size);
    }
    this.#step();
  }

  /** What is committed and not anchored then is anchored at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#drop();
    if (this.#retryTimer) clearTimeout(this.#retryTimer);
    await this.#asks.close();
  }

  /**
   * Signs the size. Its root is on disk with the own cosignature before anybody is asked; a crash
   * here leaves it for the next start, which signs the same root again or a larger tree's.
   */
  #open(tree: Tree): void {
    this.#drop();
    const { origin, log, native } = this.#options;
    const signLog = (body: string) => signNoteLine(body, { name: origin, signer: log });
    const note = new CosignedNote({ origin, ...tree, signLog, native });
    const own = this.#cosigner.cosign({ ...tree, logLines: [note.logLine] });
    if (!own.ok) throw new Error(`size ${tree.size} can't be signed: ${own.code}, ${own.detail}`);
    note.addOwn(this.#cosigner.key, own.value);
    this.#offered.moveInto(note);
    const round = { note, isShown: false, ahead: new Map(), isWaitingForNode: false, timer: null };
    this.#round = round;
    this.#isWanted = false;
    this.#asks.want(note);
    this.#advance();
    if (this.#round === round && !round.isShown)
      this.#arm(round, ROUND_MS, () => this.#late(round));
  }

  /** After each event; a disk that fails here ends the round, which begins anew a little later. */
  #step(): void {
    if (this.#closed) return;
    try {
      this.#advance();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#failed(error);
    }
  }

  #failed(error: Error): void {
    this.#drop();
    this.#options.onTrouble?.(error);
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = null;
      this.#next();
    }, RETRY_AFTER_MS);
  }

  #advance(): void {
    const round = this.#round;
    if (!round) {
      this.#mergeLate();
      return;
    }
    const policy = this.#policy(round.note.size);
    const pending = this.#asks.pending();
    if (!round.isShown && round.note.meets(policy) && this.#satisfies(policy, round.note.text())) {
      round.isShown = true;
      this.#show(round.note);
      if (this.#newest) this.#options.onAnchored?.(this.#newest);
      const { stragglerMs = STRAGGLER_MS } = this.#options;
      if (pending.length > 0) this.#arm(round, stragglerMs, () => this.#finish(round));
    }
    if (this.#round !== round) return;
    if (round.isShown && pending.length === 0) this.#finish(round);
    else if (!round.isShown && !round.note.meets(policy, pending)) this.#follow(round);
  }

  #satisfies(policy: Policy, note: string): boolean {
    const verdict = evaluatePolicy(policy, note, this.#options.native);
    return verdict.ok && verdict.value.satisfied;
  }

  #show(note: CosignedNote): void {
    const shown = { size: note.size, root: note.root, note: note.text() };
    this.#shown.add(shown);
    this.#newest = shown;
    this.#newestNote = note;
  }

  #finish(round: Round): void {
    if (this.#round !== round) return;
    this.#drop();
    this.#mergeLate();
    if (this.#isWanted) this.#next();
  }

  /** Lines that came after the quorum; the same checkpoint, better vouched for. */
  #mergeLate(): void {
    const note = this.#newestNote;
    if (note && note.text() !== this.#newest?.note) this.#show(note);
  }

  /**
   * The quorum is out of reach at this size: too many have gone on. Where they are is the size to
   * meet at. Going past them, to the newest own tree, all members would chase one another.
   */
  #follow(round: Round): void {
    if (round.ahead.size === 0 || round.isWaitingForNode) return;
    const size = Math.max(this.#cosigner.size(), ...round.ahead.values());
    if (size <= this.#tree.size()) {
      this.#reopen(size);
      return;
    }
    round.isWaitingForNode = true;
    void this.#tree.whenSize(size, ROUND_MS).then((isThere) => {
      round.isWaitingForNode = false;
      if (this.#round !== round || round.isShown) return;
      if (isThere) this.#again(() => this.#reopen(size));
      else this.#late(round);
    });
  }

  #late(round: Round): void {
    if (this.#round !== round || round.isShown) return;
    if (this.#tree.size() > round.note.size) this.#again(() => this.#reopen(this.#tree.size()));
    else this.#arm(round, ROUND_MS, () => this.#late(round));
  }

  /** The newest tree, where it has grown since. */
  #next(): void {
    const size = this.#tree.size();
    if (!this.#round && size > (this.#newest?.size ?? 0)) this.#again(() => this.#reopen(size));
  }

  #reopen(size: number): void {
    const isWanted = this.#isWanted || size < this.#tree.size();
    this.#open({ size, root: this.#tree.root(size) });
    this.#isWanted ||= isWanted;
  }

  #again(work: () => void): void {
    if (this.#closed || this.#cosigner.floor.state().state !== 'ready') return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#failed(error);
    }
  }

  #arm(round: Round, ms: number, work: () => void): void {
    if (round.timer) clearTimeout(round.timer);
    round.timer = setTimeout(() => this.#again(work), ms);
  }

  #drop(): void {
    if (this.#round?.timer) clearTimeout(this.#round.timer);
    this.#round = null;
  }

  /** What is signed is what the tiles on disk hash to, and so is what was signed before. */
  #assertExtends({ size, root }: Tree): void {
    const signed = this.#cosigner.size();
    if (signed > size) throw new Error(`size ${size} does not extend the signed tip of ${signed}`);
    if (!equal(this.#tree.root(size), root)) {
      throw new Error(`the tiles of size ${size} do not have the root to be signed`);
    }
  }

  /** A crash between tip and row in solo mode leaves one; elsewhere the tip alone has no quorum. */
  #signedAndMet(): Anchored | null {
    const note = this.#cosigner.floor.newest()?.note;
    const tip = note === undefined ? null : tipOf(note);
    return tip && this.#satisfies(this.#policy(tip.size), tip.note) ? tip : null;
  }
}

function verifies(claim: Parameters<typeof verifyCosignature>[0]): boolean {
  return verifyCosignature(claim).ok;
}
