// What a query finds that was recorded after a position: the source of everything that is delivered.
import type { EpcisBackend, EpcisOutcome, QueryParameters } from '../../http/epcis-backend.ts';
import type { StoredEvent } from '../event.ts';
import type { FeedStep } from './feed-runner.ts';

/** After the event at `leafIndex`, among those recorded at `recordMs` or later. */
export interface FeedPosition {
  readonly recordMs: number;
  readonly leafIndex: number;
}

/** Events delivered at a time; a subscriber takes or refuses them together. */
const FEED_EVENTS_MAX = 100;

/** Before every event of the log that was recorded from `recordMs` on. */
export const beforeAll = (recordMs: number): FeedPosition => ({ recordMs, leafIndex: -1 });

/** After everything that the log holds now; what was erased since has no place in a page. */
export async function newestPosition(epcis: EpcisBackend): Promise<FeedPosition> {
  const order = { orderBy: 'recordTime', orderDirection: 'DESC' };
  for (let after: string | null = null; ; ) {
    const page = await epcis.query(order, { limit: 1, after });
    if (!page.ok) throw new Error(`${page.code}: ${page.detail}`);
    const [event] = page.value.events;
    after = page.value.next;
    if (event) return positionOf(event);
    if (after === null) return beforeAll(0);
  }
}

export const positionOf = ({ recordMs, leafIndex }: StoredEvent): FeedPosition => ({
  recordMs,
  leafIndex,
});

/**
 * The next events after `position`, oldest first, in the log's order; `[]`: none yet. Log time
 * never decreases with the position, so a time to begin at and a leaf to leave out are enough.
 */
export async function eventsAfter(
  epcis: EpcisBackend,
  query: QueryParameters,
  position: FeedPosition,
): Promise<EpcisOutcome<readonly StoredEvent[]>> {
  const own = query['GE_recordTime'];
  const ownMs = typeof own === 'string' ? Date.parse(own) : 0;
  const sinceMs = Math.max(position.recordMs, ownMs || 0);
  const parameters = {
    ...query,
    GE_recordTime: new Date(sinceMs).toISOString(),
    orderBy: 'recordTime',
    orderDirection: 'ASC',
  };
  for (let after: string | null = null; ; ) {
    const page = await epcis.query(parameters, { limit: FEED_EVENTS_MAX, after });
    if (!page.ok) return page;
    const fresh = page.value.events.filter(({ leafIndex }) => leafIndex > position.leafIndex);
    after = page.value.next;
    if (fresh.length > 0 || after === null) return { ok: true, value: fresh };
  }
}

/** What a subscriber is sent next. */
export async function nextEvents(
  epcis: EpcisBackend,
  query: QueryParameters,
  position: FeedPosition,
): Promise<FeedStep<StoredEvent, FeedPosition>> {
  const found = await eventsAfter(epcis, query, position);
  if (!found.ok) throw new Error(`${found.code}: ${found.detail}`);
  const items = found.value.slice(0, FEED_EVENTS_MAX);
  const last = items.at(-1);
  return { items, position: last ? positionOf(last) : position, isEnd: !last };
}
