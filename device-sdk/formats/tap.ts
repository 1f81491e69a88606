// SPEC.md §10.7: a tag on a thing was read and proved itself (NTAG 424 DNA SUN); `sub` is the thing.

/** @module tap */
import { encodePayload, openPayload } from './governance-payload.ts';
import { SUBJECT_LENGTH_MAX } from './order.ts';
import type { Result } from './result.ts';

export interface Tap {
  readonly logTimeMs: number;
  readonly subject: string;
  /** Of the chip, 7 bytes. */
  readonly uid: Uint8Array;
  /** The chip's own count of readings: one that was seen before is a copy. */
  readonly counter: number;
  readonly place: string;
}

export const TAG_UID_BYTES = 7;
/** Three bytes on the chip. */
export const TAP_COUNTER_MAX = 0xff_ff_ff;

export function encodeTap({ logTimeMs, subject, uid, counter, place }: Tap): Uint8Array {
  return encodePayload(logTimeMs, [
    ['subject', subject],
    ['uid', uid],
    ['counter', counter],
    ['place', place],
  ]);
}

export function parseTap(bytes: Uint8Array): Result<Tap> {
  const opened = openPayload(bytes, 'tap');
  if (!opened.ok) return opened;
  const { fields, logTimeMs } = opened.value;
  return fields.finish({
    logTimeMs,
    subject: fields.text('subject', { max: SUBJECT_LENGTH_MAX }),
    uid: fields.bytes('uid', { length: TAG_UID_BYTES }),
    counter: fields.uint('counter', { max: TAP_COUNTER_MAX }),
    place: fields.text('place', { max: 256 }),
  });
}
