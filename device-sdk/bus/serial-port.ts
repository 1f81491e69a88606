/**
 * One serial line that outlives its port: opened, watched and reopened in process (P4). A bridge
 * that exits when its adapter is pulled is the complaint of every zigbee2mqtt user.
 *
 * @module serial-port
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve as resolvePath } from 'node:path';
import { SerialPort } from 'serialport';
import { type Clock, SystemClock } from '../clock.ts';

/** A source of bytes that may go and come back. */
export interface ByteSource {
  readonly isOpen: boolean;
  onBytes(listener: (bytes: Uint8Array) => void): () => void;
  close(): Promise<void>;
}

export interface SerialLineOptions {
  readonly path: string;
  readonly baudRate?: number;
  readonly dataBits?: 7 | 8;
  readonly parity?: 'none' | 'even' | 'odd';
  readonly stopBits?: 1 | 2;
  readonly clock?: Clock;
  readonly reopenMsMin?: number;
  readonly reopenMsMax?: number;
  /** For sources that talk unasked: silence longer than this reopens the port (USB may hang). */
  readonly silenceMsMax?: number;
  /** How often the device node is looked for; see `#watchPresence`. */
  readonly presenceCheckMs?: number;
  readonly onState?: (state: LineState) => void;
}

export type LineState =
  | { readonly kind: 'open' }
  | { readonly kind: 'down'; readonly reason: string; readonly retryInMs: number };

const CLOSE_MS_MAX = 2_000;

export class SerialLine implements ByteSource {
  readonly path: string;
  readonly stats = { opens: 0, bytesIn: 0, bytesOut: 0, watchdogTrips: 0 };
  readonly #options: SerialLineOptions;
  readonly #clock: Clock;
  readonly #listeners = new Set<(bytes: Uint8Array) => void>();
  readonly #stop = new AbortController();
  #port: SerialPort | null = null;
  #dropPort: ((reason: string) => void) | null = null;
  #lastByteAt = 0;
  readonly #running: Promise<void>;

  /** Starts opening at once and keeps trying until `close()`. */
  constructor(options: SerialLineOptions) {
    this.path = options.path;
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.#running = this.#run();
  }

  get isOpen(): boolean {
    return this.#port?.isOpen === true;
  }

