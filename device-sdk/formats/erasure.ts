// SPEC.md §4.6: contents and salts are erased; statements, proofs and this record stay.

/** @module erasure */
import { toHex } from './bytes.ts';
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { openFields } from './fields.ts';
import { GOVERNANCE_VERSION, REASON_LENGTH_MAX } from './governance.ts';
import type { Result } from './result.ts';

export interface Erasure {
  readonly logTimeMs: number;
  /** Statement ids whose content is gone. */
  readonly ids: readonly Uint8Array[];
  /** The law or contract that asks for it. */
  readonly basis: string;
  readonly reason: string;
}

export const ERASURE_IDS_MAX = 1_024;

export function encodeErasure(erasure: Erasure): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', GOVERNANCE_VERSION],
      ['logTimeMs', erasure.logTimeMs],
      ['ids', [...erasure.ids]],
      ['basis', erasure.basis],
      ['reason', erasure.reason],
    ]),
  );
}

export function parseErasure(bytes: Uint8Array): Result<Erasure> {
  const opened = openFields(bytes, 'erasure');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  const ids = fields.digests('ids', { min: 1, max: ERASURE_IDS_MAX });
  if (new Set(ids.map(toHex)).size < ids.length) fields.odd('ids', 'an id is there twice');
  return fields.finish({
    logTimeMs: fields.timeMs('logTimeMs'),
    ids,
    basis: fields.prose('basis', { max: REASON_LENGTH_MAX }),
    reason: fields.prose('reason', { max: REASON_LENGTH_MAX }),
  });
}
