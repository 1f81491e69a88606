import { randomBytes } from 'node:crypto';
import {
  EVENT_SALT_BYTES,
  encodeCapturedEvent,
  mayBeCapturedEvent,
  parseCapturedEvent,
} from '@truegrain/device-sdk/formats/captured-event.js';
import type { ReadEvent } from '../event.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';

/** Content of a statement: the event with its `@context`, under a fresh salt (SPEC §5.3). */
export function contentOf({ event, context }: ReadEvent): Uint8Array {
  const whole = context === null ? event : { '@context': context, ...event };
  return encodeCapturedEvent({
    salt: randomBytes(EVENT_SALT_BYTES),
    json: JSON.stringify(whole),
  });
}

/**
 * The event in a content; null where it holds none. Another member's gateway may have signed what
 * this one would have refused: no more is asked than that it has an id and a time to be found by.
 */
export function eventOf(content: Uint8Array): ReadEvent | null {
  if (!mayBeCapturedEvent(content)) return null;
  const parsed = parseCapturedEvent(content);
  if (!parsed.ok) return null;
  const whole: unknown = JSON.parse(parsed.value.json);
  if (!isJsonObject(whole)) return null;
  const { '@context': context = null, ...event } = whole as JsonObject & { '@context'?: Json };
  const { eventID, eventTime } = event;
  if (typeof eventID !== 'string' || typeof eventTime !== 'string') return null;
  if (Number.isNaN(Date.parse(eventTime))) return null;
  return { event, context, eventId: eventID };
}

/**
 * What makes two events one: the id, and the declaration that the first was wrong. An event that
 * declares an error repeats the id of the one it is about (EPCIS 2.0 §7.4.1.4).
 */
export function identityOf({ event, eventId }: ReadEvent): string {
  const { errorDeclaration } = event;
  const declared = isJsonObject(errorDeclaration) ? errorDeclaration['declarationTime'] : '';
  return `${eventId}\n${String(declared)}`;
}
