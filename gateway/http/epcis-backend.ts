import type { EventPage, RuleBreach, StoredEvent } from '../epcis/event.ts';
import type { EpcFormat } from '../epcis/gs1/epc-translation.ts';
import type { JsonObject } from '../epcis/json.ts';
import type { Awaitable } from './backend.ts';

/** A refusal with what is wrong where; `code` is a key of the registry in problem.ts. */
export interface EpcisRefused {
  readonly ok: false;
  readonly code: string;
  readonly detail: string;
  readonly breaches: readonly RuleBreach[];
  /** With `epcis_duplicate`: the id that an event of the log has already. */
  readonly eventId?: string;
}
export type EpcisOutcome<T> = { readonly ok: true; readonly value: T } | EpcisRefused;

/** What becomes of a document one of whose events is wrong. */
export type ErrorBehaviour = 'rollback' | 'proceed';

export interface CaptureJob {
  readonly captureId: string;
  readonly createdMs: number;
  /** Null while it runs. */
  readonly finishedMs: number | null;
  readonly success: boolean;
  readonly behaviour: ErrorBehaviour;
  readonly errors: readonly RuleBreach[];
}

/**
 * Parameters of an EPCIS query (SimpleEventQuery): as in a query string, or in a query's JSON. A
 * list is an array, or a text with `|` between its elements. `@context` binds the prefixes in names.
 */
export type QueryParameters = JsonObject;

export type DiscoveryTree =
  | 'eventTypes'
  | 'epcs'
  | 'bizSteps'
  | 'bizLocations'
  | 'readPoints'
  | 'dispositions';

export interface PageAsk {
  readonly limit: number;
  /** `next` of the page before. */
  readonly after: string | null;
}

export interface ValuePage {
  readonly values: readonly string[];
  readonly next: string | null;
}

export interface EpcisBackend {
  /** Events of one document, and bytes of it. */
  readonly limits: { readonly events: number; readonly bytes: number };
  /** An EPCISDocument as JSON.parse gave it; validated whole before anything is signed. */
  capture(document: unknown, behaviour: ErrorBehaviour): Promise<EpcisOutcome<CaptureJob>>;
  captureJob(captureId: string): Awaitable<CaptureJob | null>;
  /** Newest first. */
  captureJobs(page: PageAsk): Awaitable<{ jobs: readonly CaptureJob[]; next: string | null }>;
  /** One event, in the log when it answers. `epcis_duplicate` where its id is there. */
  captureEvent(event: unknown): Promise<EpcisOutcome<{ eventId: string; leafIndex: number }>>;
  query(parameters: QueryParameters, page: PageAsk): Awaitable<EpcisOutcome<EventPage>>;
  event(eventId: string): Awaitable<StoredEvent | null>;
  discover(tree: DiscoveryTree, page: PageAsk): Awaitable<EpcisOutcome<ValuePage>>;
  /** Whether any event says this. */
  knows(tree: DiscoveryTree, value: string): Awaitable<boolean>;
  /** Of a key's digits, how many are its company prefix, where captured URNs or the settings say so. */
  prefixDigits(digits: string): number | null;
  /** After COMMIT of events; the answer takes the listener away. */
  onRecorded(listener: () => void): () => void;
}

/** A view on the events, by its name (EPCIS 2.0). */
export interface NamedQuery {
  readonly name: string;
  readonly query: QueryParameters;
}

/** When a subscriber is told: at once, or at times like cron's (query-schedule.json), in UTC. */
export type SubscriptionTime =
  | { readonly stream: true }
  | { readonly schedule: Readonly<Record<string, string>> };

export interface SubscriptionView {
  readonly id: string;
  readonly dest: string;
  readonly createdMs: number;
  /** When the subscriber last answered with success; null: not yet. */
  readonly notifiedMs: number | null;
  /** Log time of the last event it has taken, or from which it wanted them. */
  readonly minRecordMs: number;
  readonly time: SubscriptionTime;
  readonly reportIfEmpty: boolean;
  readonly format: string;
}

/** Who follows a query over an open connection. */
export interface Follower {
  /** Resolves once the other side has taken it; false: it is gone. */
  send(document: JsonObject): Promise<boolean>;
  /** The query is gone, or this gateway closes. */
  end(): void;
}

/** Named queries, and those who are told what is new to them. */
export interface StandingQueries {
  list(page: PageAsk): { queries: readonly NamedQuery[]; next: string | null };
  get(name: string): NamedQuery | null;
  /** Run once before it is kept: a query that can't be answered is no query. */
  create(name: unknown, query: unknown): Promise<EpcisOutcome<NamedQuery>>;
  /** Its subscriptions end with it. False where there is none. */
  remove(name: string): boolean;

  subscriptions(
    name: string,
    page: PageAsk,
  ): { subscriptions: readonly SubscriptionView[]; next: string | null };
  subscription(name: string, id: string): SubscriptionView | null;
  /** `terms`: the body of the request; `format`: of the EPCs in what is delivered. */
  subscribe(
    name: string,
    terms: unknown,
    format: EpcFormat,
  ): Promise<EpcisOutcome<SubscriptionView>>;
  unsubscribe(name: string, id: string): boolean;
  /** Why these terms of a connection are refused, or null. */
  followFault(name: string, terms: unknown): EpcisRefused | null;
  /** Tells the follower what is new from here on; the answer ends it. */
  follow(name: string, follower: Follower, ask: { terms: unknown; format: EpcFormat }): () => void;
}
