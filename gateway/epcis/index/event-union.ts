import type { Interval } from '../query/interval.ts';
import type { EventRow, EventSource, Measure, Walk } from './event-source.ts';

/** Fewest rows that a source is asked for; each round asks for twice as many as the one before. */
const CHUNK_MIN = 32;
const CHUNK_MAX = 1_024;

/** Whether the rows are in the order by time as they are. */
export function isTimed(sources: readonly EventSource[]): boolean {
  return sources.every(({ walk, isSorting }) => walk !== null && !isSorting);
}

/** The sum, counted up to `max`. */
export function measureAll(
  sources: readonly EventSource[],
  window: Interval,
  max: number,
): Measure {
  let count = 0;
  let spanMs: number | null = 0;
  for (const source of sources) {
    const one = source.measure(window, max - count);
    count += one.count;
    spanMs = spanMs === null || one.spanMs === null ? null : Math.max(spanMs, one.spanMs);
    if (count >= max) break;
  }
  return { count, spanMs };
}

/**
 * Rows of several sources, each once, in the order of (event time, leaf). Each round takes a chunk
 * of every source and goes as far as the shortest of the full chunks reaches.
 */
export function* walkUnion(
  sources: readonly EventSource[],
  { window, isDescending, after }: Omit<Walk, 'limit'>,
): Generator<EventRow> {
  const compare = isDescending ? (a: EventRow, b: EventRow) => byTime(b, a) : byTime;
  let position = after;
  let limit = CHUNK_MIN;
  for (;;) {
    const chunks = sources.map(
      ({ walk }) => walk?.({ window, isDescending, after: position, limit }) ?? [],
    );
    const ends = chunks.filter((rows) => rows.length === limit).map((rows) => rows.at(-1));
    const frontier = ends.reduce((a, b) => (a && b && compare(a, b) > 0 ? b : a), ends[0]);
    const rows = chunks.length === 1 ? (chunks[0] ?? []) : chunks.flat().sort(compare);
    let last: EventRow | null = null;
    for (const row of rows) {
      if (frontier && compare(row, frontier) > 0) break;
      if (last === null || byTime(last, row) !== 0) yield row;
      last = row;
    }
    if (!frontier) return;
    position = frontier;
    limit = Math.min(limit * 2, CHUNK_MAX);
  }
}

export function byTime(a: EventRow, b: EventRow): number {
  return a.eventMs - b.eventMs || a.leafIndex - b.leafIndex;
}
