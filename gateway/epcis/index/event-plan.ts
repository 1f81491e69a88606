// How a query is answered: the rarest condition leads, in the order asked for where its rows have
// it; the others are look-ups by primary key.

import type { EventQuery } from '../query/event-query.ts';
import { EVERYTHING, type Interval } from '../query/interval.ts';
import type { EventConditions, Resolved } from './event-conditions.ts';
import type { EventRow, EventSource, EventSources, ValueRow } from './event-source.ts';
import { byTime, isTimed, measureAll, walkUnion } from './event-union.ts';

/** Rows of a condition that are counted to learn how rare it is, and sorted where that is few. */
const COUNTED_MAX = 1_000;
/** Of an interval, whose rows say nothing of how many there are in a time. */
const RANGE_COUNTED_MAX = 16_000;
/** Of one that may be walked by its values; beyond it a guess is as good, and time is saved. */
const RANGE_GLANCED_MAX = 4_000;
const RANGE_GUESS = 8_000;
/** Nothing else is counted beside a condition with so few rows. */
const RARE_MAX = 100;
const CHUNK = 256;

/**
 * Rows by event time, by record time, or by the value of the number that leads, which is that of
 * the condition with this index.
 */
export type WalkOrder = 'time' | 'record' | `value ${number}`;

/** A row that may be an answer, and where it is in the order of the walk. */
export interface Candidate {
  readonly row: EventRow;
  readonly at: readonly number[];
}

export interface Plan {
  readonly order: WalkOrder;
  /** What each row has still to fulfil. */
  readonly filters: readonly Resolved[];
  walk(after: readonly number[] | null): Iterable<Candidate>;
}

interface Lead {
  readonly sources: readonly EventSource[];
  /** How many rows, counted or estimated. */
  readonly size: number;
  /** Null: all events of the window. */
  readonly condition: Resolved | null;
}

export class EventPlanner {
  readonly #sources: EventSources;
  readonly #conditions: EventConditions;

  constructor(sources: EventSources, conditions: EventConditions) {
    this.#sources = sources;
    this.#conditions = conditions;
  }

