import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Result } from '@truegrain/device-sdk/formats/result.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { Tree } from '../log/tree.ts';
import type { Db } from '../store/database.ts';
import { type RefusedFrame, RefusedFrames } from '../store/refused-frames.ts';
import {
  type AppliedBatch,
  applyBatch,
  type BatchBlock,
  type BlockRefusal,
} from './apply-batch.ts';
import {
  type AppliedGovernance,
  applyGovernance,
  type GovernanceRefusal,
  type LiveTimes,
} from './apply-governance.ts';
import { LedgerStore } from './ledger-store.ts';
import type { LedgerState } from './state.ts';

/** While a reader holds the WAL, cutting it is tried now and then only. */
const COMMITS_A_CLEANING = 64;

/**
 * The one-member driver of the state machine: SQLite, in process. One block is one COMMIT of
 * entries, contents, tree and state. In solo mode accepted and committed are the same COMMIT.
 */
export class SoloLedger {
  readonly store: LedgerStore;
  readonly #refused: RefusedFrames;
  readonly #native: NativeVerify | undefined;
  #loaded: { state: LedgerState; tree: Tree } | null = null;
  /** The WAL may hold pages of erased contents. */
  #walIsDirty = true;
  #commits = 0;

  constructor(db: Db, native?: NativeVerify) {
    this.store = new LedgerStore(db);
    this.#refused = new RefusedFrames(db);
    this.#native = native;
    this.#load();
    this.#cleanWal();
  }

  /** Never ahead of the disk: after a commit that failed it is read from there again. */
  get state(): LedgerState {
    return this.#load().state;
  }

  root(): Uint8Array {
    return this.#load().tree.root();
  }

  /**
   * A crash before COMMIT leaves the ledger as it was: the frames are unacknowledged and come
   * again. A crash after it leaves them committed: they come again as duplicates.
   */
  commitBatch(
    block: BatchBlock,
    beside: { contents: readonly Uint8Array[]; refused: readonly RefusedFrame[] },
  ): Result<AppliedBatch, BlockRefusal> {
    return this.#commit(({ state, tree }) => {
      const applied = applyBatch(state, this.store.history, block);
      if (!applied.ok) return applied;
      const { statements, statement, leafIndex } = applied.value;
      for (const [i, { facts, leafIndex: at }] of statements.entries()) {
        this.store.leaves.append(at, facts.entry);
        const content = beside.contents[i];
        if (content && !isErased(state, facts.id)) this.store.leaves.keepContent(at, content);
      }
      this.store.leaves.append(leafIndex, statement.entry);
      this.store.writeBatch(applied.value, tree);
      for (const frame of beside.refused) {
        if (!isErased(state, frame.id)) this.#refused.keep(frame);
      }
      return applied;
    });
  }

  commitGovernance(
    statement: Statement,
    live?: LiveTimes,
  ): Result<AppliedGovernance, GovernanceRefusal> {
    const result = this.#commit(({ state, tree }) => {
      const native = this.#native;
      const applied = applyGovernance(state, statement, native, live);
      if (!applied.ok) return applied;
      this.store.leaves.append(applied.value.leafIndex, statement.entry);
      this.store.writeGovernance(applied.value, tree);
      for (const id of applied.value.erased) this.#erase(id);
      return applied;
    });
    if (result.ok && result.value.erased.length > 0) {
      this.#walIsDirty = true;
      this.#cleanWal();
    }
    return result;
  }

  /** Throws where the disk failed; state and tree are then read from it again. */
  #commit<T>(work: (loaded: { state: LedgerState; tree: Tree }) => T): T {
    const { db } = this.store;
    const loaded = this.#load();
    this.#commits += 1;
    if (this.#walIsDirty && this.#commits % COMMITS_A_CLEANING === 0) this.#cleanWal();
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work(loaded);
      db.exec('COMMIT');
      return result;
    } catch (error) {
      this.#loaded = null;
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  #load(): { state: LedgerState; tree: Tree } {
    if (this.#loaded) return this.#loaded;
    // A rollback that failed: what is read inside its transaction is not on disk.
    if (this.store.db.inTransaction) this.store.db.exec('ROLLBACK');
    this.store.packs.forget();
    this.#refused.forget();
    const state = this.store.loadState();
    this.#loaded = { state, tree: this.store.loadTree(state.size) };
    return this.#loaded;
  }

  /**
   * Erased pages stay in the WAL until it is folded into the file and cut. A reader in its way (a
   * backup) or a full disk puts that off to the next commit or start; the erasure itself is done.
   */
  #cleanWal(): void {
    const { db } = this.store;
    this.#walIsDirty = true;
    const patienceMs = db.pragma('busy_timeout', { simple: true }) as number;
    try {
      db.pragma('busy_timeout = 0');
      const [done] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      this.#walIsDirty = done?.busy !== 0;
    } catch {
      // Tried again, as said above.
    } finally {
      db.pragma(`busy_timeout = ${patienceMs}`);
    }
  }

  #erase(id: Uint8Array): void {
    const leafIndex = this.store.leaves.find(id);
    if (leafIndex !== null) this.store.leaves.eraseContent(leafIndex);
    this.#refused.erase(id);
  }
}

function isErased({ erased }: LedgerState, id: Uint8Array): boolean {
  return erased.size > 0 && erased.has(toHex(id));
}
