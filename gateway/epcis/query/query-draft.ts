import type { RuleBreach } from '../event.ts';
import { isVocabularyWord, type VocabularyList } from '../gs1/cbv-vocabulary.ts';
import type { Namespaces } from '../gs1/namespaces.ts';
import type { FieldAt } from '../index/fact-names.ts';
import { wordValue } from '../index/fact-values.ts';
import type { Condition } from './event-query.ts';
import { type Comparison, EVERYTHING, type Interval, narrowed } from './interval.ts';
import { isWrong, type Read } from './query-values.ts';

/** A query while its parameters are read, one after the other. */
export interface Draft {
  readonly namespaces: Namespaces;
  readonly breaches: RuleBreach[];
  readonly conditions: Condition[];
  /** Bounds of one number are one interval: TCR-53 step 4 asks for a time within a period. */
  readonly intervals: Map<string, Interval>;
  readonly fieldIntervals: Map<string, { at: FieldAt; is: 'number' | 'time'; interval: Interval }>;
  eventMs: Interval;
  recordMs: Interval;
  orderBy: 'eventTime' | 'recordTime' | FieldAt | null;
  isDescending: boolean;
  eventCountLimit: number | null;
  maxEventCount: number | null;
  refuse(name: string, message: string, rule?: string): void;
}

export function newDraft(namespaces: Namespaces): Draft {
  const breaches: RuleBreach[] = [];
  return {
    namespaces,
    breaches,
    conditions: [],
    intervals: new Map(),
    fieldIntervals: new Map(),
    eventMs: EVERYTHING,
    recordMs: EVERYTHING,
    orderBy: null,
    isDescending: true,
    eventCountLimit: null,
    maxEventCount: null,
    refuse(name, message, rule = 'epcis_query_parameter') {
      const path = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      breaches.push({ path, rule, message: `${name.slice(0, 128)} ${message}` });
    },
  };
}

/** The value, or null after it was refused. */
export function take<T>(draft: Draft, name: string, read: Read<T>): T | null {
  if (!isWrong(read)) return read.value;
  draft.refuse(name, read.wrong);
  return null;
}

export function bound(draft: Draft, name: string, by: Comparison, value: number): void {
  draft.intervals.set(name, narrowed(draft.intervals.get(name) ?? EVERYTHING, by, value));
}

/** One of `values` is said under `term`. */
export function anyOf(draft: Draft, term: string, values: readonly string[]): void {
  draft.conditions.push({ kind: 'terms', terms: values.map((value) => ({ name: term, value })) });
}

/** Bare words that the vocabulary does not have are refused (query-schema.json). */
export function wordsOf(
  draft: Draft,
  name: string,
  { list, texts }: { list: VocabularyList; texts: readonly string[] },
): string[] | null {
  const other = texts.find((text) => !text.includes(':') && !isVocabularyWord(list, text));
  if (other === undefined) return texts.map((text) => wordValue(list, text, draft.namespaces));
  draft.refuse(name, `has ${JSON.stringify(other)}, which is no word of its vocabulary`);
  return null;
}
