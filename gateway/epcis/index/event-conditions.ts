import type { Db, Query } from '../../store/database.ts';
import { CLASS_ROLE } from '../event-role.ts';
import { type EpcPattern, readEpcPattern } from '../gs1/epc-pattern.ts';
import type { Condition, FieldTest } from '../query/event-query.ts';
import { type Interval, pointAt } from '../query/interval.ts';
import type { EventRow, EventSource, EventSources, RecordRow } from './event-source.ts';
import { isTimed } from './event-union.ts';
import type { EventWords } from './event-words.ts';
import {
  asNumber,
  asTime,
  EXISTS,
  type FieldAt,
  fieldName,
  instanceName,
  prefixName,
} from './fact-names.ts';
import { isClass } from './thing-facts.ts';

/** A condition over the tables. */
export interface Resolved {
  /** One of them holds every event that fulfils it; null: nothing leads to those events. */
  readonly sources: readonly EventSource[] | null;
  /** The one interval of one number, whose rows have an order of their own. */
  readonly range: { readonly no: number; readonly interval: Interval } | null;
  holds(row: EventRow): boolean;
}

/** Things that a pattern is replaced by at most; beyond it is only a filter. */
const PATTERN_THINGS_MAX = 200;
/** Namespaces that a prefix may stand for. */
const NAMESPACES_MAX = 100;
const LAST_CHARACTER = '\u{10FFFF}';

export const CONDITION_SQL = {
  leaves: 'SELECT leaf_index FROM event_ref WHERE event_id = ?',
  place: `SELECT event_ms AS eventMs, leaf_index AS leafIndex, record_ms AS recordMs FROM event
    WHERE leaf_index = ?`,
  words: 'SELECT no, word FROM event_word WHERE word >= ? AND word < ? ORDER BY word LIMIT ?',
  values: 'SELECT value FROM event_phrase WHERE name = ? AND value > ? ORDER BY value LIMIT ?',
  things: `SELECT w.word, i.role FROM event_item i CROSS JOIN event_word w ON w.no = i.item
    WHERE i.leaf_index = ?`,
} as const;

export class EventConditions {
  readonly #sources: EventSources;
  readonly #words: EventWords;
  readonly #phrases: EventWords;
  readonly #queries: Record<keyof typeof CONDITION_SQL, Query>;

