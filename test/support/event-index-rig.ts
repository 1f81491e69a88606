import type { ReadEvent } from '../../gateway/epcis/event.ts';
import { EventIndex } from '../../gateway/epcis/index/event-index.ts';
import type { Json, JsonObject } from '../../gateway/epcis/json.ts';
import { type EventQuery, readQuery } from '../../gateway/epcis/query/event-query.ts';
import { type Db, openDatabase } from '../../gateway/store/database.ts';
import { generatedEvent, PREFIXES } from './generated-events.ts';

export const RECORD_START_MS = 1_709_251_200_000;

export interface Kept {
  readonly read: ReadEvent;
  readonly recordMs: number;
}

export interface IndexRig {
  readonly db: Db;
  readonly index: EventIndex;
  readonly events: Kept[];
}

/** Ten events a batch, a batch every five minutes. */
export function addEvent({ index, events }: IndexRig, read: ReadEvent): number {
  const leafIndex = events.length;
  const recordMs = RECORD_START_MS + Math.floor(leafIndex / 10) * 300_000;
  index.add(read, { leafIndex, recordMs });
  events.push({ read, recordMs });
  return leafIndex;
}

export function emptyRig(file = ':memory:'): IndexRig {
  const db = openDatabase(file);
  return { db, index: new EventIndex(db), events: [] };
}

export function filledRig(count: number, random: () => number): IndexRig {
  const rig = emptyRig();
  rig.db.transaction(() => {
    for (let no = 0; no < count; no += 1) addEvent(rig, generatedEvent(random, no));
  })();
  return rig;
}

/** An event of a few fields, as capture hands it over. */
export function smallEvent(no: number, said: JsonObject, context: Json = PREFIXES): ReadEvent {
  const eventId = `urn:uuid:00000000-0000-4000-9000-${String(no).padStart(12, '0')}`;
  const event = {
    type: 'ObjectEvent',
    eventID: eventId,
    eventTime: '2024-03-01T10:00:00Z',
    eventTimeZoneOffset: '+00:00',
    action: 'OBSERVE',
    ...said,
  };
  return { event, context, eventId };
}

export function queryOf(parameters: JsonObject, context: Json = PREFIXES): EventQuery {
  const query = readQuery(parameters, { context });
  if (!query.ok) throw new Error(JSON.stringify(query.breaches));
  return query.value;
}

/** Leaves of all pages, in their order. */
export function foundLeaves(
  index: EventIndex,
  parameters: JsonObject,
  { limit = 7, context = PREFIXES as Json } = {},
): number[] {
  const query = queryOf(parameters, context);
  const leaves: number[] = [];
  let after: string | null = null;
  do {
    const page = index.query(query, { limit, after });
    if (!page.ok) throw new Error(page.code);
    leaves.push(...page.value.rows.map(({ leafIndex }) => leafIndex));
    after = page.value.next;
  } while (after !== null);
  return leaves;
}