  /** `order` is that of the page before; null: the best for a query that asks for none. */
  plan(query: EventQuery, order: WalkOrder | null): Plan {
    const resolved = query.conditions.map((one) => this.#conditions.resolve(one));
    if (order?.startsWith('value ')) return this.#byValue(resolved, Number(order.slice(6)));
    const isDescending = query.order?.isDescending ?? true;
    const isOrdered = order !== null || query.order !== null;
    const leads = this.#leads(resolved, query, isOrdered);
    const [first] = leads;
    if (!isOrdered && first?.condition?.range) {
      return this.#byValue(resolved, resolved.indexOf(first.condition));
    }
    const by = query.order?.by === 'recordTime' ? 'record' : 'time';
    const filters = (lead: Lead) => filtersBeside(lead, resolved, leads);
    const isWalked = by === 'time' && first?.sources.every(({ walk }) => walk !== null);
    if (first && isFew(first)) {
      return isWalked
        ? this.#byTime(query.eventMs, first, { isDescending, filters: filters(first) })
        : this.#sorted(query, first, { order: by, isDescending, filters: filters(first) });
    }
    if (by === 'record') return this.#byRecord(query.recordMs, isDescending, resolved);
    const timed = leads.find(({ sources }) => isTimed(sources));
    if (!timed) throw new Error('all events can always be walked');
    return this.#byTime(query.eventMs, timed, { isDescending, filters: filters(timed) });
  }

  /** Rarest first; all events of the windows are among them. */
  #leads(
    resolved: readonly Resolved[],
    { eventMs, recordMs }: EventQuery,
    isOrdered: boolean,
  ): Lead[] {
    const leads: Lead[] = [];
    const add = (sources: readonly EventSource[], condition: Resolved | null, isOpen: boolean) => {
      const isKnown = isOpen || leads.some(({ size }) => size <= RARE_MAX);
      const isGuessed = !isOrdered && condition?.range;
      const sizeOf = () => (isGuessed ? guess(sources, eventMs) : this.#size(sources, eventMs));
      const size = isKnown ? Number.POSITIVE_INFINITY : sizeOf();
      leads.push({ sources, size, condition });
    };
    for (const one of resolved) if (one.sources) add(one.sources, one, false);
    if (recordMs !== EVERYTHING) add([this.#sources.recorded(recordMs)], null, false);
    add([this.#sources.all()], null, eventMs === EVERYTHING);
    return leads.sort((a, b) => (a.size === b.size ? 0 : a.size - b.size));
  }

  /** Counted where they are few; else by how long a time the first of them cover. */
  #size(sources: readonly EventSource[], window: Interval): number {
    const max = isTimed(sources) ? COUNTED_MAX : RANGE_COUNTED_MAX;
    const { count, spanMs } = measureAll(sources, window, max);
    if (count < max) return count;
    if (spanMs === null) return Number.MAX_VALUE;
    return Math.max(max, (max * this.#sources.spanMs(window)) / Math.max(1, spanMs));
  }

  #byTime(
    window: Interval,
    { sources }: Lead,
    { isDescending, filters }: { isDescending: boolean; filters: readonly Resolved[] },
  ): Plan {
    return {
      order: 'time',
      filters,
      *walk(after) {
        const [eventMs = 0, leafIndex = 0] = after ?? [];
        const position = after && { eventMs, leafIndex };
        for (const row of walkUnion(sources, { window, isDescending, after: position })) {
          yield { row, at: [row.eventMs, row.leafIndex] };
        }
      },
    };
  }

  #byRecord(window: Interval, isDescending: boolean, filters: readonly Resolved[]): Plan {
    const sources = this.#sources;
    return {
      order: 'record',
      filters,
      *walk(start) {
        const [ms = 0, leaf = 0] = start ?? [];
        let after: EventRow | null = start && { eventMs: ms, leafIndex: leaf };
        for (;;) {
          const rows = sources.byRecord({ window, isDescending, after, limit: CHUNK });
          for (const row of rows) yield { row, at: [row.recordMs, row.leafIndex] };
          const last = rows.at(-1);
          if (!last || rows.length < CHUNK) return;
          after = { eventMs: last.recordMs, leafIndex: last.leafIndex };
        }
      },
    };
  }

  /** What is erased since the page before leaves nothing to walk. */
  #byValue(resolved: readonly Resolved[], index: number): Plan {
    const sources = this.#sources;
    const range = resolved[index]?.range ?? null;
    return {
      order: `value ${index}`,
      filters: resolved.filter((_, at) => at !== index),
      *walk(start) {
        if (range === null) return;
        const { no, interval } = range;
        const [value = 0, eventMs = 0, leafIndex = 0] = start ?? [];
        let after: ValueRow | null = start && { value, eventMs, leafIndex };
        for (;;) {
          const rows = sources.byValue(no, interval, { after, limit: CHUNK });
          for (const row of rows) {
            if (sources.hasLower(no, interval.low, row)) continue;
            yield { row, at: [row.value, row.eventMs, row.leafIndex] };
          }
          after = rows.at(-1) ?? null;
          if (!after || rows.length < CHUNK) return;
        }
      },
    };
  }

  /** Few enough to be put in order: what leads to them has another one. */
  #sorted(
    query: EventQuery,
    { sources }: Lead,
    asked: { order: WalkOrder; isDescending: boolean; filters: readonly Resolved[] },
  ): Plan {
    const { order, isDescending, filters } = asked;
    const compare = isDescending ? (a: Candidate, b: Candidate) => byPlace(b, a) : byPlace;
    return {
      order,
      filters,
      walk: (after) => {
        const found = sources.flatMap((source) => source.list(query.eventMs, RANGE_COUNTED_MAX));
        const rows = new Map(found.map((row) => [row.leafIndex, row]));
        const placed = [...rows.values()].map((row): Candidate => {
          const key =
            order === 'record' ? this.#conditions.place(row.leafIndex).recordMs : row.eventMs;
          return { row, at: [key, row.leafIndex] };
        });
        const start = after && { row: { eventMs: 0, leafIndex: 0 }, at: after };
        return placed.sort(compare).filter((one) => start === null || compare(start, one) < 0);
      },
    };
  }
}

function guess(sources: readonly EventSource[], window: Interval): number {
  const { count } = measureAll(sources, window, RANGE_GLANCED_MAX);
  return count < RANGE_GLANCED_MAX ? count : RANGE_GUESS;
}

function isFew({ size, sources }: Lead): boolean {
  return size < (isTimed(sources) ? COUNTED_MAX : RANGE_COUNTED_MAX);
}

/** The conditions that the lead does not fulfil already, rarest first. */
function filtersBeside(
  lead: Lead,
  resolved: readonly Resolved[],
  leads: readonly Lead[],
): Resolved[] {
  const ranked = leads.flatMap(({ condition }) => (condition ? [condition] : []));
  const others = resolved.filter((one) => one.sources === null);
  return [...ranked, ...others].filter((one) => one !== lead.condition);
}

function byPlace(a: Candidate, b: Candidate): number {
  const [[keyA = 0, leafA = 0], [keyB = 0, leafB = 0]] = [a.at, b.at];
  return byTime({ eventMs: keyA, leafIndex: leafA }, { eventMs: keyB, leafIndex: leafB });
}
