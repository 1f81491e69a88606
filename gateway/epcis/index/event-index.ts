import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { DiscoveryTree, PageAsk, ValuePage } from '../../http/epcis-backend.ts';
import type { Db } from '../../store/database.ts';
import type { ReadEvent } from '../event.ts';
import type { EventQuery } from '../query/event-query.ts';
import { PREFIX_TERM, prefixLength } from './company-prefix.ts';
import { EventConditions } from './event-conditions.ts';
import { EventDiscovery } from './event-discovery.ts';
import { eventFacts } from './event-facts.ts';
import { type Candidate, EventPlanner, type Plan, type WalkOrder } from './event-plan.ts';
import { type EventPlace, EventRows } from './event-rows.ts';
import { EventSources } from './event-source.ts';
import { EventWords } from './event-words.ts';
import type { FieldAt } from './fact-names.ts';
import { compareFieldPlaces, FieldOrder, ORDERED_EVENTS_MAX } from './field-order.ts';
import { type PagePosition, readPageToken, writePageToken } from './page-token.ts';

export interface EventPlacePage {
  readonly rows: readonly EventPlace[];
  /** Null: the end. A page may be short and still have a next one: see ROWS_SEEN_MAX. */
  readonly next: string | null;
}

export type QueryRefusal = 'epcis_page_token' | 'epcis_query_too_large';

/**
 * Rows that one page looks at, about half a second: two common conditions that hardly ever meet may
 * fill no page in that time, and nobody else is served meanwhile.
 */
const ROWS_SEEN_MAX = 100_000;

interface Found {
  readonly place: EventPlace;
  readonly candidate: Candidate;
}

/** Captured EPCIS events, by what they say. Its rows are written in the caller's transaction. */
export class EventIndex {
  readonly #words: EventWords;
  readonly #phrases: EventWords;
  readonly #rows: EventRows;
  readonly #conditions: EventConditions;
  readonly #planner: EventPlanner;
  readonly #fieldOrder: FieldOrder;
  readonly #discovery: EventDiscovery;

  constructor(db: Db) {
    this.#words = new EventWords(db, 'event_word');
    this.#phrases = new EventWords(db, 'event_phrase');
    const tables = { words: this.#words, phrases: this.#phrases };
    const sources = new EventSources(db);
    this.#rows = new EventRows(db, tables);
    this.#conditions = new EventConditions(db, { ...tables, sources });
    this.#planner = new EventPlanner(sources, this.#conditions);
    this.#fieldOrder = new FieldOrder(db, this.#phrases);
    this.#discovery = new EventDiscovery(db);
  }

  /** After a rollback. */
  forget(): void {
    this.#words.forget();
    this.#phrases.forget();
  }

  /** Inside the COMMIT that keeps the event's content. */
  add(event: ReadEvent, at: EventPlace): void {
    this.#rows.insert(event.eventId, eventFacts(event), at);
  }

  /** Inside the COMMIT that erases its content; `event` is what the content said. */
  remove(leafIndex: number, event: ReadEvent): void {
    this.#rows.delete(event.eventId, eventFacts(event), leafIndex);
  }

  /** Leaves with this id, in log order: a declaration of error repeats that of its event. */
  find(eventId: string): number[] {
    return this.#conditions.leavesOf(eventId);
  }

  /**
   * One page. Without `orderBy`: newest event first, or where a measured number is the rarest
   * condition, in the order of its values; either stays the same over all pages.
   */
  query(query: EventQuery, page: PageAsk): Result<EventPlacePage, QueryRefusal> {
    const position = page.after === null ? null : readPageToken(page.after, query);
    if (page.after !== null && position === null) {
      return fail('epcis_page_token', 'this token is of no page of this query');
    }
    const by = query.order?.by ?? null;
    if (by !== null && typeof by === 'object') return this.#queryByField(query, by, page, position);
    if (position !== null && !isWalkOrder(position.order)) {
      return fail('epcis_page_token', 'this token names no order');
    }
    const plan = this.#planner.plan(query, (position?.order as WalkOrder | undefined) ?? null);
    const given = position?.given ?? 0;
    if (position === null && !this.#isSmallEnough(query, plan)) return tooLarge(query);
    const limit = limitOf(query, page, given);
    const at = position === null ? null : (position.at as number[]);
    const { found, end } = this.#collect(query, plan, { after: at, limit: limit + 1 });
    const rows = found.slice(0, limit);
    const last = found.length > limit ? rows.at(-1)?.candidate.at : end;
    const total = given + rows.length;
    if (query.maxEventCount !== null && total > query.maxEventCount) return tooLarge(query);
    const isDone = last === null || last === undefined || total === query.eventCountLimit;
    const next = isDone
      ? null
      : writePageToken({ order: plan.order, at: last, given: total }, query);
    return ok({ rows: rows.map(({ place }) => place), next });
  }

  discover(tree: DiscoveryTree, page: PageAsk): Result<ValuePage, 'epcis_page_token'> {
    return this.#discovery.discover(tree, page);
  }

  /** Of the digits that begin a key, how many are its company prefix, by what captured URNs showed. */
  prefixDigits(digits: string): number | null {
    return prefixLength(digits, (prefix) => this.#phrases.find(PREFIX_TERM, prefix) !== null);
  }

  knows(tree: DiscoveryTree, value: string): boolean {
    return this.#discovery.knows(tree, value);
  }

  /** Up to `limit` events; `end` is how far it looked where that is not the end. */
  #collect(
    query: EventQuery,
    plan: Plan,
    { after, limit }: { after: readonly number[] | null; limit: number },
  ): { found: Found[]; end: readonly number[] | null } {
    const found: Found[] = [];
    let seen = 0;
    for (const candidate of plan.walk(after)) {
      const place = this.#accepted(query, plan, candidate);
      if (place !== null) found.push({ place, candidate });
      if (found.length === limit) return { found, end: null };
      seen += 1;
      if (seen === ROWS_SEEN_MAX) return { found, end: candidate.at };
    }
    return { found, end: null };
  }

  #accepted(query: EventQuery, { filters }: Plan, { row }: Candidate): EventPlace | null {
    const { eventMs, recordMs } = query;
    if (row.eventMs < eventMs.low || row.eventMs > eventMs.high) return null;
    if (!filters.every((filter) => filter.holds(row))) return null;
    const { leafIndex, recordMs: ms } = this.#conditions.place(row.leafIndex);
    return ms < recordMs.low || ms > recordMs.high ? null : { leafIndex, recordMs: ms };
  }

  /** Counted before the first page; a bound above what one page may look at shows only later. */
  #isSmallEnough(query: EventQuery, plan: Plan): boolean {
    const { maxEventCount } = query;
    if (maxEventCount === null || maxEventCount > ROWS_SEEN_MAX) return true;
    const { found } = this.#collect(query, plan, { after: null, limit: maxEventCount + 1 });
    return found.length <= maxEventCount;
  }

