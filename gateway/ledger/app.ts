import type { Result } from '@truegrain/device-sdk/formats/result.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { Tree } from '../log/tree.ts';
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
import { DraftHistory } from './draft-history.ts';
import { leafHashesOf } from './ledger-store.ts';
import type { LiveTimes } from './log-time.ts';
import type { Applied } from './replay.ts';
import { forkState, type History, type LedgerState } from './state.ts';

/**
 * The state machine of DESIGN §5, `apply(block) → app hash`, where the app hash is the log's root.
 * A draft is one block being tried on a fork of state and tree: statements and batches in order,
 * each judged at its own log position. It touches neither disk nor clock; a driver (solo.ts,
 * cometbft/) writes it down in one COMMIT, or drops it.
 */
export class Draft {
  readonly state: LedgerState;
  readonly tree: Tree;
  readonly applied: Applied[] = [];
  readonly #history: DraftHistory;
  readonly #native: NativeVerify | undefined;

  constructor(from: {
    state: LedgerState;
    tree: Tree;
    history: History;
    native?: NativeVerify | undefined;
  }) {
    this.state = forkState(from.state);
    this.tree = from.tree.fork();
    this.#history = new DraftHistory(from.history);
    this.#native = from.native;
  }

  /** RFC 9162 root after everything applied so far: the app hash. */
  root(): Uint8Array {
    return this.tree.root();
  }

  /** A refused batch leaves the draft as it was. */
  batch(block: BatchBlock, live?: LiveTimes): Result<AppliedBatch, BlockRefusal> {
    const applied = applyBatch(this.state, this.#history, block, live);
    if (applied.ok) {
      this.#history.add(applied.value);
      this.#append(applied.value);
    }
    return applied;
  }

  governance(statement: Statement, live?: LiveTimes): Result<AppliedGovernance, GovernanceRefusal> {
    const applied = applyGovernance(this.state, statement, this.#native, live);
    if (applied.ok) this.#append(applied.value);
    return applied;
  }

  #append(applied: Applied): void {
    this.applied.push(applied);
    for (const hash of leafHashesOf(applied)) this.tree.append(hash);
  }
}
