// SPEC.md §5.3: a captured EPCIS event, the content of a statement by a member's capture key.

/** @module captured-event */
import { encodeCbor } from './cbor.ts';
import { CborReader } from './cbor-reader.ts';
import { fail, ok, type Result } from './result.ts';

export interface CapturedEvent {
  /** 16 random bytes: without them a digest in the public log would give a short event away. */
  readonly salt: Uint8Array;
  /** One event of EPCIS 2.0 as JSON text, with its `@context` and `eventID`. */
  readonly json: string;
}

export const EVENT_SALT_BYTES = 16;

/** Content that begins otherwise is no captured event: array of two, byte string of 16. */
export function mayBeCapturedEvent(content: Uint8Array): boolean {
  return content[0] === 0x82 && content[1] === 0x50;
}

export function encodeCapturedEvent({ salt, json }: CapturedEvent): Uint8Array {
  if (salt.length !== EVENT_SALT_BYTES) throw new TypeError(`a salt of ${salt.length} bytes`);
  return encodeCbor([salt, json]);
}

/** Form only: the JSON is an object. What EPCIS says about it, whoever captures it has checked. */
export function parseCapturedEvent(bytes: Uint8Array): Result<CapturedEvent> {
  const reader = new CborReader(bytes);
  if (reader.array() !== 2) reader.fail('cbor_type');
  const salt = reader.bytes();
  const json = reader.text();
  if (!reader.finish()) return reader.refusal('captured event');
  if (salt.length !== EVENT_SALT_BYTES) return fail('event_salt', `${salt.length} bytes`);
  return isObject(json) ? ok({ salt, json }) : fail('event_json', json.slice(0, 64));
}

function isObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
