/**
 * A scanner that is a keyboard (HID): reads `/dev/input/by-id/…-event-kbd`. The keys also reach
 * whatever console the machine has, for grabbing the device (EVIOCGRAB) needs an ioctl that Node does not
 * have (README says what to do about it).
 *
 * @module hid-scanner
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../bus/serial-port.ts';
import { type Clock, SystemClock } from '../clock.ts';
import { EVENT_BYTES, HidKeys } from './hid-keys.ts';

export interface HidScannerOptions {
  readonly path: string;
  readonly clock?: Clock;
  /** The device is asked so often: a blocking read would hold one of Node's four threads for ever. */
  readonly pollMs?: number;
  readonly reopenMs?: number;
}

const POLL_MS = 25;
const REOPEN_MS = 1_000;
/** A kernel buffer holds 64 events of a keyboard. */
const EVENTS_A_READ = 64;

export class HidScanner implements ByteSource {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #reopenMs: number;
  readonly #listeners = new Set<(bytes: Uint8Array) => void>();
  readonly #stop = new AbortController();
  readonly #keys = new HidKeys();
  readonly #running: Promise<void>;
  #fd: number | null = null;

  /** Starts opening at once and keeps trying until `close()`. */
  constructor(options: HidScannerOptions) {
    this.#path = options.path;
    this.#clock = options.clock ?? new SystemClock();
    this.#pollMs = options.pollMs ?? POLL_MS;
    this.#reopenMs = options.reopenMs ?? REOPEN_MS;
    this.#running = this.#run();
  }

  get isOpen(): boolean {
    return this.#fd !== null;
  }

  onBytes(listener: (bytes: Uint8Array) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#open();
      // Nobody listens before the sensor is made: what is there waits for it.
      if (this.#fd !== null && this.#listeners.size > 0) this.#read(this.#fd);
      const pauseMs = this.#fd === null ? this.#reopenMs : this.#pollMs;
      await this.#clock.sleep(pauseMs, signal).catch(() => {});
    }
    this.#drop();
  }

  #open(): void {
    if (this.#fd !== null) return;
    try {
      this.#fd = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
      this.#keys.reset();
    } catch {
      // Not plugged in, or not ours to read: `isOpen` says so, and it is tried again.
    }
  }

  /** All that is there. An unplugged device answers ENODEV. */
  #read(fd: number): void {
    const buffer = Buffer.alloc(EVENTS_A_READ * EVENT_BYTES);
    try {
      for (;;) {
        const length = readSync(fd, buffer);
        if (length === 0) return;
        const text = this.#keys.push(buffer.subarray(0, length));
        if (text === '') continue;
        for (const listener of this.#listeners) listener(Buffer.from(text, 'latin1'));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.#drop();
    }
  }

  #drop(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}
