import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { formatCheckpointBody, signCheckpoint } from '@truegrain/device-sdk/formats/checkpoint.js';
import { cosign } from '@truegrain/device-sdk/formats/cosignature.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { Db, Query } from '../store/database.ts';
import type { SignedTip, Tip } from './signed-tip.ts';

/** Checkpoints of trees at most this much smaller are kept: all of them would grow without end. */
const LEAVES_BEHIND_MAX = 1_000;

export type AnchorRefusal = 'behind_signed_tip' | 'forked_from_signed_tip';

export type Anchored = Tip;

export interface AnchorTree {
  size(): number;
  root(size: number): Uint8Array;
}

/** Signs the tree's root as log, cosigns it as the one member of a solo ledger, keeps and shows it. */
export class Anchor {
  readonly #origin: string;
  readonly #log: Signer;
  readonly #cosigner: { name: string; signer: Signer };
  readonly #tip: SignedTip;
  readonly #insert: Query;
  readonly #prune: Query;
  readonly #tree: AnchorTree;
  newest: Anchored | null;

  constructor(options: {
    db: Db;
    origin: string;
    log: Signer;
    cosigner: { name: string; signer: Signer };
    tip: SignedTip;
    tree: AnchorTree;
  }) {
    const { db } = options;
    this.#origin = options.origin;
    this.#log = options.log;
    this.#cosigner = options.cosigner;
    this.#tip = options.tip;
    this.#tree = options.tree;
    this.#insert = db.prepare('INSERT OR REPLACE INTO checkpoint VALUES (?, ?)');
    this.#prune = db.prepare('DELETE FROM checkpoint WHERE size < ?');
    const tip = options.tip.newest();
    this.newest = tip && tip.size <= options.tree.size() ? tip : null;
  }

  /** Why nothing may be signed: the tree does not extend all that this member once signed. */
  refusal(): AnchorRefusal | null {
    const tips = this.#tip.all();
    if (tips.some(({ size }) => size > this.#tree.size())) return 'behind_signed_tip';
    const isForked = tips.some(({ size, root }) => !equal(this.#tree.root(size), root));
    return isForked ? 'forked_from_signed_tip' : null;
  }

  /**
   * Signs the current size. The tip is on disk before the checkpoint is shown to anybody; a crash
   * between leaves a signature nobody saw, over a root the store already holds.
   */
  anchor(tree: { size: number; root: Uint8Array }, nowMs: number): Anchored {
    const { size, root } = tree;
    this.#assertExtends(tree);
    const checkpoint = { origin: this.#origin, size, root };
    const { name, signer } = this.#cosigner;
    const body = formatCheckpointBody(checkpoint);
    const note =
      signCheckpoint({ checkpoint, signer: this.#log }) +
      cosign(body, { name, signer, timeSeconds: Math.floor(nowMs / 1000) });
    this.#tip.keep(note);
    this.#insert.run(size, note);
    this.#prune.run(size - LEAVES_BEHIND_MAX);
    this.newest = { size, root, note };
    return this.newest;
  }

  /** What is signed is what the tiles on disk hash to, and so is what was signed before. */
  #assertExtends({ size, root }: { size: number; root: Uint8Array }): void {
    const { newest } = this;
    if (newest && (newest.size > size || !equal(this.#tree.root(newest.size), newest.root))) {
      throw new Error(`size ${size} does not extend the signed tip of size ${newest.size}`);
    }
    if (!equal(this.#tree.root(size), root)) {
      throw new Error(`the tiles of size ${size} do not have the root to be signed`);
    }
  }
}
