import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';
import type { StoredEvent } from '../../gateway/epcis/event.ts';
import { isJsonObject, type Json, type JsonObject } from '../../gateway/epcis/json.ts';
import {
  Subscriptions,
  type SubscriptionsParts,
} from '../../gateway/epcis/subscriptions/subscriptions.ts';
import type {
  CaptureJob,
  DiscoveryTree,
  EpcisBackend,
  EpcisRefused,
  ErrorBehaviour,
  PageAsk,
  QueryParameters,
} from '../../gateway/http/epcis-backend.ts';
import { SCHEMA } from '../../gateway/store/schema.ts';

/** Each event is recorded a second after the one before. */
export const FIRST_RECORD_MS = 1_767_225_600_000;

const TYPES = [
  'ObjectEvent',
  'AggregationEvent',
  'TransactionEvent',
  'TransformationEvent',
  'AssociationEvent',
];

/** What an event says under the name of a query parameter; another name is refused. */
const FACTS: Record<string, (event: JsonObject) => readonly Json[]> = {
  eventType: (event) => [event['type'] ?? null],
  EQ_bizStep: (event) => [event['bizStep'] ?? null],
  EQ_disposition: (event) => [event['disposition'] ?? null],
  EQ_readPoint: (event) => [idOf(event['readPoint'])],
  EQ_bizLocation: (event) => [idOf(event['bizLocation'])],
  EQ_eventID: (event) => [event['eventID'] ?? null],
  MATCH_anyEPC: (event) => epcsOf(event),
};

const TREE_FACTS: Record<DiscoveryTree, string> = {
  eventTypes: 'eventType',
  epcs: 'MATCH_anyEPC',
  bizSteps: 'EQ_bizStep',
  bizLocations: 'EQ_bizLocation',
  readPoints: 'EQ_readPoint',
  dispositions: 'EQ_disposition',
};

function idOf(value: Json | undefined): Json {
  return isJsonObject(value) ? (value['id'] ?? null) : null;
}

function epcsOf(event: JsonObject): readonly Json[] {
  return ['epcList', 'childEPCs', 'parentID'].flatMap((name) => [event[name] ?? []].flat());
}

function refused(code: string, detail: string): EpcisRefused {
  return {
    ok: false,
    code,
    detail,
    breaches: [{ path: '/type', rule: 'schema', message: detail }],
  };
}

/** A repository in memory: enough of the query language to see what HTTP asked for. */
export class FakeEpcis implements EpcisBackend {
  limits = { events: 1_000, bytes: 8 * 1024 * 1024 };
  readonly events: StoredEvent[] = [];
  readonly jobs: CaptureJob[] = [];
  readonly queried: QueryParameters[] = [];
  readonly #listeners = new Set<() => void>();

  async capture(document: unknown, behaviour: ErrorBehaviour) {
    const json = document as JsonObject;
    const body = isJsonObject(json) ? json['epcisBody'] : null;
    const list = isJsonObject(body) ? body['eventList'] : null;
    if (!Array.isArray(list)) return refused('epcis_validation', 'no eventList');
    const errors = list.flatMap((event) => {
      const outcome = this.#record(event as JsonObject, json['@context'] ?? null);
      return outcome.ok ? [] : outcome.breaches.map((one) => ({ ...one, rule: outcome.code }));
    });
    const job: CaptureJob = {
      captureId: `job-${this.jobs.length + 1}`,
      createdMs: FIRST_RECORD_MS,
      finishedMs: FIRST_RECORD_MS + 5,
      success: errors.length === 0,
      behaviour,
      errors,
    };
    this.jobs.unshift(job);
    return { ok: true as const, value: job };
  }
  captureJob(captureId: string) {
    return this.jobs.find((job) => job.captureId === captureId) ?? null;
  }
  captureJobs(page: PageAsk) {
    const { values, next } = paged(this.jobs, page);
    return { jobs: values, next };
  }
  async captureEvent(event: unknown) {
    if (!isJsonObject(event)) return refused('epcis_validation', 'not an object');
    const { '@context': context = null, ...rest } = event;
    return this.#record(rest, context);
  }
  query(parameters: QueryParameters, page: PageAsk) {
    this.queried.push(parameters);
    const { '@context': _, GE_recordTime: since, orderBy, orderDirection, ...facts } = parameters;
    const unknown = Object.keys(facts).find((name) => !Object.hasOwn(FACTS, name));
    if (unknown !== undefined) return refused('epcis_query_parameter', `${unknown} is not known`);
    const sinceMs = typeof since === 'string' ? Date.parse(since) : 0;
    const found = this.events.filter(
      (stored) =>
        stored.recordMs >= sinceMs &&
        Object.entries(facts).every(([name, wanted]) => {
          const values = typeof wanted === 'string' ? wanted.split('|') : [wanted].flat();
          return FACTS[name]?.(stored.event).some((value) => values.includes(value));
        }),
    );
    if (orderBy !== 'recordTime' || orderDirection !== 'ASC') found.reverse();
    const { values, next } = paged(found, page);
    return { ok: true as const, value: { events: values, next } };
  }
  event(eventId: string) {
    return this.events.find((stored) => stored.eventId === eventId) ?? null;
  }
  discover(tree: DiscoveryTree, page: PageAsk) {
    return { ok: true as const, value: paged(this.#values(tree), page) };
  }
  knows(tree: DiscoveryTree, value: string) {
    return this.#values(tree).includes(value);
  }
  prefixDigits(digits: string) {
    return digits.startsWith('0614141') ? 7 : null;
  }
  onRecorded(listener: () => void) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #values(tree: DiscoveryTree): string[] {
    const fact = FACTS[TREE_FACTS[tree]];
    const values = this.events.flatMap(({ event }) => fact?.(event) ?? []);
    return [...new Set(values.filter((value) => typeof value === 'string'))].sort();
  }

  #record(sent: JsonObject, context: Json) {
    const { recordTime: _, ...rest } = sent;
    if (!TYPES.includes(String(rest['type']))) return refused('epcis_validation', 'no event type');
    const hash = createHash('sha256').update(JSON.stringify(rest)).digest('hex');
    const eventId = String(rest['eventID'] ?? `ni:///sha-256;${hash}?ver=CBV2.0`);
    if (this.event(eventId)) return { ...refused('epcis_duplicate', 'captured before'), eventId };
    const leafIndex = 100 + this.events.length;
    const recordMs = FIRST_RECORD_MS + this.events.length * 1_000;
    const event = { ...rest, eventID: eventId };
    this.events.push({ event, context, eventId, leafIndex, recordMs });
    for (const listener of this.#listeners) listener();
    return { ok: true as const, value: { eventId, leafIndex } };
  }
}

function paged<T>(all: readonly T[], { limit, after }: PageAsk) {
  const start = after === null ? 0 : Number(after);
  const values = all.slice(start, start + limit);
  return { values, next: start + limit < all.length ? String(start + limit) : null };
}

/** The real ones, over tables in memory; a subscriber on this machine may be posted to. */
export function fakeSubscriptions(
  epcis: EpcisBackend,
  more: Partial<SubscriptionsParts> = {},
): Subscriptions {
  const db = new Database(':memory:');
  db.exec(SCHEMA);
  return new Subscriptions({
    db,
    epcis,
    nowMs: Date.now,
    privateDests: true,
    onTrouble: () => {},
    retry: { firstMs: 1, maxMs: 20 },
    ...more,
  });
}
