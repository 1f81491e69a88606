// SPEC.md §4.7: the batch a gateway signs; it follows its statements in the log.

/** @module batch */
import { toHex } from './bytes.ts';
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { openFields } from './fields.ts';
import { areGrades } from './grade.ts';
import { isListable, type ListableRefusalCode } from './refusal.ts';
import type { Result } from './result.ts';

export interface ListedRefusal {
  /** Statement id. */
  readonly id: Uint8Array;
  readonly code: ListableRefusalCode;
}

export interface Batch {
  /** Statements in it, which are the `count` leaves before its own. */
  readonly count: number;
  /** RFC 9162 root over the leaf hashes of those statements alone. */
  readonly batchRoot: Uint8Array;
  /** Log size whose state it was judged against. */
  readonly judgedAt: number;
  readonly logTimeMs: number;
  /** Three bytes a statement, `grade.ts`. */
  readonly grades: Uint8Array;
  readonly refusals: readonly ListedRefusal[];
}

export const BATCH_VERSION = 1;
export const BATCH_STATEMENTS_MAX = 1_024;
export const BATCH_BYTES_MAX = 512 * 1024;
/** A batch closes when it lists this many: each refusal gets into one. */
export const BATCH_REFUSALS_MAX = 256;

export function encodeBatch(batch: Batch): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      [1, BATCH_VERSION],
      [2, batch.count],
      [3, batch.batchRoot],
      [4, batch.judgedAt],
      [5, batch.logTimeMs],
      [6, batch.grades],
      [7, batch.refusals.map(({ id, code }) => [id, code])],
    ]),
  );
}

export function parseBatch(bytes: Uint8Array): Result<Batch> {
  const opened = openFields(bytes, 'batch');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version(1, BATCH_VERSION);
  const batch = {
    count: fields.uint(2, { max: BATCH_STATEMENTS_MAX }),
    batchRoot: fields.digest(3),
    judgedAt: fields.uint(4),
    logTimeMs: fields.timeMs(5),
    grades: fields.bytes(6),
    refusals: readRefusals(fields.list(7, { max: BATCH_REFUSALS_MAX })),
  };
  const { count, grades, refusals } = batch;
  if (!areGrades(grades, count)) fields.odd(6, 'three bytes a statement, axes to 4, six flags');
  if (refusals === null) fields.odd(7, 'different ids with listable codes');
  if (count === 0 && refusals?.length === 0) fields.odd(2, 'an empty batch');
  return fields.finish({ ...batch, refusals: refusals ?? [] });
}

function readRefusals(list: readonly CborValue[]): ListedRefusal[] | null {
  const refusals: ListedRefusal[] = [];
  const seen = new Set<string>();
  for (const item of list) {
    if (!Array.isArray(item) || item.length !== 2) return null;
    const [id, code] = item;
    if (!(id instanceof Uint8Array) || id.length !== 32) return null;
    if (typeof code !== 'string' || !isListable(code)) return null;
    seen.add(toHex(id));
    refusals.push({ id, code });
  }
  return seen.size === refusals.length ? refusals : null;
}
