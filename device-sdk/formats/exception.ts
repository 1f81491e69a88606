// SPEC.md §4.11: a member says that another has been silent for longer than the charter's term.

/** @module exception */
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { openFields } from './fields.ts';
import { GOVERNANCE_VERSION, URI } from './governance.ts';
import type { Result } from './result.ts';

export interface Exception {
  readonly logTimeMs: number;
  /** Statement id of the proposal. */
  readonly proposalId: Uint8Array;
  /** `iss` of the member that has not answered it. */
  readonly member: string;
}

export function encodeException(exception: Exception): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', GOVERNANCE_VERSION],
      ['logTimeMs', exception.logTimeMs],
      ['proposalId', exception.proposalId],
      ['member', exception.member],
    ]),
  );
}

export function parseException(bytes: Uint8Array): Result<Exception> {
  const opened = openFields(bytes, 'exception');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  return fields.finish({
    logTimeMs: fields.timeMs('logTimeMs'),
    proposalId: fields.digest('proposalId'),
    member: fields.text('member', { pattern: URI }),
  });
}
