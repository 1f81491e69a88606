// SPEC.md §7: why a gateway refuses a statement; these words travel in batches and downlinks.

/** @module refusal */

/**
 * Listable: the cause follows from bytes the device's own key signed, so a batch may list the
 * statement's id and a device may release the frame. Not listable is whatever a carrier between
 * device and gateway can bring about (a cut frame, other content beside a good statement): listing
 * it would let the carrier erase a reading.
 */
const LISTABLE = {
  malformed: false,
  too_large: false,
  crit: false,
  bad_signature: false,
  unknown_key: false,
  key_revoked: true,
  key_retired: true,
  wrong_ledger: true,
  iss_mismatch: true,
  subject: true,
  digest_mismatch: false,
  content_missing: false,
  pack_invalid: true,
  unknown_sensor: true,
  unit: true,
  range: true,
  clock: true,
  count_mismatch: true,
  time_mismatch: true,
  seq: true,
  prev_mismatch: true,
  fork: true,
  not_allowed: true,
  erased: false,
  stale_batch: false,
  /** Reinstated, its readings are as good as before: they wait on the device. */
  suspended: false,
  /** It breaks a rule that looks at nothing but the statement itself; the batch names which. */
  rule: true,
  rate_limited: false,
} as const;

export type RefusalCode = keyof typeof LISTABLE;
export type ListableRefusalCode = {
  [C in RefusalCode]: (typeof LISTABLE)[C] extends true ? C : never;
}[RefusalCode];

export const REFUSAL_CODES = Object.keys(LISTABLE) as readonly RefusalCode[];

export function isRefusalCode(text: string): text is RefusalCode {
  return Object.hasOwn(LISTABLE, text);
}

/** `erased` is not: the statement has a leaf already, and its receipt answers the device. */
export function isListable(code: string): code is ListableRefusalCode {
  return isRefusalCode(code) && LISTABLE[code];
}
