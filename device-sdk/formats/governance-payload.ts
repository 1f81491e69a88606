// SPEC.md §4: the two fields with which every governance payload begins.

/** @module governance-payload */
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { type Fields, openFields } from './fields.ts';
import { GOVERNANCE_VERSION } from './governance.ts';
import type { Result } from './result.ts';

export function encodePayload(
  logTimeMs: number,
  entries: readonly (readonly [string, CborValue])[],
): Uint8Array {
  const head: [CborKey, CborValue][] = [
    ['v', GOVERNANCE_VERSION],
    ['logTimeMs', logTimeMs],
  ];
  return encodeCbor(new Map<CborKey, CborValue>([...head, ...entries]));
}

/** The rest of the fields is the caller's to take and to close. */
export function openPayload(
  bytes: Uint8Array,
  what: string,
): Result<{ readonly fields: Fields; readonly logTimeMs: number }> {
  const opened = openFields(bytes, what);
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  return { ok: true, value: { fields, logTimeMs: fields.timeMs('logTimeMs') } };
}
