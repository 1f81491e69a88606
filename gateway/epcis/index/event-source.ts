import type { Db, Query } from '../../store/database.ts';
import { EVERYTHING, type Interval } from '../query/interval.ts';

/** Where an event is in the order by time. */
export interface EventRow {
  readonly eventMs: number;
  readonly leafIndex: number;
}

/** A row in the order by a measured value. */
export interface ValueRow extends EventRow {
  readonly value: number;
}

/** `count` rows were counted; where that is not all of them, `spanMs` is the time that they cover. */
export interface Measure {
  readonly count: number;
  /** Null: not in the order by time. */
  readonly spanMs: number | null;
}

/** A row in the order by record time. */
export interface RecordRow extends EventRow {
  readonly recordMs: number;
}

/** Where a walk goes on, and how. */
export interface Walk {
  readonly window: Interval;
  readonly isDescending: boolean;
  readonly after: EventRow | null;
  readonly limit: number;
}

/** Rows of the index that one thing asked for leads to. */
export interface EventSource {
  /** Counted up to `max`. */
  measure(window: Interval, max: number): Measure;
  /** In the order of (event time, leaf); null: not at all. */
  readonly walk: ((walk: Walk) => EventRow[]) | null;
  /** Each part of a walk sorts all rows: worth it where they are few. */
  readonly isSorting: boolean;
  /** Up to `max` rows in any order. */
  list(window: Interval, max: number): EventRow[];
  holds(row: EventRow): boolean;
}

const ROW = 'event_ms AS eventMs, leaf_index AS leafIndex';
const BOUNDS = 'event_ms BETWEEN @low AND @high';

function walkSql(from: string, where: string, isDescending: boolean): string {
  const direction = isDescending ? 'DESC' : 'ASC';
  return `SELECT ${ROW} FROM ${from} WHERE ${where}${BOUNDS}
    AND (event_ms, leaf_index) ${isDescending ? '<' : '>'} (@afterMs, @afterLeaf)
    ORDER BY event_ms ${direction}, leaf_index ${direction} LIMIT @limit`;
}

function measureSql(from: string, where: string): string {
  return `SELECT count(*) AS count, coalesce(max(event_ms) - min(event_ms), 0) AS spanMs FROM (
    SELECT event_ms FROM ${from} WHERE ${where}${BOUNDS} LIMIT @limit)`;
}

function recordSql(isDescending: boolean): string {
  const direction = isDescending ? 'DESC' : 'ASC';
  return `SELECT ${ROW}, record_ms AS recordMs FROM event WHERE record_ms BETWEEN @low AND @high
    AND (record_ms, leaf_index) ${isDescending ? '<' : '>'} (@afterMs, @afterLeaf)
    ORDER BY record_ms ${direction}, leaf_index ${direction} LIMIT @limit`;
}

const TERM = ['event_term', 'phrase = @no AND '] as const;
const THING = ['event_item', 'item = @no AND (1 << role) & @roles AND '] as const;
const POINT = ['event_number', 'phrase = @no AND value = @value AND '] as const;
const ALL = ['event', ''] as const;
const INTERVAL = ['event_number', 'phrase = @no AND value BETWEEN @from AND @to AND '] as const;
const RANGE = 'FROM event_number WHERE phrase = @no AND value BETWEEN @from AND @to';

/** Every text of SQL that a query runs; nothing that a user writes becomes part of one. */
export const SOURCE_SQL = {
  termUp: walkSql(...TERM, false),
  termDown: walkSql(...TERM, true),
  termMeasure: measureSql(...TERM),
  termHolds: `SELECT 1 FROM event_term
    WHERE phrase = @no AND event_ms = @eventMs AND leaf_index = @leafIndex`,
  thingUp: walkSql(...THING, false),
  thingDown: walkSql(...THING, true),
  thingMeasure: measureSql(...THING),
  thingHolds: `SELECT 1 FROM event_item WHERE item = @no AND event_ms = @eventMs
    AND leaf_index = @leafIndex AND (1 << role) & @roles LIMIT 1`,
  pointUp: walkSql(...POINT, false),
  pointDown: walkSql(...POINT, true),
  pointMeasure: measureSql(...POINT),
  allUp: walkSql(...ALL, false),
  allDown: walkSql(...ALL, true),
  allMeasure: measureSql(...ALL),
  rangeUp: walkSql(...INTERVAL, false),
  rangeDown: walkSql(...INTERVAL, true),
  rangeMeasure: `SELECT count(*) AS count, NULL AS spanMs FROM (SELECT 1 ${RANGE} LIMIT @limit)`,
  rangeList: `SELECT ${ROW} ${RANGE} LIMIT @limit`,
  rangeWalk: `SELECT value, ${ROW} ${RANGE}
    AND (value, event_ms, leaf_index) > (@afterValue, @afterMs, @afterLeaf)
    ORDER BY value, event_ms, leaf_index LIMIT @limit`,
  rangeHolds: `SELECT 1 FROM event_number
    WHERE leaf_index = @leafIndex AND phrase = @no AND value BETWEEN @from AND @to LIMIT 1`,
  rangeBelow: `SELECT 1 FROM event_number
    WHERE leaf_index = @leafIndex AND phrase = @no AND value >= @from AND value < @to LIMIT 1`,
  extent: `SELECT
    (SELECT event_ms FROM event WHERE ${BOUNDS} ORDER BY event_ms DESC LIMIT 1) -
    (SELECT event_ms FROM event WHERE ${BOUNDS} ORDER BY event_ms LIMIT 1) AS spanMs`,
  recordMeasure: `SELECT count(*) AS count, NULL AS spanMs FROM (
    SELECT 1 FROM event WHERE record_ms BETWEEN @low AND @high LIMIT @limit)`,
  recordUp: recordSql(false),
  recordDown: recordSql(true),
} as const;

