import type { ReadEvent } from '../event.ts';
import type { Reading } from './place.ts';

/**
 * The events of one document, of which those are refused whose id another has before them. EPCIS
 * 2.0, ErrorDeclaration: two events have the same id in one case only, when one declares the other an error.
 */
export function uniqueIds(events: readonly Reading<ReadEvent>[]): Reading<ReadEvent>[] {
  const taken = new Set<string>();
  return events.map((read, index) => {
    if (!read.ok) return read;
    const { event, eventId } = read.value;
    const key = `${Object.hasOwn(event, 'errorDeclaration')} ${eventId}`;
    if (!taken.has(key)) {
      taken.add(key);
      return read;
    }
    const path = `/epcisBody/eventList/${index}/eventID`;
    const message = `${eventId} stands in this document before`;
    return { ok: false, breaches: [{ path, rule: 'event_id_twice', message }] };
  });
}
