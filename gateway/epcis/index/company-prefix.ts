import { PREFIX_DIGITS_MAX, PREFIX_DIGITS_MIN } from '../gs1/gs1-key.ts';
import { isJsonObject, type Json, type JsonObject, oneOrMany } from '../json.ts';
import { quantityElements, THING_FIELDS } from './thing-facts.ts';

const URN = /^urn:epc:(?:id|class|idpat):[a-z]+:(\d{6,12})\./;

/** Term under which the index keeps the prefixes that captured URNs showed. */
export const PREFIX_TERM = 'companyPrefix';

/** Company prefixes in the URNs of an event: a Digital Link does not say how long its prefix is. */
export function companyPrefixes(event: JsonObject): Set<string> {
  const uris = [...THING_FIELDS.flatMap(([field]) => oneOrMany(event[field])), ...placesOf(event)];
  for (const [{ epcClass }] of quantityElements(event)) uris.push(epcClass ?? null);
  return new Set(
    uris.flatMap((uri) => (typeof uri === 'string' ? (URN.exec(uri)?.[1] ?? []) : [])),
  );
}

function placesOf({ readPoint, bizLocation }: JsonObject): Json[] {
  return [readPoint, bizLocation].flatMap((place) =>
    isJsonObject(place) ? [place['id'] ?? null] : [],
  );
}

/**
 * How many of a key's digits are its company prefix, by the prefixes that were seen; null where none
 * of them begins it. GS1 gives nobody a prefix that begins another one's, so the longest is the one.
 */
export function prefixLength(digits: string, isSeen: (prefix: string) => boolean): number | null {
  for (
    let length = Math.min(PREFIX_DIGITS_MAX, digits.length);
    length >= PREFIX_DIGITS_MIN;
    length -= 1
  ) {
    if (isSeen(digits.slice(0, length))) return length;
  }
  return null;
}
