// EPCISQueryDocument (EPCIS 2.0): events as an answer carries them.

import type { StoredEvent } from '../event.ts';
import { type EpcFormat, translateEvent } from '../gs1/epc-translation.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';

export const GS1_CONTEXT = 'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld';
/** Where GS1 has the same context, with and without its version. */
const GS1_CONTEXTS =
  /^https:\/\/(ref\.gs1\.org\/standards\/epcis\/([\d.]+\/)?|gs1\.github\.io\/EPCIS\/)epcis-context\.jsonld$/;

export interface DocumentParts {
  readonly events: readonly StoredEvent[];
  readonly format: EpcFormat;
  readonly prefixDigits: (digits: string) => number | null;
  readonly queryName: string;
  readonly subscriptionId?: string;
  readonly nowMs: number;
}

export function queryDocument(parts: DocumentParts): JsonObject {
  const { events, queryName, subscriptionId, nowMs } = parts;
  const { context, own } = sharedContext(events);
  const eventList = events.map((stored, at) => ({
    ...(own[at] && { '@context': stored.context }),
    ...answeredEvent(stored, parts),
  }));
  const queryResults = {
    ...(subscriptionId !== undefined && { subscriptionID: subscriptionId }),
    queryName,
    resultsBody: { eventList },
  };
  return {
    '@context': context,
    type: 'EPCISQueryDocument',
    schemaVersion: '2.0',
    creationDate: new Date(nowMs).toISOString(),
    epcisBody: { queryResults },
  };
}

/** As it was captured, with its EPCs in the form asked for, and when it was recorded. */
export function answeredEvent(
  stored: StoredEvent,
  { format, prefixDigits }: Pick<DocumentParts, 'format' | 'prefixDigits'>,
): JsonObject {
  const event = translateEvent(stored.event, format, prefixDigits);
  return { ...event, recordTime: new Date(stored.recordMs).toISOString() };
}

/**
 * One context for all. Events from several documents may bind one prefix to different things, or
 * bring contexts that are never fetched and may bind anything: where that would change what another
 * event means, the event keeps its own (`own`), in the order of `events`.
 */
export function sharedContext(events: readonly Pick<StoredEvent, 'context' | 'event'>[]): {
  context: readonly Json[];
  own: readonly boolean[];
} {
  const contexts = events.map(({ context }) => context);
  const first = contexts[0] ?? null;
  const firstText = JSON.stringify(first);
  if (contexts.every((context) => JSON.stringify(context) === firstText)) {
    return { context: withGs1(first), own: contexts.map(() => false) };
  }
  const words = new Set<string>(SCHEMES);
  for (const { event } of events) collectWords(event, words);
  const bound = new Map<string, string>();
  const shared: JsonObject[] = [];
  const own = contexts.map((context) => {
    const prefixes = prefixesOf(context, words);
    if (prefixes === null || prefixes.some(([name, iri]) => (bound.get(name) ?? iri) !== iri)) {
      return true;
    }
    for (const [name, iri] of prefixes) {
      if (bound.has(name)) continue;
      bound.set(name, iri);
      shared.push({ [name]: iri });
    }
    return false;
  });
  return { context: [GS1_CONTEXT, ...shared], own };
}

/** A name with a colon after it is one of these before it is anybody's prefix. */
const SCHEMES = ['urn', 'http', 'https', 'ni', 'did', 'tag', 'data', 'mailto', 'geo'];

/**
 * The prefixes that the context binds to namespaces; null where it does more than that: brings a
 * foreign URL, or gives a name a meaning that other events' names and values would take on.
 */
function prefixesOf(
  context: Json,
  words: ReadonlySet<string>,
): (readonly [string, string])[] | null {
  const prefixes: (readonly [string, string])[] = [];
  for (const entry of listOf(context)) {
    if (typeof entry === 'string' && GS1_CONTEXTS.test(entry)) continue;
    if (!isJsonObject(entry)) return null;
    for (const [name, iri] of Object.entries(entry)) {
      if (typeof iri !== 'string' || !/^[\w-]+$/.test(name) || words.has(name)) return null;
      prefixes.push([name, iri]);
    }
  }
  return prefixes;
}

/** Names and values of an event: what a context might give another meaning to. */
function collectWords(value: Json, words: Set<string>): void {
  if (typeof value === 'string') words.add(value);
  else if (Array.isArray(value)) for (const one of value) collectWords(one, words);
  else if (isJsonObject(value)) {
    for (const [name, inner] of Object.entries(value)) {
      words.add(name);
      collectWords(inner, words);
    }
  }
}

function withGs1(context: Json): readonly Json[] {
  const entries = listOf(context);
  const named = entries.some((entry) => typeof entry === 'string' && GS1_CONTEXTS.test(entry));
  return named ? entries : [GS1_CONTEXT, ...entries];
}

const listOf = (context: Json): readonly Json[] => {
  if (context === null) return [];
  return Array.isArray(context) ? context : [context as Json];
};
