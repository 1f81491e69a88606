import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { KeyRecord, LedgerState } from '../ledger/state.ts';

/** What every read gets. The state is asked for each time: a failed COMMIT replaces it. */
export interface ReadContext {
  readonly store: LedgerStore;
  readonly state: () => LedgerState;
  readonly nowMs: () => number;
}

/** In the order of their registration. */
export function deviceKeysOf(state: LedgerState, device: string): KeyRecord[] {
  return state.keys.filter((key) => key.role === 'device' && key.iss === device);
}
