import type { Result } from '@truegrain/device-sdk/formats/result.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { Tree } from '../log/tree.ts';
import type { Db } from '../store/database.ts';
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
} from './apply-governance.ts';
import { LedgerStore } from './ledger-store.ts';
import type { LedgerState } from './state.ts';

/** A frame refused in this batch, kept for whoever asks why; the batch statement lists its id. */
export interface RefusedFrame {
  id: Uint8Array;
  device: string;
  seq: number;
  code: string;
  receivedMs: number;
  frame: Uint8Array;
}

/**
 * The one-member driver of the state machine: SQLite, in process. One block is one COMMIT of
 * entries, contents, tree and state. In solo mode accepted and committed are the same COMMIT.
 */
export class SoloLedger {
  readonly store: LedgerStore;
  readonly #native: NativeVerify | undefined;
  state: LedgerState;
  #tree: Tree;

  constructor(db: Db, native?: NativeVerify) {
    this.store = new LedgerStore(db);
    this.#native = native;
    this.state = this.store.loadState();
    this.#tree = this.store.loadTree(this.state.size);
  }

  root(): Uint8Array {
    return this.#tree.root();
  }

  /**
   * A crash before COMMIT leaves the ledger as it was: the frames are unacknowledged and come
   * again. A crash after it leaves them committed: they come again as duplicates.
   */
  commitBatch(
    block: BatchBlock,
    beside: { contents: readonly Uint8Array[]; refused: readonly RefusedFrame[] },
  ): Result<AppliedBatch, BlockRefusal> {
    return this.#commit(() => {
      const applied = applyBatch(this.state, this.store.history, block);
      if (!applied.ok) return applied;
      const { statements, statement, leafIndex } = applied.value;
      for (const [i, { facts, leafIndex: at }] of statements.entries()) {
        this.store.leaves.append(at, facts.entry);
        const content = beside.contents[i];
        if (content) this.store.leaves.keepContent(at, content);
      }
      this.store.leaves.append(leafIndex, statement.entry);
      this.store.writeBatch(applied.value, this.#tree);
      for (const frame of beside.refused) this.#keepRefused(frame);
      return applied;
    });
  }

  commitGovernance(statement: Statement): Result<AppliedGovernance, GovernanceRefusal> {
    const result = this.#commit(() => {
      const applied = applyGovernance(this.state, statement, this.#native);
      if (!applied.ok) return applied;
      this.store.leaves.append(applied.value.leafIndex, statement.entry);
      this.store.writeGovernance(applied.value, this.#tree);
      for (const id of applied.value.erased) this.#erase(id);
      return applied;
    });
    // The WAL still holds the erased pages until it is folded into the file and cut.
    if (result.ok && result.value.erased.length > 0)
      this.store.db.pragma('wal_checkpoint(TRUNCATE)');
    return result;
  }

  /** Throws where the disk failed, with state and tree back at what the disk holds. */
  #commit<T>(work: () => T): T {
    const { db } = this.store;
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      this.store.packs.forget();
      this.state = this.store.loadState();
      this.#tree = this.store.loadTree(this.state.size);
      throw error;
    }
  }

  #erase(id: Uint8Array): void {
    const leafIndex = this.store.leaves.find(id);
    if (leafIndex !== null) this.store.leaves.eraseContent(leafIndex);
    this.store.db.prepare('DELETE FROM refused_frame WHERE id = ?').run(id);
  }

  #keepRefused({ id, device, seq, code, receivedMs, frame }: RefusedFrame): void {
    this.store.db
      .prepare('INSERT OR IGNORE INTO refused_frame VALUES (?, ?, ?, ?, ?, ?)')
      .run(id, device, seq, code, receivedMs, frame);
  }
}
