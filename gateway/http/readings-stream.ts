// A whole range of readings as one answer: page after page, never more than one page in memory.
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Backend, Reading, ReadingsPage, ReadingsQuery } from './backend.ts';
import { CSV_HEADER, csvRow } from './csv.ts';
import { parquet } from './parquet.ts';
import { readingView } from './views.ts';

/** The pages after `first`. A page that fails now breaks the connection: the client must see it. */
async function* pages(
  backend: Backend,
  query: ReadingsQuery,
  first: ReadingsPage,
): AsyncGenerator<readonly Reading[]> {
  let page = first;
  let cursor = query.cursor;
  for (;;) {
    yield page.rows;
    if (page.next === null) return;
    if (page.next === cursor) throw new Error('a page of readings leads to itself');
    cursor = page.next;
    // Reading a page holds the event loop; others get their turn between two pages.
    await setImmediate();
    const following = await backend.readings({ ...query, cursor });
    if (!following.ok) throw new Error(`readings stopped: ${following.code}`);
    page = following.value;
  }
}

async function* jsonArray(source: AsyncIterable<readonly Reading[]>): AsyncGenerator<string> {
  let separator = '[';
  for await (const rows of source) {
    if (rows.length === 0) continue;
    yield separator + rows.map((row) => JSON.stringify(readingView(row))).join(',\n');
    separator = ',\n';
  }
  yield separator === '[' ? '[]\n' : ']\n';
}

async function* csv(source: AsyncIterable<readonly Reading[]>): AsyncGenerator<string> {
  yield CSV_HEADER;
  for await (const rows of source) if (rows.length > 0) yield rows.map(csvRow).join('');
}

const WRITERS = { array: jsonArray, csv, parquet };

export type StreamFormat = keyof typeof WRITERS;

/**
 * The stream pulls: a slow client holds back the next page, and one that goes away ends the
 * generators (fastify destroys the stream when the socket closes).
 */
export function readingsStream(
  backend: Backend,
  { query, first, format }: { query: ReadingsQuery; first: ReadingsPage; format: StreamFormat },
): Readable {
  return Readable.from(WRITERS[format](pages(backend, query, first)), { highWaterMark: 1 });
}
