import type { Db, Query } from '../../store/database.ts';
import type { EventRow } from './event-source.ts';
import type { EventWords } from './event-words.ts';
import { asNumber, asTime } from './fact-names.ts';

/** Events are sorted in memory by such a field; a result with more of them is refused. */
export const ORDERED_EVENTS_MAX = 10_000;

export const FIELD_ORDER_SQL = `SELECT min(value) AS low, max(value) AS high FROM event_number
  WHERE leaf_index = ? AND phrase = ?`;

/** Place of an event in the order by a field: events without it are last. */
export type FieldPlaceOfEvent = readonly [isMissing: number, value: number, leafIndex: number];

/** Order by a field that GS1 did not define, of numbers or times (openapi.json, orderBy). */
export class FieldOrder {
  readonly #query: Query;
  readonly #phrases: EventWords;

  constructor(db: Db, phrases: EventWords) {
    this.#query = db.prepare(FIELD_ORDER_SQL);
    this.#phrases = phrases;
  }

  /** An event with several values is where its first one is in that direction. */
  sorted(
    rows: readonly EventRow[],
    { names, isDescending }: { names: readonly string[]; isDescending: boolean },
  ): { row: EventRow; at: FieldPlaceOfEvent }[] {
    const numbers = names
      .flatMap((name) => [asNumber(name), asTime(name)])
      .map((name) => this.#phrases.find(name, ''))
      .filter((no) => no !== null);
    const sign = isDescending ? -1 : 1;
    return rows
      .map((row) => {
        const value = this.#value(row, numbers, isDescending);
        const at: FieldPlaceOfEvent =
          value === null ? [1, 0, row.leafIndex] : [0, sign * value, row.leafIndex];
        return { row, at };
      })
      .sort((a, b) => compareFieldPlaces(a.at, b.at));
  }

  #value(
    { leafIndex }: EventRow,
    numbers: readonly number[],
    isDescending: boolean,
  ): number | null {
    const found = numbers.flatMap((no) => {
      const { low, high } = this.#query.get(leafIndex, no) as { low: number; high: number };
      return low === null ? [] : [isDescending ? high : low];
    });
    if (found.length === 0) return null;
    return isDescending ? Math.max(...found) : Math.min(...found);
  }
}

export function compareFieldPlaces(a: readonly number[], b: readonly number[]): number {
  const differences = a.map((value, at) => value - (b[at] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
