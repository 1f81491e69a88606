// ABCI socket protocol (CometBFT spec/abci, "Client and Server", TSP): each message is a protobuf
// behind its length as an unsigned varint, in both directions.

/** @module framing */
import { concat } from '@truegrain/device-sdk/formats/bytes.js';
import { fail, ok, type Refused, type Result } from '@truegrain/device-sdk/formats/result.js';

/** The engine's own reader allows 2 GiB; a block here has at most 4 MiB. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;

/** Five bytes of seven bits: a longer length is beyond any limit. */
const LENGTH_BYTES_MAX = 5;

export type FrameRefusalCode = 'frame_length' | 'frame_too_large';

/**
 * Cuts the byte stream of one connection into messages, wherever its chunks are cut. Each message
 * has memory of its own: what is decoded from it stays true after the socket has reused its buffer.
 * A refused stream has no next boundary, so every later call refuses likewise.
 */
export class FrameParser {
  readonly #bytesMax: number;
  #refused: Refused<FrameRefusalCode> | null = null;
  #length = 0;
  #lengthBytes = 0;
  /** The message being read; null while its length is. */
  #message: Uint8Array<ArrayBuffer> | null = null;
  #filled = 0;

  constructor(bytesMax = FRAME_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  push(chunk: Uint8Array): Result<Uint8Array<ArrayBuffer>[], FrameRefusalCode> {
    const messages: Uint8Array<ArrayBuffer>[] = [];
    let at = 0;
    while (at < chunk.length && this.#refused === null) {
      if (this.#message === null) {
        this.#message = this.#readLengthByte(chunk[at++] as number);
      } else {
        const part = chunk.subarray(at, at + this.#message.length - this.#filled);
        this.#message.set(part, this.#filled);
        this.#filled += part.length;
        at += part.length;
      }
      if (this.#message?.length === this.#filled) {
        messages.push(this.#message);
        this.#message = null;
        this.#filled = 0;
      }
    }
    return this.#refused ?? ok(messages);
  }

  /** The message to fill, once its length is known. */
  #readLengthByte(byte: number): Uint8Array<ArrayBuffer> | null {
    const length = this.#length + (byte & 0x7f) * 2 ** (7 * this.#lengthBytes);
    this.#lengthBytes++;
    if (byte >= 0x80) {
      this.#length = length;
      if (this.#lengthBytes < LENGTH_BYTES_MAX) return null;
      return this.#refuse('frame_length', `a length of more than ${LENGTH_BYTES_MAX} bytes`);
    }
    if (byte === 0 && this.#lengthBytes > 1) {
      return this.#refuse('frame_length', 'a length with a superfluous byte');
    }
    if (length > this.#bytesMax) {
      return this.#refuse('frame_too_large', `${length} bytes; at most ${this.#bytesMax}`);
    }
    this.#length = 0;
    this.#lengthBytes = 0;
    return new Uint8Array(length);
  }

  #refuse(code: FrameRefusalCode, detail: string): null {
    this.#refused = fail(code, detail);
    return null;
  }
}

export function frameOf(message: Uint8Array): Uint8Array {
  return concat(uvarint(message.length), message);
}

function uvarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.from([...bytes, rest]);
}
