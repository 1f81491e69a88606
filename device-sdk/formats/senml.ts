// RFC 8428 §4 to §6: SenML records and their CBOR form, any legal encoding; pack.ts has our own.

/** @module senml */
import { type CborKey, type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { parseForeignCbor } from './cbor-foreign.ts';
import { fail, ok, type Refused, type Result } from './result.ts';

/** A record as it stands in a pack: base fields not yet applied. Names of RFC 8428 Table 1. */
export interface SenmlRecord {
  readonly bn?: string;
  readonly bt?: number;
  readonly bu?: string;
  readonly bv?: number;
  readonly bs?: number;
  readonly bver?: number;
  readonly n?: string;
  readonly u?: string;
  readonly v?: number;
  readonly vs?: string;
  readonly vb?: boolean;
  readonly vd?: Uint8Array;
  readonly s?: number;
  readonly t?: number;
  readonly ut?: number;
}

export type SenmlField = keyof SenmlRecord;
type FieldType = 'text' | 'number' | 'uint' | 'boolean' | 'data';

export const SENML_VERSION = 10;

/** RFC 8428 Table 4: CBOR labels; no further integer labels will ever be assigned (§12.2). */
export const SENML_LABELS: Readonly<Record<SenmlField, number>> = {
  bver: -1,
  bn: -2,
  bt: -3,
  bu: -4,
  bv: -5,
  bs: -6,
  n: 0,
  u: 1,
  v: 2,
  vs: 3,
  vb: 4,
  s: 5,
  t: 6,
  ut: 7,
  vd: 8,
};

const FIELD_TYPES: Readonly<Record<SenmlField, FieldType>> = {
  bver: 'uint',
  bn: 'text',
  bt: 'number',
  bu: 'text',
  bv: 'number',
  bs: 'number',
  n: 'text',
  u: 'text',
  v: 'number',
  vs: 'text',
  vb: 'boolean',
  s: 'number',
  t: 'number',
  ut: 'number',
  vd: 'data',
};

export const SENML_FIELDS = Object.keys(SENML_LABELS) as readonly SenmlField[];
const FIELD_BY_LABEL: ReadonlyMap<number, SenmlField> = new Map(
  SENML_FIELDS.map((field) => [SENML_LABELS[field], field]),
);
export const SENML_RECORDS_MAX = 4_096;

export function isSenmlField(label: string): label is SenmlField {
  return Object.hasOwn(SENML_LABELS, label);
}

/**
 * One field of a record under construction. An unknown label is ignored, but one that ends in `_`
 * is not to be ignored by anybody (§4.4), so the pack is refused.
 */
export function setField(
  record: Record<string, unknown>,
  label: string,
  value: unknown,
): Refused | null {
  if (!isSenmlField(label)) {
    return label.endsWith('_') ? fail('senml_label', `${label} must be understood`) : null;
  }
  const type = FIELD_TYPES[label];
  const good =
    type === 'text'
      ? typeof value === 'string'
      : type === 'boolean'
        ? typeof value === 'boolean'
        : type === 'data'
          ? value instanceof Uint8Array
          : typeof value === 'number' && Number.isFinite(value);
  if (!good || (type === 'uint' && !(Number.isSafeInteger(value) && (value as number) >= 0))) {
    return fail('senml_field', `${label} is not ${type}`);
  }
  // A pack of a version we don't know must not be used (§4.4); older drafts said 5.
  if (label === 'bver' && (value as number) > SENML_VERSION) {
    return fail('senml_version', `version ${value}`);
  }
  record[label] = value;
  return null;
}

/** §4.2: exactly one value, unless a sum stands for it; a base value is a value for its record. */
export function recordRefusal(record: SenmlRecord): Refused | null {
  let values = 0;
  for (const field of ['v', 'vs', 'vb', 'vd'] as const) if (record[field] !== undefined) values++;
  if (values > 1) return fail('senml_value', `${values} values in one record`);
  return null;
}

/** Decimal fractions (tag 4) are refused: one value must not have two forms (DESIGN §4). */
export function parseSenmlCbor(bytes: Uint8Array): Result<SenmlRecord[]> {
  const parsed = parseForeignCbor(bytes);
  if (!parsed.ok) return parsed;
  if (!Array.isArray(parsed.value)) return fail('senml_field', 'a pack is an array');
  if (parsed.value.length === 0 || parsed.value.length > SENML_RECORDS_MAX) {
    return fail('senml_empty', `${parsed.value.length} records`);
  }
  const records: SenmlRecord[] = [];
  for (const item of parsed.value) {
    if (!(item instanceof Map)) return fail('senml_field', 'a record is a map');
    const record: Record<string, unknown> = {};
    for (const [key, value] of item) {
      const label = typeof key === 'number' ? FIELD_BY_LABEL.get(key) : key;
      if (typeof key === 'string' && isSenmlField(key)) {
        return fail('senml_label', `text label ${key} where CBOR has an integer`);
      }
      const refusal = label === undefined ? null : setField(record, label, value);
      if (refusal) return refusal;
    }
    const refusal = recordRefusal(record);
    if (refusal) return refusal;
    records.push(record);
  }
  return ok(records);
}

/** Core deterministic, so base fields stand after the others. */
export function encodeSenmlCbor(records: readonly SenmlRecord[]): Uint8Array {
  return encodeCbor(
    records.map((record) => {
      const map: CborMap = new Map<CborKey, CborValue>();
      for (const field of SENML_FIELDS) {
        const value = record[field];
        if (value !== undefined) map.set(SENML_LABELS[field], value);
      }
      return map;
    }),
  );
}