  onBytes(listener: (bytes: Uint8Array) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** False when the line is down; the bytes are then gone, which the asker sees as a timeout. */
  write(bytes: Uint8Array): boolean {
    const port = this.#port;
    if (port?.isOpen !== true) return false;
    this.stats.bytesOut += bytes.length;
    port.write(Buffer.from(bytes), (error) => {
      if (error) this.reopen(error.message);
    });
    return true;
  }

  /** The watchdog's lever: drops the port and lets the loop open it again. */
  reopen(reason: string): void {
    this.#dropPort?.(reason);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.reopen('closed');
    await this.#running;
  }

  async #run(): Promise<void> {
    const retryMsMin = this.#options.reopenMsMin ?? 500;
    let retryMs = retryMsMin;
    while (!this.#stop.signal.aborted) {
      const openedAt = this.#clock.monotonicMs();
      const reason = await this.#session();
      if (this.#stop.signal.aborted) return;
      const lastedMs = this.#clock.monotonicMs() - openedAt;
      // An adapter that comes and goes within seconds must not be opened in a tight loop.
      if (lastedMs > 10_000) retryMs = retryMsMin;
      this.#options.onState?.({ kind: 'down', reason, retryInMs: retryMs });
      await this.#clock.sleep(retryMs, this.#stop.signal).catch(() => {});
      retryMs = Math.min(retryMs * 2, this.#options.reopenMsMax ?? 30_000);
    }
  }

  /** Opens the port and resolves with the reason once it is gone. */
  async #session(): Promise<string> {
    const port = new SerialPort({
      path: this.path,
      baudRate: this.#options.baudRate ?? 9600,
      dataBits: this.#options.dataBits ?? 8,
      parity: this.#options.parity ?? 'none',
      stopBits: this.#options.stopBits ?? 1,
      autoOpen: false,
    });
    const gone = new Promise<string>((resolve) => {
      this.#dropPort = resolve;
      port.on('close', (error: Error | null) => resolve(error?.message ?? 'port closed'));
      port.on('error', (error) => resolve(error.message));
    });
    port.on('data', (bytes: Buffer) => this.#receive(bytes));
    const failed = await new Promise<Error | null>((resolve) => port.open(resolve));
    if (failed !== null) return failed.message;
    this.#port = port;
    this.#lastByteAt = this.#clock.monotonicMs();
    this.stats.opens += 1;
    if (!this.#stop.signal.aborted) this.#options.onState?.({ kind: 'open' });
    const watch = new AbortController();
    void this.#watchSilence(watch.signal);
    void this.#watchPresence(watch.signal);
    const reason = this.#stop.signal.aborted ? 'closed' : await gone;
    watch.abort();
    this.#port = null;
    await this.#release(port);
    return reason;
  }

  #receive(bytes: Uint8Array): void {
    this.stats.bytesIn += bytes.length;
    this.#lastByteAt = this.#clock.monotonicMs();
    for (const listener of this.#listeners) listener(bytes);
  }

  async #watchSilence(signal: AbortSignal): Promise<void> {
    const silenceMsMax = this.#options.silenceMsMax;
    if (silenceMsMax === undefined) return;
    while (!signal.aborted) {
      const leftMs = this.#lastByteAt + silenceMsMax - this.#clock.monotonicMs();
      if (leftMs <= 0) {
        this.stats.watchdogTrips += 1;
        this.reopen(`no byte for ${silenceMsMax} ms`);
        return;
      }
      await this.#clock.sleep(leftMs, signal).catch(() => {});
    }
  }

  /**
   * A read that is under way while the line hangs up returns 0 bytes, on which
   * @serialport/bindings-cpp 13 tries again for ever: no close event, one core busy. The device
   * node tells the truth: it is gone, or is another one.
   */
  async #watchPresence(signal: AbortSignal): Promise<void> {
    const opened = await nodeIdentity(this.path);
    while (!signal.aborted) {
      await this.#clock.sleep(this.#options.presenceCheckMs ?? 1_000, signal).catch(() => {});
      if (signal.aborted) return;
      const present = await nodeIdentity(this.path);
      if (present === opened) continue;
      this.reopen('device node gone');
      return;
    }
  }

  /** A hung USB driver may never call back (serialport#2685): give up on the object, not on us. */
  async #release(port: SerialPort): Promise<void> {
    if (!port.isOpen) return;
    const patience = new AbortController();
    await Promise.race([
      new Promise<void>((resolve) => port.close(() => resolve())),
      this.#clock.sleep(CLOSE_MS_MAX, patience.signal).catch(() => {}),
    ]);
    patience.abort();
  }
}

async function nodeIdentity(path: string): Promise<string | null> {
  return stat(path).then(
    ({ dev, ino, rdev }) => `${dev}:${ino}:${rdev}`,
    () => null,
  );
}

/**
 * `/dev/ttyUSB0` is whichever adapter was found first (device-modbus-go#636: after a reboot the
 * driver asked the wrong meter). Returns the stable name to put into the configuration, or null
 * when the path is stable already or nothing better exists.
 */
export function stableNameAdvice(path: string, byIdDirectory = '/dev/serial/by-id'): string | null {
  if (!/^\/dev\/tty(USB|ACM)\d+$/.test(path)) return null;
  try {
    for (const name of readdirSync(byIdDirectory)) {
      const candidate = `${byIdDirectory}/${name}`;
      if (resolvePath(byIdDirectory, readlinkSync(candidate)) === path) return candidate;
    }
  } catch {
    // No udev, no advice.
  }
  return null;
}
