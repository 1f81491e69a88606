import { contentOf } from '../../gateway/epcis/capture/captured-content.ts';
import { EventIndex } from '../../gateway/epcis/index/event-index.ts';
import type { JsonObject } from '../../gateway/epcis/json.ts';
import type { Db } from '../../gateway/store/database.ts';

/** Far behind the log of any test: events are captured without statements here. */
const FIRST_LEAF = 1_000_000;
const CONTEXT = [
  'https://ref.gs1.org/standards/epcis/epcis-context.jsonld',
  { cbvmda: 'urn:epcglobal:cbv:mda' },
];

export interface EventWish {
  readonly type: 'Object' | 'Aggregation' | 'Association' | 'Transformation' | 'Transaction';
  readonly ms: number;
  readonly action?: 'ADD' | 'OBSERVE' | 'DELETE';
  readonly at?: string | undefined;
  readonly [field: string]: unknown;
}

/** Events in content and index as a capture leaves them, for what reads them. */
export class EventLedger {
  readonly #db: Db;
  readonly #index: EventIndex;
  #next = FIRST_LEAF;

  constructor(db: Db) {
    this.#db = db;
    this.#index = new EventIndex(db);
  }

  /** Gives the leaf; in place of another one's content where a leaf is named. */
  capture({ type, ms, at, ...fields }: EventWish, leafIndex = this.#next): number {
    this.#next += leafIndex === this.#next ? 1 : 0;
    const eventId = (fields['eventID'] as string | undefined) ?? `urn:uuid:event-${leafIndex}`;
    const event = {
      type: `${type}Event`,
      eventID: eventId,
      eventTime: new Date(ms).toISOString(),
      eventTimeZoneOffset: '+00:00',
      ...(at === undefined ? {} : { readPoint: { id: at }, bizLocation: { id: at } }),
      ...fields,
    } as JsonObject;
    const bytes = contentOf({ event, context: CONTEXT, eventId });
    this.#db.prepare('INSERT OR REPLACE INTO content VALUES (?, ?)').run(leafIndex, bytes);
    this.#index.add({ event, context: CONTEXT, eventId }, { leafIndex, recordMs: ms });
    return leafIndex;
  }
}
