// EPCs in their two forms, and an event from one into the other (EPCIS 2.0 §12.9, GS1-EPC-Format).
import type { Result } from '@truegrain/device-sdk/formats/result.js';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { formatDigitalLink, parseDigitalLink } from './digital-link.ts';
import { formatEpcUrn, parseEpcUrn, prefixStart } from './epc-urn.ts';
import type { EpcFault, Gs1Key } from './gs1-key.ts';

export type EpcFormat =
  | 'No_Preference'
  | 'Always_GS1_Digital_Link'
  | 'Always_EPC_URN'
  | 'Never_Translates';

/**
 * How many digits the GS1 company prefix has that `digits` (6 to 12 of them) begins with; null:
 * not known. A URN shows it, a Digital Link does not.
 */
export type PrefixDigits = (digits: string) => number | null;

/** Null where `uri` is no GS1 key in either form. */
function parseEpc(uri: string): Result<Gs1Key, EpcFault> | null {
  return uri.startsWith('urn:') ? parseEpcUrn(uri) : parseDigitalLink(uri);
}

/**
 * An EPC in URN or Digital Link form → its constrained Digital Link at https://id.gs1.org (CBV 2.0
 * §8.9), so that two forms of one thing are equal. Everything else, wrong EPCs too, is unchanged.
 */
export function canonicalUri(uri: string): string {
  const key = parseEpc(uri);
  return key?.ok ? formatDigitalLink(key.value) : uri;
}

/**
 * Why `uri` is no right EPC, `code: detail`; null where it is one, or is nothing that looks like a
 * GS1 key (a private or other scheme's URI is no fault).
 */
export function epcFault(uri: string): string | null {
  const key = parseEpc(uri);
  return key === null || key.ok ? null : `${key.code}: ${key.detail}`;
}

/** The EPC URN of a Digital Link; unchanged where there is none or the prefix is not known. */
export function toEpcUrn(uri: string, prefixDigits: PrefixDigits): string {
  const key = uri.startsWith('urn:') ? null : parseDigitalLink(uri);
  if (!key?.ok) return uri;
  const digits = prefixDigits(prefixStart(key.value));
  return (digits === null ? null : formatEpcUrn(key.value, digits)) ?? uri;
}

/** Fields of an event that hold one EPC, or a list of EPCs. */
const EPC_FIELDS = new Set([
  'parentID',
  'epcList',
  'childEPCs',
  'inputEPCList',
  'outputEPCList',
  'transformationID',
]);

/** Fields whose objects hold EPCs, each with the names that they have there. */
const NESTED_FIELDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['quantityList', new Set(['epcClass'])],
  ['childQuantityList', new Set(['epcClass'])],
  ['inputQuantityList', new Set(['epcClass'])],
  ['outputQuantityList', new Set(['epcClass'])],
  ['readPoint', new Set(['id'])],
  ['bizLocation', new Set(['id'])],
  ['bizTransactionList', new Set(['bizTransaction'])],
  ['sourceList', new Set(['source'])],
  ['destinationList', new Set(['destination'])],
  ['sensorMetadata', new Set(['deviceID'])],
  ['sensorReport', new Set(['deviceID'])],
]);

/**
 * The event with its EPCs in `format`: things, classes, places, parties, transactions and devices.
 * A link that already is one stays as it was captured, with its domain and attributes; an EPC that
 * can't be said in the other form stays too. The event itself is not changed.
 */
export function translateEvent(
  event: JsonObject,
  format: EpcFormat,
  prefixDigits: PrefixDigits,
): JsonObject {
  if (format === 'No_Preference' || format === 'Never_Translates') return event;
  const translate = (uri: string): string => {
    if (format === 'Always_EPC_URN') return toEpcUrn(uri, prefixDigits);
    return uri.startsWith('urn:') ? canonicalUri(uri) : uri;
  };
  return mapped(event, (name, value) => {
    if (EPC_FIELDS.has(name)) return mapStrings(value, translate);
    if (name === 'sensorElementList') {
      return mapObjects(value, (one) =>
        mapped(one, (inner, innerValue) => nested(inner, innerValue, translate)),
      );
    }
    return nested(name, value, translate);
  });
}

function nested(name: string, value: Json, translate: (uri: string) => string): Json {
  const fields = NESTED_FIELDS.get(name);
  if (!fields) return value;
  return mapObjects(value, (one) =>
    mapped(one, (inner, innerValue) =>
      fields.has(inner) ? mapStrings(innerValue, translate) : innerValue,
    ),
  );
}

/** Own names only, `__proto__` among them: that is why entries are put together by definition. */
function mapped(object: JsonObject, change: (name: string, value: Json) => Json): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, change(name, value)]),
  );
}

function mapObjects(value: Json, change: (object: JsonObject) => JsonObject): Json {
  if (Array.isArray(value)) return value.map((one) => (isJsonObject(one) ? change(one) : one));
  return isJsonObject(value) ? change(value) : value;
}

function mapStrings(value: Json, change: (uri: string) => string): Json {
  if (Array.isArray(value))
    return value.map((one) => (typeof one === 'string' ? change(one) : one));
  return typeof value === 'string' ? change(value) : value;
}
