import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Result } from '@truegrain/device-sdk/formats/result.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';
import { anchorMsOf } from '../law/pack-summary.ts';
import type { Db } from '../store/database.ts';
import type { RefusedFrame } from '../store/refused-frames.ts';
import { partsOfSummary, type SensorPart } from '../store/sensor-sums.ts';
import type { AppliedBatch, BatchBlock, BlockRefusal } from './apply-batch.ts';
import type { AppliedGovernance, GovernanceRefusal } from './apply-governance.ts';
import { Books } from './books.ts';
import type { Facts } from './facts.ts';
import type { Ledger } from './ledger.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { LiveTimes } from './log-time.ts';
import type { LedgerState } from './state.ts';

/**
 * The one-member driver of the state machine: SQLite, in process. One block is one batch or one
 * governance statement, and one COMMIT. In solo mode accepted and committed are the same COMMIT.
 */
export class SoloLedger implements Ledger {
  readonly #books: Books;
  readonly #native: NativeVerify | undefined;

  constructor(db: Db, native?: NativeVerify) {
    this.#books = new Books(db);
    this.#native = native;
  }

  get store(): LedgerStore {
    return this.#books.store;
  }

  get state(): LedgerState {
    return this.#books.state;
  }

  root(): Uint8Array {
    return this.#books.tree.root();
  }

  /**
   * A crash before COMMIT leaves the ledger as it was: the frames are unacknowledged and come
   * again. A crash after it leaves them committed: they come again as duplicates.
   */
  commitBatch(
    block: BatchBlock,
    beside: {
      contents: readonly Uint8Array[];
      /** Of the contents, where a checking thread made them (law/pack-summary.ts). */
      summaries?: readonly (Float64Array | null)[];
      refused: readonly RefusedFrame[];
    },
  ): Result<AppliedBatch, BlockRefusal> {
    const draft = this.#books.draft(this.#native);
    const applied = draft.batch(block);
    if (!applied.ok) return applied;
    const { erased } = draft.state;
    this.#books.commit(draft, () => {
      for (const [i, { facts, leafIndex }] of applied.value.statements.entries()) {
        const content = beside.contents[i];
        if (!content || erased.has(toHex(facts.id))) continue;
        const parts = this.#partsOf(facts, beside.summaries?.[i] ?? null, applied.value);
        this.store.keepContent(leafIndex, content, parts);
      }
      for (const frame of beside.refused) {
        if (!erased.has(toHex(frame.id))) this.#books.refused.keep(frame);
      }
    });
    return applied;
  }

  #partsOf(
    { keyNo, quality }: Facts,
    summary: Float64Array | null,
    { body }: AppliedBatch,
  ): SensorPart[] | undefined {
    const { keys, devices } = this.state;
    const device = summary && devices.get(keys[keyNo]?.iss ?? '');
    if (!device) return undefined;
    return partsOfSummary(summary, device.sensors, anchorMsOf(quality, body.logTimeMs));
  }

  commitGovernance(
    statement: Statement,
    live?: LiveTimes,
  ): Result<AppliedGovernance, GovernanceRefusal> {
    const draft = this.#books.draft(this.#native);
    const applied = draft.governance(statement, live);
    if (applied.ok) this.#books.commit(draft);
    return applied;
  }

  async govern(
    next: (state: LedgerState) => Statement,
    live?: LiveTimes,
  ): Promise<Result<AppliedGovernance, GovernanceRefusal>> {
    return this.commitGovernance(next(this.state), live);
  }
}
