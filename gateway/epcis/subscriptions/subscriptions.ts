import { randomUUID } from 'node:crypto';
import type {
  EpcisBackend,
  EpcisOutcome,
  EpcisRefused,
  Follower,
  NamedQuery,
  PageAsk,
  QueryParameters,
  StandingQueries,
  SubscriptionView,
} from '../../http/epcis-backend.ts';
import type { Db } from '../../store/database.ts';
import type { StoredEvent } from '../event.ts';
import type { EpcFormat } from '../gs1/epc-translation.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { queryDocument } from '../query/query-document.ts';
import { type FeedParts, FeedRunner, type RetryTimes } from './feed-runner.ts';
import { NamedQueries, QUERY_NAME, RESERVED_NAMES } from './named-queries.ts';
import { beforeAll, type FeedPosition, newestPosition, nextEvents } from './result-feed.ts';
import { type Subscription, SubscriptionRows } from './subscription-rows.ts';
import { readFollowTerms, readTerms } from './subscription-terms.ts';
import { deliver } from './webhook.ts';

const RETRY: RetryTimes = { firstMs: 1_000, maxMs: 600_000 };
/** Each has a query to run at every capture. */
const SUBSCRIPTIONS_MAX = 1_000;
const FOLLOWERS_MAX = 200;
const VERSIONS = { 'gs1-epcis-version': '2.0.0', 'gs1-cbv-version': '2.0.0' };
/** They end a result, and a subscription has no end. */
const ENDING_PARAMETERS = ['eventCountLimit', 'maxEventCount'];

export interface SubscriptionsParts {
  readonly db: Db;
  readonly epcis: EpcisBackend;
  readonly nowMs: () => number;
  /** The operator's decision: subscribers in this gateway's own network may be posted to. */
  readonly privateDests: boolean;
  /** A subscriber that did not take its events; they are kept for it. */
  readonly onTrouble: (subscriptionId: string, detail: string) => void;
  readonly retry?: RetryTimes;
}

type EventFeed = Omit<FeedParts<StoredEvent, FeedPosition>, 'next' | 'retry' | 'nowMs'> & {
  readonly query: QueryParameters;
};

