import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import type { Tree } from '../log/tree.ts';
import type { Db } from '../store/database.ts';
import { RefusedFrames } from '../store/refused-frames.ts';
import { WalCleaner } from '../store/wal-cleaner.ts';
import { Wanted } from '../store/wanted.ts';
import { Draft } from './app.ts';
import { catchUp } from './catch-up.ts';
import { LedgerStore } from './ledger-store.ts';
import { adoptFork, type LedgerState } from './state.ts';

/** The committed ledger of one member: tables on disk, state and tree in memory, always equal. */
export class Books {
  readonly store: LedgerStore;
  readonly refused: RefusedFrames;
  /** Contents that are elsewhere; nothing in solo mode. */
  readonly wanted: Wanted;
  readonly #wal: WalCleaner;
  #loaded: { state: LedgerState; tree: Tree } | null = null;

  constructor(db: Db) {
    this.store = new LedgerStore(db);
    this.refused = new RefusedFrames(db);
    this.wanted = new Wanted(db);
    this.#load();
    catchUp(db, this.store);
    this.#wal = new WalCleaner(db);
  }

  /** Never ahead of the disk: after a commit that failed it is read from there again. */
  get state(): LedgerState {
    return this.#load().state;
  }

  get tree(): Tree {
    return this.#load().tree;
  }

  /** A block to be tried on the committed state. */
  draft(native?: NativeVerify): Draft {
    const { state, tree } = this.#load();
    return new Draft({ state, tree, history: this.store.history, native });
  }

  /**
   * Entries, read model, tiles, state, and what `beside` writes, in one COMMIT. Throws where the
   * disk failed: nothing of the draft is there then, or (the COMMIT's own answer was lost) all of it.
   */
  commit(draft: Draft, beside: () => void = () => {}): void {
    const { db } = this.store;
    const loaded = this.#load();
    this.#wal.beforeCommit();
    db.exec('BEGIN IMMEDIATE');
    try {
      for (const applied of draft.applied) this.#write(applied);
      this.store.writeTiles(draft.tree);
      beside();
      db.exec('COMMIT');
    } catch (error) {
      this.#loaded = null;
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
    adoptFork(loaded.state, draft.state);
    loaded.tree = draft.tree;
    const hasErased = draft.applied.some((a) => a.kind !== 'batch' && a.erased.length > 0);
    if (hasErased) this.#wal.clean();
  }

  #write(applied: Draft['applied'][number]): void {
    const { leaves } = this.store;
    if (applied.kind === 'batch') {
      for (const { facts, leafIndex } of applied.statements) leaves.append(leafIndex, facts.entry);
      leaves.append(applied.leafIndex, applied.statement.entry);
      this.store.writeBatch(applied);
      return;
    }
    leaves.append(applied.leafIndex, applied.statement.entry);
    this.store.writeGovernance(applied);
    for (const id of applied.erased) this.#erase(id);
  }

  #erase(id: Uint8Array): void {
    const leafIndex = this.store.leaves.find(id);
    if (leafIndex !== null) {
      this.store.eraseContent(leafIndex);
      this.wanted.done(leafIndex);
    }
    this.refused.erase(id);
  }

  #load(): { state: LedgerState; tree: Tree } {
    if (this.#loaded) return this.#loaded;
    // A rollback that failed: what is read inside its transaction is not on disk.
    if (this.store.db.inTransaction) this.store.db.exec('ROLLBACK');
    this.store.packs.forget();
    this.store.events.forget();
    this.store.sensorSpans.forget();
    this.refused.forget();
    const state = this.store.loadState();
    this.#loaded = { state, tree: this.store.loadTree(state.size) };
    return this.#loaded;
  }
}
