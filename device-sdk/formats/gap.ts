// SPEC.md §5.2: the gap record, which owns up to statements a full queue dropped.

/** @module gap */
import { concat } from './bytes.ts';
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { openFields } from './fields.ts';
import type { Result } from './result.ts';
import { sha256 } from './sha256.ts';

export interface Gap {
  /** First and last number dropped; `count` is smaller than their span where some in between stayed. */
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly count: number;
  readonly minTimeMs: number | null;
  readonly maxTimeMs: number | null;
  readonly reason: string;
  /** SHA-256 over the dropped statements' ids in sequence order. */
  readonly dropped: Uint8Array;
}

export const GAP_VERSION = 1;

/** What `dropped` is; the ids in the order of their sequence numbers. */
export function droppedDigest(ids: readonly Uint8Array[]): Uint8Array {
  return sha256(concat(...ids));
}

export function encodeGap(gap: Gap): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      [1, GAP_VERSION],
      [2, gap.fromSeq],
      [3, gap.toSeq],
      [4, gap.count],
      [5, gap.minTimeMs],
      [6, gap.maxTimeMs],
      [7, gap.reason],
      [8, gap.dropped],
    ]),
  );
}

export function parseGap(bytes: Uint8Array): Result<Gap> {
  const opened = openFields(bytes, 'gap');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version(1, GAP_VERSION);
  const gap = {
    fromSeq: fields.uint(2, { min: 1 }),
    toSeq: fields.uint(3, { min: 1 }),
    count: fields.uint(4, { min: 1 }),
    minTimeMs: fields.isNull(5) ? null : fields.timeMs(5),
    maxTimeMs: fields.isNull(6) ? null : fields.timeMs(6),
    reason: fields.text(7, { max: 256 }),
    dropped: fields.digest(8),
  };
  const { minTimeMs, maxTimeMs } = gap;
  if (gap.toSeq < gap.fromSeq) fields.odd(3, 'below fromSeq');
  else if (gap.count > gap.toSeq - gap.fromSeq + 1) fields.odd(4, 'more than the span holds');
  if ((minTimeMs === null) !== (maxTimeMs === null)) fields.odd(6, 'one time without the other');
  if (minTimeMs !== null && maxTimeMs !== null && maxTimeMs < minTimeMs) fields.odd(6, 'below min');
  return fields.finish(gap);
}