type SqlName = keyof typeof SOURCE_SQL;

/** Makes sources over prepared queries. */
export class EventSources {
  readonly #queries: Record<SqlName, Query>;

  constructor(db: Db) {
    const prepared = Object.entries(SOURCE_SQL).map(([name, sql]) => [name, db.prepare(sql)]);
    this.#queries = Object.fromEntries(prepared) as Record<SqlName, Query>;
  }

  term(no: number): EventSource {
    return {
      ...this.#timed('term', { no }),
      holds: (row) => this.#queries.termHolds.get({ no, ...rowOf(row) }) !== undefined,
    };
  }

  thing(no: number, roles: readonly number[]): EventSource {
    const asked = { no, roles: roles.reduce((bits, role) => bits | (1 << role), 0) };
    return {
      ...this.#timed('thing', asked),
      holds: (row) => this.#queries.thingHolds.get({ ...asked, ...rowOf(row) }) !== undefined,
    };
  }

  /** A single value is in the order by time, an interval in the order by value. */
  number(no: number, { low, high }: Interval): EventSource {
    const asked = { no, from: low, to: high };
    const holds = ({ leafIndex }: EventRow) =>
      this.#queries.rangeHolds.get({ ...asked, leafIndex }) !== undefined;
    if (low === high) return { ...this.#timed('point', { no, value: low }), holds };
    return {
      measure: (_, max) => this.#queries.rangeMeasure.get({ ...asked, limit: max }) as Measure,
      walk: this.#walk('range', asked),
      isSorting: true,
      list: (_, max) => this.#queries.rangeList.all({ ...asked, limit: max }) as EventRow[],
      holds,
    };
  }

  /** All events of the window. */
  all(): EventSource {
    return { ...this.#timed('all', {}), holds: () => true };
  }

  /** From the first to the last event of the window. */
  spanMs(window: Interval): number {
    const { spanMs } = this.#queries.extent.get(window) as { spanMs: number | null };
    return spanMs ?? 0;
  }

  /** All events of a window of record times. */
  recorded(window: Interval): EventSource {
    const start = { window, isDescending: false, after: null };
    return {
      measure: (_, max) => this.#queries.recordMeasure.get({ ...window, limit: max }) as Measure,
      walk: null,
      isSorting: false,
      list: (_, max) => this.byRecord({ ...start, limit: max }),
      holds: () => true,
    };
  }

  /** Events by (record time, leaf); the window and the position are of record times. */
  byRecord({ window, isDescending, after, limit }: Walk): RecordRow[] {
    const start = after ?? startOf(window, isDescending);
    const from = { afterMs: start.eventMs, afterLeaf: start.leafIndex, limit };
    const query = isDescending ? this.#queries.recordDown : this.#queries.recordUp;
    return query.all({ ...window, ...from }) as RecordRow[];
  }

  /** Rows of an interval by value; an event with two values in it is where its smaller one is. */
  byValue(
    no: number,
    { low, high }: Interval,
    { after, limit }: { after: ValueRow | null; limit: number },
  ): ValueRow[] {
    const { value = low, eventMs = EVERYTHING.low, leafIndex = -1 } = after ?? {};
    const from = { afterValue: value, afterMs: eventMs, afterLeaf: leafIndex, limit };
    return this.#queries.rangeWalk.all({ no, from: low, to: high, ...from }) as ValueRow[];
  }

  /** Whether the event has a value of the interval below this one. */
  hasLower(no: number, low: number, { leafIndex, value }: ValueRow): boolean {
    const asked = { no, leafIndex, from: low, to: value };
    return this.#queries.rangeBelow.get(asked) !== undefined;
  }

  #timed(kind: 'term' | 'thing' | 'point' | 'all', asked: Record<string, number>) {
    const measure = this.#queries[`${kind}Measure`];
    const walk = this.#walk(kind, asked);
    return {
      measure: (window: Interval, max: number) =>
        measure.get({ ...asked, ...window, limit: max }) as Measure,
      walk,
      isSorting: false,
      list: (window: Interval, max: number) =>
        walk({ window, isDescending: false, after: null, limit: max }),
    };
  }

  #walk(kind: 'term' | 'thing' | 'point' | 'range' | 'all', asked: Record<string, number>) {
    const up = this.#queries[`${kind}Up`];
    const down = this.#queries[`${kind}Down`];
    return ({ window, isDescending, after, limit }: Walk) => {
      const start = after ?? startOf(window, isDescending);
      const from = { afterMs: start.eventMs, afterLeaf: start.leafIndex, limit };
      return (isDescending ? down : up).all({ ...asked, ...window, ...from }) as EventRow[];
    };
  }
}

function startOf({ low, high }: Interval, isDescending: boolean): EventRow {
  return isDescending
    ? { eventMs: high, leafIndex: Number.MAX_SAFE_INTEGER }
    : { eventMs: low, leafIndex: -1 };
}

/** What else a row carries is no parameter of a prepared query. */
function rowOf({ eventMs, leafIndex }: EventRow): { eventMs: number; leafIndex: number } {
  return { eventMs, leafIndex };
}
