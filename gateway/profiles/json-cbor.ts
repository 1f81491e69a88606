import type { CborKey, CborMap, CborValue } from '@truegrain/device-sdk/formats/cbor.js';
import { CBOR_DEPTH_MAX } from '@truegrain/device-sdk/formats/cbor-head.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';

const LONE_SURROGATE = /[\uD800-\uDFFF]/u;

/** JSON as CBOR, so that a file and a signed statement are read by one reader (SPEC.md §1.3). */
export function cborOf(json: unknown): Result<CborValue> {
  const depth = depthOf(json, 0);
  if (depth > CBOR_DEPTH_MAX) return fail('cbor_depth', `${CBOR_DEPTH_MAX} levels are the most`);
  const odd = { detail: '' };
  const value = settled(json, odd);
  return odd.detail === '' ? ok(value) : fail('field_value', odd.detail);
}

/** Looks no deeper than it has to. */
function depthOf(json: unknown, above: number): number {
  if (typeof json !== 'object' || json === null || above > CBOR_DEPTH_MAX) return above;
  const inner = Object.values(json).map((item) => depthOf(item, above + 1));
  return inner.reduce((most, depth) => Math.max(most, depth), above + 1);
}

function settled(json: unknown, odd: { detail: string }): CborValue {
  switch (typeof json) {
    case 'boolean':
      return json;
    case 'number':
      // 1e999 is a number of JSON and none of ours.
      if (!Number.isFinite(json)) odd.detail ||= 'a number without end';
      return json;
    case 'string':
      if (LONE_SURROGATE.test(json)) odd.detail ||= 'half a character (a lone surrogate)';
      return json;
    default:
      if (json === null || json === undefined) return null;
      if (Array.isArray(json)) return json.map((item) => settled(item, odd));
      return mapOf(json, odd);
  }
}

function mapOf(json: object, odd: { detail: string }): CborMap {
  const map: CborMap = new Map<CborKey, CborValue>();
  for (const [key, item] of Object.entries(json)) {
    settled(key, odd);
    map.set(key, settled(item, odd));
  }
  return map;
}
