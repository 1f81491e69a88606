import type { Result } from '@truegrain/device-sdk/formats/result.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { AppliedGovernance, GovernanceRefusal } from './apply-governance.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { LiveTimes } from './log-time.ts';
import type { LedgerState } from './state.ts';

/** A committed ledger, whoever drives it: solo.ts in process, cometbft/ by consensus. */
export interface Ledger {
  readonly store: LedgerStore;
  /** Never ahead of the disk. */
  readonly state: LedgerState;
  /** RFC 9162 root at `state.size`. */
  root(): Uint8Array;
  /**
   * Brings a governance statement into the log. `next` makes it of the state it will follow (a
   * member's numbers have no gaps), so one at a time is on its way. `live` holds its log time to
   * the present where no block header does.
   */
  govern(
    next: (state: LedgerState) => Statement,
    live?: LiveTimes,
  ): Promise<Result<AppliedGovernance, GovernanceRefusal>>;
}