/** Named queries and who is subscribed to them: by webhook, kept on disk, or over a connection. */
export class Subscriptions implements StandingQueries {
  readonly #parts: SubscriptionsParts;
  readonly #queries: NamedQueries;
  readonly #rows: SubscriptionRows;
  readonly #webhooks = new Map<
    string,
    { queryName: string; runner: FeedRunner<StoredEvent, FeedPosition>; end: AbortController }
  >();
  readonly #followers = new Map<
    Follower,
    { queryName: string; runner: FeedRunner<StoredEvent, FeedPosition> }
  >();
  #stopListening: (() => void) | null = null;

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
    this.#queries = new NamedQueries(parts.db);
    this.#rows = new SubscriptionRows(parts.db);
  }

  /** Goes on where each subscriber was when the gateway closed, or crashed. */
  start(): void {
    for (const subscription of this.#rows.all()) this.#serve(subscription);
    this.#stopListening = this.#parts.epcis.onRecorded(() => {
      for (const { runner } of this.#webhooks.values()) runner.recorded();
      for (const { runner } of this.#followers.values()) runner.recorded();
    });
  }

  /** Deliveries under way are broken off: they are repeated after the next start. */
  async close(): Promise<void> {
    this.#stopListening?.();
    for (const follower of this.#followers.keys()) follower.end();
    const running = [...this.#webhooks.values()].map(({ runner, end }) => {
      end.abort();
      return runner.stop();
    });
    for (const { runner } of this.#followers.values()) running.push(runner.stop());
    await Promise.all(running);
  }

  list(page: PageAsk) {
    return this.#queries.list(page);
  }

  get(name: string): NamedQuery | null {
    return this.#queries.get(name);
  }

  async create(name: unknown, query: unknown): Promise<EpcisOutcome<NamedQuery>> {
    if (typeof name !== 'string' || !QUERY_NAME.test(name) || RESERVED_NAMES.includes(name)) {
      const detail =
        'name is 1 to 128 letters, digits and . _ ~ -, and none of the standard’s own.';
      return refused('epcis_query_validation', detail);
    }
    if (!isJsonObject(query)) return refused('epcis_query_validation', 'query is an object.');
    if (this.#queries.get(name) !== null) return taken(name);
    const tried = await this.#parts.epcis.query(query, { limit: 1, after: null });
    if (!tried.ok) return tried;
    const named = { name, query };
    // Another client may have taken the name while the query ran.
    return this.#queries.add(named, this.#parts.nowMs()) ? { ok: true, value: named } : taken(name);
  }

  remove(name: string): boolean {
    if (!this.#queries.remove(name)) return false;
    for (const [id, { queryName }] of this.#webhooks) if (queryName === name) this.#end(id);
    for (const [follower, { queryName }] of this.#followers) {
      if (queryName === name) follower.end();
    }
    return true;
  }

  subscriptions(name: string, { limit, after }: PageAsk) {
    const rows = this.#rows.page(name, after ?? '', limit + 1);
    const subscriptions = rows.slice(0, limit).map(viewOf);
    return { subscriptions, next: rows.length > limit ? (subscriptions.at(-1)?.id ?? null) : null };
  }

  subscription(name: string, id: string): SubscriptionView | null {
    const found = this.#rows.get(name, id);
    return found && viewOf(found);
  }

  async subscribe(
    name: string,
    json: unknown,
    format: EpcFormat,
  ): Promise<EpcisOutcome<SubscriptionView>> {
    const { privateDests, nowMs, epcis } = this.#parts;
    const terms = readTerms(json, { format, privateDests });
    if (!terms.ok) return terms;
    const fault = this.#queryFault(name);
    if (fault) return fault;
    if (this.#rows.count() >= SUBSCRIPTIONS_MAX) {
      return refused(
        'epcis_subscription_controls',
        `${SUBSCRIPTIONS_MAX} subscriptions are enough.`,
      );
    }
    const { initialRecordMs } = terms.value;
    const position =
      initialRecordMs === null ? await newestPosition(epcis) : beforeAll(initialRecordMs);
    // The query may have been removed meanwhile; nothing is awaited between here and `add`.
    if (this.#queries.get(name) === null) return noSuchQuery(name);
    const subscription = {
      id: randomUUID(),
      queryName: name,
      terms: terms.value,
      createdMs: nowMs(),
      notifiedMs: null,
      position,
    };
    this.#rows.add(subscription);
    this.#serve(subscription);
    return { ok: true, value: viewOf(subscription) };
  }

  unsubscribe(name: string, id: string): boolean {
    if (this.#rows.get(name, id) === null) return false;
    this.#end(id);
    return true;
  }

  followFault(name: string, json: unknown): EpcisRefused | null {
    const terms = readFollowTerms(json);
    if (!terms.ok) return terms;
    if (this.#followers.size >= FOLLOWERS_MAX) {
      return refused('epcis_subscription_controls', `${FOLLOWERS_MAX} connections are open.`);
    }
    return this.#queryFault(name);
  }

  follow(
    name: string,
    follower: Follower,
    { terms: json, format }: { terms: unknown; format: EpcFormat },
  ): () => void {
    const terms = readFollowTerms(json);
    if (!terms.ok) throw new Error(terms.detail);
    const { initialRecordMs } = terms.value;
    const { epcis } = this.#parts;
    let isEnded = false;
    const begin = async (): Promise<void> => {
      const position =
        initialRecordMs === null ? await newestPosition(epcis) : beforeAll(initialRecordMs);
      const query = this.#queries.get(name)?.query;
      if (isEnded || !query) return follower.end();
      const runner = this.#runner({
        ...terms.value,
        query,
        position,
        // A connection that takes nothing is gone, and there is nobody to ask again.
        send: async (events) => {
          const isTaken = await follower.send(this.#document(name, { events, format }));
          if (!isTaken) follower.end();
          return isTaken;
        },
        onTaken: () => {},
        onTrouble: () => follower.end(),
      });
      this.#followers.set(follower, { queryName: name, runner });
      runner.start();
    };
    begin().catch(() => follower.end());
    return () => {
      isEnded = true;
      void this.#followers.get(follower)?.runner.stop();
      this.#followers.delete(follower);
    };
  }

  #serve({ id, queryName, terms, position }: Subscription): void {
    const { privateDests, nowMs, onTrouble } = this.#parts;
    const query = this.#queries.get(queryName)?.query;
    if (!query) return;
    const end = new AbortController();
    const { dest, signatureToken, format } = terms;
    const runner = this.#runner({
      ...terms,
      query,
      position,
      send: async (events) => {
        const document = this.#document(queryName, { events, format, subscriptionId: id });
        const body = JSON.stringify(document);
        const { signal } = end;
        const delivered = await deliver({
          dest,
          body,
          headers: VERSIONS,
          signatureToken,
          privateDests,
          signal,
        });
        if (!delivered.ok && !signal.aborted) onTrouble(id, delivered.detail);
        return delivered.ok;
      },
      onTaken: (taken) => this.#rows.taken(id, taken, nowMs()),
      onTrouble: (error) => onTrouble(id, error instanceof Error ? error.message : String(error)),
    });
    this.#webhooks.set(id, { queryName, runner, end });
    runner.start();
  }

  #end(id: string): void {
    this.#rows.remove(id);
    const served = this.#webhooks.get(id);
    served?.end.abort();
    void served?.runner.stop();
    this.#webhooks.delete(id);
  }

  #runner({ query, ...parts }: EventFeed): FeedRunner<StoredEvent, FeedPosition> {
    const { epcis, nowMs, retry = RETRY } = this.#parts;
    const next = (position: FeedPosition) => nextEvents(epcis, query, position);
    return new FeedRunner({ ...parts, next, nowMs, retry });
  }

  #document(
    queryName: string,
    about: { events: readonly StoredEvent[]; format: EpcFormat; subscriptionId?: string },
  ): JsonObject {
    const { epcis, nowMs } = this.#parts;
    const prefixDigits = (digits: string) => epcis.prefixDigits(digits);
    return queryDocument({ ...about, queryName, prefixDigits, nowMs: nowMs() });
  }

  #queryFault(name: string): EpcisRefused | null {
    const query = this.#queries.get(name)?.query;
    if (!query) return noSuchQuery(name);
    const ending = endingParameter(query);
    if (ending === null) return null;
    const detail = `A query with ${ending} ends; it can be asked, not subscribed to.`;
    return refused('epcis_subscription_controls', detail);
  }
}

const endingParameter = (query: QueryParameters): string | null =>
  ENDING_PARAMETERS.find((name) => Object.hasOwn(query, name)) ?? null;

function viewOf({ id, terms, createdMs, notifiedMs, position }: Subscription): SubscriptionView {
  const { dest, time, reportIfEmpty, format } = terms;
  const minRecordMs = position.recordMs;
  return { id, dest, createdMs, notifiedMs, minRecordMs, time, reportIfEmpty, format };
}

function refused(code: string, detail: string): EpcisRefused {
  return { ok: false, code, detail, breaches: [] };
}

const noSuchQuery = (name: string): EpcisRefused =>
  refused('epcis_no_such_name', `There is no query ${name.slice(0, 128)}.`);

const taken = (name: string): EpcisRefused =>
  refused('epcis_resource_exists', `There is a query ${name} already.`);
