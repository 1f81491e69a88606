import type { Pack } from '@truegrain/device-sdk/formats/pack.js';
import type { RuleEvent } from './rule-input.ts';

/** A pack as it stands in the log. */
export interface LoggedPack {
  readonly pack: Pack;
  /** Log time of its batch; it makes a relative pack's times absolute. */
  readonly logTimeMs: number;
}

/** What the log has so far, for windows that are not in memory. */
export interface RuleHistory {
  /**
   * In log order, every pack of the device which may have a reading later than `spanMs` before
   * `untilMs` or, where that is later, before the device's newest pack. More do no harm. Those whose
   * content is not held or was erased are missing.
   */
  packs(
    device: string,
    span: { readonly untilMs: number; readonly spanMs: number },
  ): Iterable<LoggedPack>;
  /** The subject's statements, newest first, at most `limit`. */
  events(subject: string, limit: number): RuleEvent[];
}

/** Of a ledger that begins here: examples, tests. */
export const NO_HISTORY: RuleHistory = { packs: () => [], events: () => [] };