  constructor(db: Db, tables: { sources: EventSources; words: EventWords; phrases: EventWords }) {
    this.#sources = tables.sources;
    this.#words = tables.words;
    this.#phrases = tables.phrases;
    this.#queries = {
      leaves: db.prepare(CONDITION_SQL.leaves).pluck(),
      place: db.prepare(CONDITION_SQL.place),
      words: db.prepare(CONDITION_SQL.words),
      values: db.prepare(CONDITION_SQL.values).pluck(),
      things: db.prepare(CONDITION_SQL.things),
    };
  }

  resolve(condition: Condition): Resolved {
    switch (condition.kind) {
      case 'eventId':
        return anyOf([listSource(condition.ids.flatMap((id) => this.#eventRows(id)))]);
      case 'terms':
        return anyOf(condition.terms.flatMap(({ name, value }) => this.#term(name, value)));
      case 'number':
        return this.#numbers([condition.name], condition.intervals);
      case 'things':
        return this.#things(condition.uris, condition.roles);
      case 'field':
        return this.#field(condition.at, condition.test);
    }
  }

  /** Names under which captured events have a field. */
  fieldNames({ place, isInner, field }: FieldAt): string[] {
    const colon = field.indexOf(':');
    if (field.startsWith('{') || colon < 0) return [fieldName({ place, isInner, field })];
    const [prefix, local] = [field.slice(0, colon), field.slice(colon + 1)];
    const iris = this.#queries.values.all(prefixName(prefix), '', NAMESPACES_MAX) as string[];
    const fields = [field, ...iris.map((iri) => `{${iri}}${local}`)];
    return fields.map((one) => fieldName({ place, isInner, field: one }));
  }

  leavesOf(eventId: string): number[] {
    return this.#queries.leaves.all(eventId) as number[];
  }

  place(leafIndex: number): RecordRow {
    return this.#queries.place.get(leafIndex) as RecordRow;
  }

  #eventRows(id: string): EventRow[] {
    return this.leavesOf(id).map((leafIndex) => this.place(leafIndex));
  }

  #term(name: string, value: string): EventSource[] {
    const no = this.#phrases.find(name, value);
    return no === null ? [] : [this.#sources.term(no)];
  }

  #numbers(names: readonly string[], intervals: readonly Interval[]): Resolved {
    const asked = names.flatMap((name) => {
      const no = this.#phrases.find(name, '');
      return no === null ? [] : intervals.map((interval) => ({ no, interval }));
    });
    const [range = null] = asked;
    const sources = asked.map(({ no, interval }) => this.#sources.number(no, interval));
    return { ...anyOf(sources), range: asked.length === 1 && !isTimed(sources) ? range : null };
  }

  #field(at: FieldAt, test: FieldTest): Resolved {
    const names = this.fieldNames(at);
    if (test.is === 'present') return anyOf(names.flatMap((name) => this.#term(EXISTS, name)));
    if (test.is !== 'equal') {
      return this.#numbers(names.map(test.is === 'time' ? asTime : asNumber), [test.interval]);
    }
    return anyOf(
      names.flatMap((name) =>
        test.values.flatMap(({ text, number, timeMs }) => [
          ...this.#term(name, text),
          ...this.#point(asNumber(name), number),
          ...this.#point(asTime(name), timeMs),
        ]),
      ),
    );
  }

  #point(name: string, value: number | null): EventSource[] {
    const no = value === null ? null : this.#phrases.find(name, '');
    return no === null || value === null ? [] : [this.#sources.number(no, pointAt(value))];
  }

  #things(uris: readonly string[], roles: readonly number[]): Resolved {
    const found: EventSource[] = [];
    const open: RegExp[] = [];
    for (const uri of uris) {
      const pattern = readEpcPattern(uri);
      if (pattern === null) found.push(...this.#thing(uri, roles));
      else {
        const test = roles.every((role) => role >= CLASS_ROLE) ? pattern.class : pattern.instance;
        const things = this.#matching(pattern, test);
        if (things === null) open.push(test);
        else found.push(...things.map((no) => this.#sources.thing(no, roles)));
      }
    }
    if (open.length === 0) return anyOf(found);
    const closed = anyOf(found);
    return {
      sources: null,
      range: null,
      holds: (row) => closed.holds(row) || this.#hasThing(row, open, roles),
    };
  }

  /** A thing itself, and where it is a class of things with serials, each of those. */
  #thing(uri: string, roles: readonly number[]): EventSource[] {
    const no = this.#words.find(uri);
    const itself = no === null ? [] : [this.#sources.thing(no, roles)];
    if (!isClass(uri)) return itself;
    return [...itself, ...roles.flatMap((role) => this.#term(instanceName(role), uri))];
  }

  /** Numbers of the things that match; null: too many to walk one by one. */
  #matching({ starts }: EpcPattern, test: RegExp): number[] | null {
    const found: number[] = [];
    let left = PATTERN_THINGS_MAX;
    for (const start of starts) {
      const words = this.#queries.words.all(start, `${start}${LAST_CHARACTER}`, left) as {
        no: number;
        word: string;
      }[];
      found.push(...words.filter(({ word }) => test.test(word)).map(({ no }) => no));
      left -= words.length;
      if (left <= 0) return null;
    }
    return found;
  }

  #hasThing({ leafIndex }: EventRow, tests: readonly RegExp[], roles: readonly number[]): boolean {
    const things = this.#queries.things.all(leafIndex) as { word: string; role: number }[];
    return things.some(
      ({ word, role }) => roles.includes(role) && tests.some((test) => test.test(word)),
    );
  }
}

function anyOf(sources: readonly EventSource[]): Resolved {
  return { sources, range: null, holds: (row) => sources.some((source) => source.holds(row)) };
}

/** A few rows that are known already. */
function listSource(rows: readonly EventRow[]): EventSource {
  const leaves = new Set(rows.map(({ leafIndex }) => leafIndex));
  return {
    measure: (_, max) => ({ count: Math.min(rows.length, max), spanMs: null }),
    walk: null,
    isSorting: false,
    list: (_, max) => rows.slice(0, max),
    holds: ({ leafIndex }) => leaves.has(leafIndex),
  };
}
