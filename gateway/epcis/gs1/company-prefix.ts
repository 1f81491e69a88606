import { quantityElements } from '../index/thing-facts.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';

/** Of a GS1 company prefix in a URN (TDS §6). */
const DIGITS_MIN = 6;
const DIGITS_MAX = 12;
const URN = /^urn:epc:(?:id|class|idpat):[a-z]+:(\d{6,12})\./;

/** Term under which the index keeps the prefixes that captured URNs showed. */
export const PREFIX_TERM = 'companyPrefix';

/** Company prefixes in the URNs of an event: a Digital Link does not say how long its prefix is. */
export function companyPrefixes(event: JsonObject): Set<string> {
  const uris = [...THING_LISTS.flatMap((field) => listOf(event[field])), ...placesOf(event)];
  for (const [{ epcClass }] of quantityElements(event)) uris.push(epcClass ?? null);
  return new Set(
    uris.flatMap((uri) => (typeof uri === 'string' ? (URN.exec(uri)?.[1] ?? []) : [])),
  );
}

const THING_LISTS = ['epcList', 'parentID', 'childEPCs', 'inputEPCList', 'outputEPCList'];

function placesOf({ readPoint, bizLocation }: JsonObject): Json[] {
  return [readPoint, bizLocation].flatMap((place) =>
    isJsonObject(place) ? [place['id'] ?? null] : [],
  );
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [value ?? null];
}

/**
 * How many of a key's digits are its company prefix, by the prefixes that were seen; null where none
 * of them begins it. No prefix is the beginning of another (General Specifications §1.4), so the
 * longest one is the only one.
 */
export function prefixLength(digits: string, isSeen: (prefix: string) => boolean): number | null {
  for (let length = Math.min(DIGITS_MAX, digits.length); length >= DIGITS_MIN; length -= 1) {
    if (isSeen(digits.slice(0, length))) return length;
  }
  return null;
}
