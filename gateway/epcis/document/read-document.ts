import type { ReadEvent } from '../event.ts';
import { eventHash } from '../gs1/event-hash.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import {
  contextRules,
  joinContexts,
  type Names,
  nameRules,
  namesOf,
  remoteContextRule,
} from './context-rules.ts';
import { documentShape, queryDocumentShape } from './document-shape.ts';
import { uniqueIds } from './event-ids.ts';
import { eventRules } from './event-rules.ts';
import { eventShape } from './event-shape.ts';
import { isWithinBounds } from './json-bounds.ts';
import { BREACHES_MAX, Place, type Reading } from './place.ts';
import { member, type Shape } from './shape.ts';

/** Events of one document. Who captures asks this of `events.length`: an answer needs its own code. */
export const DOCUMENT_EVENTS_MAX = 1_000;

/** One document: each event, or what is wrong with it, in the order of eventList. */
export interface ReadDocument {
  readonly events: readonly Reading<ReadEvent>[];
  readonly context: Json;
}

/**
 * An EPCISDocument (EPCIS 2.0, JSON-LD) as JSON.parse gave it. Refused as a whole where what is
 * around the events is wrong; at most `BREACHES_MAX` breaches are named over all events, and at
 * least one for each wrong one. No context is ever fetched.
 */
export function readDocument(json: unknown): Reading<ReadDocument> {
  const at = Place.root();
  if (isJsonObject(json) && json['type'] === 'EPCISQueryDocument') {
    at.at('type').breaks(
      'query_document',
      'is the answer to a query; only an EPCISDocument is captured',
    );
    return refused(at);
  }
  const document = read(json as Json, at, { shape: documentShape, way: ['epcisBody'] });
  if (!document.ok) return document;
  const { events, context } = document.value;
  return { ok: true, value: { events: uniqueIds(events), context } };
}

/** An EPCISQueryDocument, whose events were recorded elsewhere, one of them perhaps twice. */
export function readQueryDocument(json: unknown): Reading<ReadDocument> {
  return read(json as Json, Place.root(), {
    shape: queryDocumentShape,
    way: ['epcisBody', 'queryResults', 'resultsBody'],
  });
}

/** One event that stands alone, as in POST /events, and so has a context of its own. */
export function readEvent(json: unknown): Reading<ReadEvent> {
  const at = Place.root();
  const event = json as Json;
  if (!isWithinBounds(event, at)) return refused(at);
  if (isJsonObject(event) && !Object.hasOwn(event, '@context')) at.wrong('lacks @context');
  if (at.breaches.length > 0) return refused(at);
  const value = readOne(event, at, null);
  return value === null ? refused(at) : { ok: true, value };
}

function refused<T>(at: Place): Reading<T> {
  return { ok: false, breaches: at.breaches };
}

/** `way`: the names that lead to the object with eventList. */
function read(
  json: Json,
  at: Place,
  { shape, way }: { shape: Shape; way: readonly string[] },
): Reading<ReadDocument> {
  if (!isWithinBounds(json, at)) return refused(at);
  shape(json, at);
  if (at.breaches.length > 0) return refused(at);
  const document = json as JsonObject;
  const context = document['@context'] as Json;
  const body = way.reduce((owner, name) => owner[name] as JsonObject, document);
  const sent = body['eventList'] as readonly Json[];
  const names = namesOf(context);
  contextRules(context, at.at('@context'));
  remoteContextRule(context, at.at('@context'));
  nameRules(document, at, { names, except: sent });
  if (at.breaches.length > 0) return refused(at);
  const events = readEvents(sent, `/${way.join('/')}/eventList`, { context, names });
  return { ok: true, value: { events, context } };
}

/** What an event's document says for all its events. */
interface Outer {
  readonly context: Json;
  readonly names: Names;
}

function readEvents(sent: readonly Json[], pointer: string, outer: Outer): Reading<ReadEvent>[] {
  let left = BREACHES_MAX;
  return sent.map((event, index) => {
    const at = Place.root({ pointer: `${pointer}/${index}`, max: Math.max(1, left) });
    const value = readOne(event, at, outer);
    if (value !== null) return { ok: true, value };
    left -= at.breaches.length;
    return refused(at);
  });
}

/** `outer` is null for an event that stands in no document. */
function readOne(json: Json, at: Place, outer: Outer | null): ReadEvent | null {
  eventShape(json, at);
  if (at.breaches.length > 0) return null;
  const sent = json as JsonObject;
  const own = member(sent, '@context');
  const context = joinContexts(outer?.context ?? null, own);
  if (own !== undefined) contextRules(own, at.at('@context'));
  if (outer === null) remoteContextRule(context, at.at('@context'));
  nameRules(sent, at, { names: own === undefined && outer ? outer.names : namesOf(context) });
  eventRules(sent, at);
  return at.breaches.length > 0 ? null : kept(sent, context);
}

/**
 * EPCIS 2.0, EPCISEvent: recordTime is ignored at capture; an eventID that was not given is the event's
 * own hash (CBV 2.0, event hash id), so that the same event sent again gets the same one.
 */
function kept(sent: JsonObject, context: Json): ReadEvent {
  const { '@context': _context, recordTime: _recordTime, ...event } = sent;
  const given = member(event, 'eventID');
  const eventId = typeof given === 'string' ? given : eventHash(event, context);
  return { event: { ...event, eventID: eventId }, context, eventId };
}
