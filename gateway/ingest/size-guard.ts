// MQTT 3.1.1 §2.2, fixed header: decides about each control packet from its first bytes, before its
// body is read. A 100 MB PUBLISH costs five bytes here.

/** @module size-guard */
import type { ConnectionRefusal } from './broker.ts';

/** First bytes a device may send (packet type and flags, §2.2.1 and §2.2.2). */
export const packetType = {
  connect: 0x10,
  publish: 0x32,
  publishDup: 0x3a,
  puback: 0x40,
  subscribe: 0x82,
  unsubscribe: 0xa2,
  pingreq: 0xc0,
  disconnect: 0xe0,
} as const;

export interface PacketLimits {
  connectBytesMax: number;
  subscribeBytesMax: number;
  /** Remaining length: topic, packet identifier and payload. */
  publishBytesMax: number;
}

/** 'hold': stop before this packet, ask again later. */
export type Verdict = 'pass' | 'hold' | ConnectionRefusal;

export interface Scan {
  /** Bytes of the chunk that may go on to the parser. */
  readonly end: number;
  readonly verdict: Verdict;
}

/**
 * Walks the byte stream of one connection from packet to packet. It keeps three numbers, never
 * bytes, so it is indifferent to where the chunks are cut. `admit` is asked once per packet that is
 * allowed by itself, and again after each 'hold'.
 */
export class PacketScanner {
  readonly #limits: PacketLimits;
  readonly #admit: (first: number, remainingLength: number) => Verdict;
  /** First byte of the packet whose remaining length is being read; -1 between packets. */
  #first = -1;
  #length = 0;
  #shift = 0;
  /** Bytes of the current body still to come. */
  #body = 0;
  /** Headers passed so far. */
  packets = 0;

  constructor(limits: PacketLimits, admit: (first: number, remainingLength: number) => Verdict) {
    this.#limits = limits;
    this.#admit = admit;
  }

  /** A packet has begun and is not complete. */
  get midPacket(): boolean {
    return this.#body > 0 || this.#first !== -1;
  }

  scan(chunk: Uint8Array): Scan {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body > 0) {
        const step = Math.min(this.#body, chunk.length - at);
        this.#body -= step;
        at += step;
        continue;
      }
      const byte = chunk[at] as number;
      if (this.#first === -1) {
        const refusal = refusalOfFirstByte(byte);
        if (refusal !== null) return { end: at, verdict: refusal };
        this.#first = byte;
        at++;
        continue;
      }
      const length = this.#length + (byte & 0x7f) * 2 ** this.#shift;
      if (byte >= 0x80) {
        // §2.2.3: four bytes at most.
        if (this.#shift === 21) return { end: at, verdict: 'protocol' };
        this.#length = length;
        this.#shift += 7;
        at++;
        continue;
      }
      // On 'hold' the last length byte is given back: the header is then read to the end again.
      const verdict = this.#judge(this.#first, length);
      if (verdict !== 'pass') return { end: at, verdict };
      this.#body = length;
      this.packets++;
      this.#first = -1;
      this.#length = 0;
      this.#shift = 0;
      at++;
    }
    return { end: at, verdict: 'pass' };
  }

  #judge(first: number, length: number): Verdict {
    return refusalOfLength(first, length, this.#limits) ?? this.#admit(first, length);
  }
}

export function isPublish(first: number): boolean {
  return first === packetType.publish || first === packetType.publishDup;
}

function refusalOfFirstByte(first: number): ConnectionRefusal | null {
  if (first >> 4 === 3) {
    if ((first & 0x01) !== 0) return 'retained';
    // QoS 0 has no PUBACK to hold back until COMMIT; QoS 2 would keep state for nothing, since the
    // statement id already makes a resend harmless.
    return isPublish(first) ? null : 'qos';
  }
  switch (first) {
    case packetType.connect:
    case packetType.puback:
    case packetType.subscribe:
    case packetType.unsubscribe:
    case packetType.pingreq:
    case packetType.disconnect:
      return null;
    default:
      return 'protocol';
  }
}

function refusalOfLength(
  first: number,
  length: number,
  limits: PacketLimits,
): ConnectionRefusal | null {
  if (isPublish(first)) return length > limits.publishBytesMax ? 'too_large' : null;
  switch (first) {
    case packetType.connect:
      return length > limits.connectBytesMax ? 'too_large' : null;
    case packetType.puback:
      return length === 2 ? null : 'protocol';
    case packetType.subscribe:
    case packetType.unsubscribe:
      return length > limits.subscribeBytesMax ? 'too_large' : null;
    default:
      return length === 0 ? null : 'protocol';
  }
}
