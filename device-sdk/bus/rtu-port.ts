/**
 * The port under modbus-serial: frames one reply per request and lets nothing else through.
 *
 * modbus-serial hands any well-formed frame to whichever request is waiting, and RTU has no
 * transaction id: a reply later than its timeout answers the next request, with valid CRC, unit
 * and length (device.md §0.1). Here bytes count only between a request and the end of its reply;
 * all others are strays, which the bus treats as proof that the conversation lost its step.
 *
 * @module rtu-port
 */
import { EventEmitter } from 'node:events';
import type { SerialLine } from './serial-port.ts';

/** RS-485 drivers leave a byte or two of noise when the line turns around. */
const NOISE_BYTES_MAX = 2;
const FRAME_BYTES_MAX = 256;

export class RtuPort extends EventEmitter {
  readonly stats = { noiseBytes: 0, strayBytes: 0 };
  /** Monotonic ms of the last byte in either direction. */
  lastByteAt = Number.NEGATIVE_INFINITY;
  readonly #line: SerialLine;
  readonly #monotonicMs: () => number;
  readonly #unsubscribe: () => void;
  #buffer = Buffer.alloc(0);
  #awaitedUnit: number | null = null;

  constructor(line: SerialLine, monotonicMs: () => number) {
    super();
    this.#line = line;
    this.#monotonicMs = monotonicMs;
    this.#unsubscribe = line.onBytes((bytes) => this.#receive(bytes));
  }

  get isOpen(): boolean {
    return this.#line.isOpen;
  }

  /** The line opens itself; modbus-serial only needs to hear that it may go on. */
  open(callback: (error: Error | null) => void): void {
    callback(null);
  }

  close(callback?: (error: Error | null) => void): void {
    this.#unsubscribe();
    this.disarm();
    callback?.(null);
  }

  write(frame: Buffer): void {
    this.#buffer = Buffer.alloc(0);
    this.#awaitedUnit = frame[0] ?? null;
    this.lastByteAt = this.#monotonicMs();
    this.#line.write(frame);
  }

  /** From now on every byte is a stray. Returns whether part of a reply had come. */
  disarm(): boolean {
    const partial = this.#buffer.length > 0;
    this.#awaitedUnit = null;
    this.#buffer = Buffer.alloc(0);
    return partial;
  }

  #receive(bytes: Uint8Array): void {
    this.lastByteAt = this.#monotonicMs();
    if (this.#awaitedUnit === null) {
      this.stats.strayBytes += bytes.length;
      return;
    }
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    this.#skipNoise(this.#awaitedUnit);
    const end = frameEnd(this.#buffer);
    if (end === null) return;
    const frame = this.#buffer.subarray(0, end);
    this.stats.strayBytes += this.#buffer.length - end;
    this.disarm();
    this.emit('data', frame);
  }

  #skipNoise(unit: number): void {
    const at = this.#buffer.subarray(0, NOISE_BYTES_MAX + 1).indexOf(unit);
    if (at <= 0) return;
    this.stats.noiseBytes += at;
    this.#buffer = this.#buffer.subarray(at);
  }
}

/** Where the frame at the start of `buffer` ends by its own account; null when more must come. */
function frameEnd(buffer: Buffer): number | null {
  const [, code, byteCount] = buffer;
  if (code === undefined || byteCount === undefined) return null;
  let end: number;
  if ((code & 0x80) !== 0) end = 5;
  else if (code === 3 || code === 4) end = 5 + byteCount;
  // Nothing we ever ask for: hand over what there is, modbus-serial refuses it.
  else end = Math.max(5, Math.min(buffer.length, FRAME_BYTES_MAX));
  return buffer.length >= end ? end : null;
}
