// RFC 8428 §5: the JSON form of SenML; `vd` is base64url without padding.

/** @module senml-json */
import { fromBase64Url, fromUtf8, toBase64Url } from './bytes.ts';
import { fail, ok, type Result } from './result.ts';
import {
  recordRefusal,
  SENML_FIELDS,
  SENML_RECORDS_MAX,
  type SenmlRecord,
  setField,
} from './senml.ts';

export const SENML_JSON_BYTES_MAX = 1_048_576;

export function parseSenmlJson(bytes: Uint8Array): Result<SenmlRecord[]> {
  if (bytes.length > SENML_JSON_BYTES_MAX) return fail('senml_json', `${bytes.length} bytes`);
  const pack = jsonOf(bytes);
  if (!Array.isArray(pack)) return fail('senml_json', 'not a JSON array in UTF-8');
  if (pack.length === 0 || pack.length > SENML_RECORDS_MAX) {
    return fail('senml_empty', `${pack.length} records`);
  }
  const records: SenmlRecord[] = [];
  for (const item of pack as readonly unknown[]) {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      return fail('senml_field', 'a record is an object');
    }
    const record: Record<string, unknown> = {};
    for (const [label, json] of Object.entries(item)) {
      const value = label === 'vd' && typeof json === 'string' ? fromBase64Url(json) : json;
      const refusal = setField(record, label, value);
      if (refusal) return refusal;
    }
    const refusal = recordRefusal(record);
    if (refusal) return refusal;
    records.push(record);
  }
  return ok(records);
}

/** Undefined for what isn't JSON, and for nesting deeper than the engine's parser takes. */
function jsonOf(bytes: Uint8Array): unknown {
  const text = fromUtf8(bytes);
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function encodeSenmlJson(records: readonly SenmlRecord[]): string {
  return JSON.stringify(
    records.map((record) => {
      const out: Record<string, unknown> = {};
      for (const field of SENML_FIELDS) {
        const value = record[field];
        if (value !== undefined)
          out[field] = value instanceof Uint8Array ? toBase64Url(value) : value;
      }
      return out;
    }),
  );
}