  #queryByField(
    query: EventQuery,
    at: FieldAt,
    page: PageAsk,
    position: PagePosition | null,
  ): Result<EventPlacePage, QueryRefusal> {
    const plan = this.#planner.plan(query, 'time');
    const { found, end } = this.#collect(query, plan, {
      after: null,
      limit: ORDERED_EVENTS_MAX + 1,
    });
    const { maxEventCount } = query;
    const isMore = maxEventCount !== null && found.length > maxEventCount;
    if (isMore || found.length > ORDERED_EVENTS_MAX || end !== null) return tooLarge(query);
    const places = new Map(found.map(({ place }) => [place.leafIndex, place]));
    const names = this.#conditions.fieldNames(at);
    const isDescending = query.order?.isDescending ?? true;
    const rows = found.map(({ candidate }) => candidate.row);
    const after = position?.at as number[] | undefined;
    const sorted = this.#fieldOrder
      .sorted(rows, { names, isDescending })
      .filter((one) => after === undefined || compareFieldPlaces(one.at, after) > 0);
    const given = position?.given ?? 0;
    const shown = sorted.slice(0, limitOf(query, page, given));
    const last = shown.at(-1);
    const total = given + shown.length;
    const isDone = shown.length === sorted.length || !last || total === query.eventCountLimit;
    const next = isDone
      ? null
      : writePageToken({ order: 'field', at: last.at, given: total }, query);
    return ok({ rows: shown.flatMap(({ row }) => places.get(row.leafIndex) ?? []), next });
  }
}

function limitOf({ eventCountLimit }: EventQuery, { limit }: PageAsk, given: number): number {
  return eventCountLimit === null ? limit : Math.max(0, Math.min(limit, eventCountLimit - given));
}

function isWalkOrder(order: string): order is WalkOrder {
  return order === 'time' || order === 'record' || /^value \d{1,4}$/.test(order);
}

function tooLarge({ maxEventCount }: EventQuery) {
  const bound = maxEventCount ?? ORDERED_EVENTS_MAX;
  return fail('epcis_query_too_large', `more than ${bound} events: ask for fewer`);
}
