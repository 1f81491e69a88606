// SPEC.md §4.2: a founder accepts the charter; leaves 1 to n.

/** @module acceptance */
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { openFields } from './fields.ts';
import { GOVERNANCE_VERSION } from './governance.ts';
import type { Result } from './result.ts';

export interface Acceptance {
  readonly logTimeMs: number;
  /** Statement id of the charter. */
  readonly charterId: Uint8Array;
}

export function encodeAcceptance(acceptance: Acceptance): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', GOVERNANCE_VERSION],
      ['logTimeMs', acceptance.logTimeMs],
      ['charterId', acceptance.charterId],
    ]),
  );
}

export function parseAcceptance(bytes: Uint8Array): Result<Acceptance> {
  const opened = openFields(bytes, 'acceptance');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  return fields.finish({
    logTimeMs: fields.timeMs('logTimeMs'),
    charterId: fields.digest('charterId'),
  });
}
