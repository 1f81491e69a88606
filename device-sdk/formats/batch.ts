// SPEC.md §4.7: the batch a gateway signs; it follows its statements in the log.

/** @module batch */
import { toHex } from './bytes.ts';
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { openFields } from './fields.ts';
import { areGrades } from './grade.ts';
import { isListable, type ListableRefusalCode } from './refusal.ts';
import type { Result } from './result.ts';
import { RULE_ID, RULE_VERSION_MAX } from './rule.ts';

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
  /**
   * Edition of the law that it was judged under; null in a ledger whose charter has none and that
   * has no rules, where such batches are what they were before there were any.
   */
  readonly edition: number | null;
  /** Where a rule was broken, by statements in it or listed in it. */
  readonly rulings: readonly Ruling[];
}

export interface Ruling {
  /** Statement id. */
  readonly id: Uint8Array;
  readonly rule: string;
  readonly version: number;
}

export const BATCH_VERSION = 1;
export const BATCH_STATEMENTS_MAX = 1_024;
export const BATCH_BYTES_MAX = 512 * 1024;
/** A batch closes when it lists this many: each refusal gets into one. */
export const BATCH_REFUSALS_MAX = 256;

/** A batch closes when it has this many. */
export const BATCH_RULINGS_MAX = 1_024;

export function encodeBatch(batch: Batch): Uint8Array {
  const { edition, rulings } = batch;
  return encodeCbor(
    new Map<CborKey, CborValue>([
      [1, BATCH_VERSION],
      [2, batch.count],
      [3, batch.batchRoot],
      [4, batch.judgedAt],
      [5, batch.logTimeMs],
      [6, batch.grades],
      [7, batch.refusals.map(({ id, code }) => [id, code])],
      ...(edition === null
        ? []
        : ([
            [8, edition],
            [9, rulings.map(({ id, rule, version }) => [id, rule, version])],
          ] as const)),
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
  const edition = fields.has(8) ? fields.uint(8) : null;
  const rulings = edition === null ? [] : readRulings(fields.list(9, { max: BATCH_RULINGS_MAX }));
  const { count, grades, refusals } = batch;
  if (!areGrades(grades, count)) fields.odd(6, 'three bytes a statement, axes to 4, six flags');
  if (refusals === null) fields.odd(7, 'different ids with listable codes');
  if (count === 0 && refusals?.length === 0) fields.odd(2, 'an empty batch');
  if (rulings === null) fields.odd(9, 'id, rule and version, each once');
  const read = { ...batch, refusals: refusals ?? [], edition, rulings: rulings ?? [] };
  return fields.finish(read);
}

function readRulings(list: readonly CborValue[]): Ruling[] | null {
  const rulings: Ruling[] = [];
  const seen = new Set<string>();
  for (const item of list) {
    if (!Array.isArray(item) || item.length !== 3) return null;
    const [id, rule, version] = item;
    if (!(id instanceof Uint8Array) || id.length !== 32) return null;
    if (typeof rule !== 'string' || !RULE_ID.test(rule)) return null;
    if (typeof version !== 'number' || !Number.isSafeInteger(version)) return null;
    if (version < 1 || version > RULE_VERSION_MAX) return null;
    seen.add(`${toHex(id)} ${rule}`);
    rulings.push({ id, rule, version });
  }
  return seen.size === rulings.length ? rulings : null;
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
