import { LOG_TIME_TOLERANCE_MS } from '@truegrain/device-sdk/formats/governance.js';
import type { LedgerState } from './state.ts';

/** What a clock allows a log time to be, when a statement is new: replay trusts the log. */
export interface LiveTimes {
  minMs: number;
  maxMs: number;
}

/** Log time within this of the present (DESIGN §4). */
const LIVE_MS_MAX = 60_000;

/** Log time never decreases, so where it has run ahead of the clock, it is the present. */
export function liveTimes(state: LedgerState, nowMs: number): LiveTimes {
  const presentMs = Math.max(nowMs, state.logTimeMs);
  return { minMs: presentMs - LIVE_MS_MAX, maxMs: presentMs + LIVE_MS_MAX };
}

/**
 * The log's time never decreases. In an alliance several gateways write at once, and what one dated
 * first may come second: it may lie as far behind as it may from a block's own time.
 */
export function earliestLogTimeMs({ charter, logTimeMs }: LedgerState): number {
  return charter?.mode === 'alliance' ? logTimeMs - LOG_TIME_TOLERANCE_MS : logTimeMs;
}
