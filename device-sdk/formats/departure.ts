// SPEC.md §4.12: a member that gave notice leaves after the notice term, whatever others answered.

/** @module departure */
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { openFields } from './fields.ts';
import { GOVERNANCE_VERSION } from './governance.ts';
import type { Result } from './result.ts';

export interface Departure {
  readonly logTimeMs: number;
  /** Statement id of the proposal by which it gave notice. */
  readonly proposalId: Uint8Array;
}

export function encodeDeparture(departure: Departure): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', GOVERNANCE_VERSION],
      ['logTimeMs', departure.logTimeMs],
      ['proposalId', departure.proposalId],
    ]),
  );
}

export function parseDeparture(bytes: Uint8Array): Result<Departure> {
  const opened = openFields(bytes, 'departure');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  return fields.finish({
    logTimeMs: fields.timeMs('logTimeMs'),
    proposalId: fields.digest('proposalId'),
  });
}
