// A SimpleEventQuery (EPCIS 2.0) as the index answers it. Conditions are joined by "and";
// each is about the whole event, so two of them may hold of two different sensor reports.
import type { QueryParameters } from '../../http/epcis-backend.ts';
import type { RuleBreach } from '../event.ts';
import { namespacesOf } from '../gs1/namespaces.ts';
import type { FieldAt } from '../index/fact-names.ts';
import type { TermFact } from '../index/fact-sheet.ts';
import type { Json } from '../json.ts';
import type { Interval } from './interval.ts';
import { type Draft, newDraft } from './query-draft.ts';
import { readParameter } from './query-parameters.ts';

/** A value that a field may have: as a text, and as the number or time that the text is. */
export interface FieldValue {
  readonly text: string;
  readonly number: number | null;
  readonly timeMs: number | null;
}

export type FieldTest =
  | { readonly is: 'present' }
  | { readonly is: 'equal'; readonly values: readonly FieldValue[] }
  | { readonly is: 'number' | 'time'; readonly interval: Interval };

export type Condition =
  | { readonly kind: 'eventId'; readonly ids: readonly string[] }
  /** One of them is said. */
  | { readonly kind: 'terms'; readonly terms: readonly TermFact[] }
  /** One number of this name lies in one of the intervals. */
  | { readonly kind: 'number'; readonly name: string; readonly intervals: readonly Interval[] }
  /** One thing in one of these roles: itself, of its class, or matching its pattern. */
  | { readonly kind: 'things'; readonly uris: readonly string[]; readonly roles: readonly number[] }
  | { readonly kind: 'field'; readonly at: FieldAt; readonly test: FieldTest };

export interface QueryOrder {
  readonly by: 'eventTime' | 'recordTime' | FieldAt;
  readonly isDescending: boolean;
}

export interface EventQuery {
  readonly conditions: readonly Condition[];
  readonly eventMs: Interval;
  readonly recordMs: Interval;
  /** Null: any order that stays the same. */
  readonly order: QueryOrder | null;
  /** The first so many, over all pages. */
  readonly eventCountLimit: number | null;
  /** A result with more events is refused. */
  readonly maxEventCount: number | null;
}

export interface QueryOptions {
  /**
   * What binds the prefixes of names: a `@context`, or what GS1-Extensions said, as an object. The
   * query's own `@context` goes before it. A prefix that neither binds means whatever captured
   * events call by it.
   */
  readonly context: Json;
}

/**
 * Values as in a query's JSON, or texts as in a query string with `|` between the elements of a
 * list. `perPage` and `nextPageToken` are not a query's. Every parameter that no standard defines,
 * and every value of another form, is a breach of `epcis_query_parameter`.
 */
export function readQuery(
  parameters: QueryParameters,
  options: QueryOptions = { context: null },
): { ok: true; value: EventQuery } | { ok: false; breaches: RuleBreach[] } {
  const { '@context': own = null, ...named } = parameters;
  const draft = newDraft(namespacesOf([...entriesOf(options.context), ...entriesOf(own)]));
  for (const name of Object.keys(named).sort()) {
    readParameter(draft, name, named[name] ?? null);
  }
  checkTogether(draft, named);
  return draft.breaches.length > 0
    ? { ok: false, breaches: draft.breaches }
    : { ok: true, value: queryOf(draft) };
}

function entriesOf(context: Json): readonly Json[] {
  return Array.isArray(context) ? context : [context];
}

/** openapi.json: which parameters exclude or need each other. */
function checkTogether(draft: Draft, named: QueryParameters): void {
  const { eventCountLimit, maxEventCount, orderBy } = draft;
  if (eventCountLimit !== null && maxEventCount !== null) {
    draft.refuse('maxEventCount', 'excludes eventCountLimit');
  }
  if ('eventCountLimit' in named && orderBy === null) {
    draft.refuse('eventCountLimit', 'needs orderBy');
  }
}

function queryOf(draft: Draft): EventQuery {
  const { orderBy, isDescending, eventCountLimit, maxEventCount, eventMs, recordMs } = draft;
  const numbers = [...draft.intervals].map(
    ([name, interval]): Condition => ({ kind: 'number', name, intervals: [interval] }),
  );
  const fields = [...draft.fieldIntervals.values()].map(
    ({ at, is, interval }): Condition => ({ kind: 'field', at, test: { is, interval } }),
  );
  return {
    conditions: [...draft.conditions, ...numbers, ...fields],
    eventMs,
    recordMs,
    order: orderBy === null ? null : { by: orderBy, isDescending },
    eventCountLimit,
    maxEventCount,
  };
}
