import { isJsonObject, type Json } from '../json.ts';
import { isUri } from './absolute-uri.ts';
import type { Place } from './place.ts';

/** Entries of one `@context`. */
const CONTEXT_ENTRIES_MAX = 32;

/**
 * `@context` of JSON-LD 1.1: URLs, which name a remote context and are never fetched, and objects
 * with terms of one's own.
 */
export function contextShape(value: Json, at: Place): void {
  if (Array.isArray(value)) entriesShape(value, at);
  else entryShape(value, at);
}

function entriesShape(entries: readonly Json[], at: Place): void {
  if (entries.length > CONTEXT_ENTRIES_MAX) {
    at.breaks('limit', `has more than ${CONTEXT_ENTRIES_MAX} entries`);
    return;
  }
  const seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    entryShape(entry, at.at(index));
    const text = JSON.stringify(entry, sorted);
    if (seen.has(text)) at.at(index).wrong('stands in the list twice');
    seen.add(text);
  }
}

function entryShape(value: Json, at: Place): void {
  if (isJsonObject(value)) return;
  if (typeof value !== 'string') at.wrong('is neither a URL nor an object');
  else if (!isUri(value)) at.wrong('is not an absolute URI (RFC 3986)');
}

/** Equal objects have equal texts, whatever the order of their members. */
function sorted(_name: string, value: Json): Json {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
