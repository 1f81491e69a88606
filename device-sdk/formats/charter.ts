// SPEC.md §4.1: the charter, leaf 0; DESIGN §5 says which fields must not be left to a default.

/** @module charter */
import { type CborValue, encodeCbor } from './cbor.ts';
import { charterContradiction } from './charter-rules.ts';
import { openFields } from './fields.ts';
import { GOVERNANCE_VERSION, MEMBERS_MAX } from './governance.ts';
import { type Founder, memberRecordMap, readMemberRecord } from './member-record.ts';
import { fail, type Result } from './result.ts';
import { readTerms, type Terms, termsMap } from './terms.ts';

export interface Charter extends Terms {
  readonly logTimeMs: number;
  readonly ledgerName: string;
  /** The first is the convener, who signs. */
  readonly founders: readonly Founder[];
}

/**
 * Becomes the first part of the log's origin, which is a signed-note key name and an https
 * authority: a lower-case host and path without `+` and spaces.
 */
export const LEDGER_NAME =
  /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?:\/[a-z0-9._~-]+)*$/;

export function encodeCharter(charter: Charter): Uint8Array {
  const { logTimeMs, ledgerName, founders } = charter;
  const own: [string, CborValue][] = [
    ['v', GOVERNANCE_VERSION],
    ['logTimeMs', logTimeMs],
    ['ledgerName', ledgerName],
    ['founders', founders.map(memberRecordMap)],
  ];
  return encodeCbor(new Map([...termsMap(charter), ...own]));
}

/** Refused unless every field is there: a default nobody wrote down is a rule nobody agreed to. */
export function parseCharter(bytes: Uint8Array): Result<Charter> {
  const opened = openFields(bytes, 'charter');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  const result = fields.finish<Charter>({
    logTimeMs: fields.timeMs('logTimeMs'),
    ledgerName: fields.text('ledgerName', { max: 128, pattern: LEDGER_NAME }),
    founders: fields.maps('founders', { min: 1, max: MEMBERS_MAX }).map(readMemberRecord),
    ...readTerms(fields),
  });
  if (!result.ok) return result;
  const contradiction = charterContradiction(result.value);
  return contradiction === null ? result : fail('charter_contradiction', contradiction);
}
