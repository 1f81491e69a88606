// SPEC.md §6.1: the frame, what a device publishes: [statement, content].

import { concat } from './bytes.ts';
import { encodeHead } from './cbor.ts';
/** @module frame */
import { CborReader } from './cbor-reader.ts';
import { fail, ok, type Result } from './result.ts';

export interface Frame {
  /** Tag-18 bytes. */
  readonly statement: Uint8Array;
  /** The preimage of the statement's hash envelope. */
  readonly content: Uint8Array;
}

export const FRAME_BYTES_MAX = 262_144;

/** Throws TypeError beyond the cap: a device must not queue what no gateway takes. */
export function encodeFrame(frame: Frame): Uint8Array {
  const { statement, content } = frame;
  const bytes = concat(
    Uint8Array.of(0x82),
    encodeHead(2, statement.length),
    statement,
    encodeHead(2, content.length),
    content,
  );
  if (bytes.length > FRAME_BYTES_MAX) throw new TypeError(`a frame of ${bytes.length} bytes`);
  return bytes;
}

/** Both parts are views on `bytes`. */
export function parseFrame(bytes: Uint8Array): Result<Frame> {
  if (bytes.length > FRAME_BYTES_MAX) return fail('frame_too_large', `${bytes.length} bytes`);
  const reader = new CborReader(bytes);
  if (reader.array() !== 2) reader.fail('cbor_type');
  const statement = reader.bytes();
  const content = reader.bytes();
  return reader.finish() ? ok({ statement, content }) : reader.refusal('frame');
}
