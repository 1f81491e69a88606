/**
 * A bar code scanner as a sensor of texts: every scan is a reading `scan`. Given a part in
 * hand-overs, it also closes what was scanned together into this side's half of one.
 *
 * @module scanner
 */
import { LineSplitter } from '../bus/line-splitter.ts';
import type { ByteSource } from '../bus/serial-port.ts';
import { type Clock, SystemClock } from '../clock.ts';
import {
  formatElementString,
  isElementString,
  parseElementString,
  splitSymbology,
} from '../formats/gs1-element-string.ts';
import { type HandoverPart, handoverOf, type Scan } from './handover-scans.ts';
import type { Measurement, Sample, Sensor } from './sensor.ts';

export interface ScannerOptions {
  readonly name: string;
  /** Bytes with a CR or LF after every scan, as scanners come. */
  readonly source: ByteSource;
  readonly clock?: Clock;
  /** Null for a scanner that only observes. */
  readonly handover?: HandoverSetting | null;
}

export interface HandoverSetting extends HandoverPart {
  /** Scans with no longer pause between them are of one hand-over. */
  readonly pauseMs: number;
  /** What its goods went through since the last hand-over; it is asked once a hand-over. */
  readonly condition?: () => readonly Measurement[];
}

export const SCAN_NAME = 'scan';
const SCAN_BYTES_MAX = 1_024;
/** Scans waiting for the next sample: a stuck trigger must not fill the memory. */
const SCANS_MAX = 256;
/** A scanner that stays away is said again so often, not at every sample. */
const FAULT_EVERY_MS = 60_000;
/** Printable ASCII: what is left of a scan that can't be shown is no reading. */
const PRINTABLE = /^[ -~]+$/;

export class ScannerSensor implements Sensor {
  readonly name: string;
  readonly stats = { scans: 0, unreadable: 0 };
  readonly #options: ScannerOptions;
  readonly #clock: Clock;
  readonly #splitter = new LineSplitter({ startByte: null, lineBytesMax: SCAN_BYTES_MAX });
  readonly #unsubscribe: () => void;
  /** For the next sample. */
  #fresh: Measurement[] = [];
  /** Of the hand-over that is being scanned. */
  #scans: Scan[] = [];
  #lastScanMs = 0;
  #saidAwayMs: number | null = null;

  constructor(options: ScannerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.#unsubscribe = options.source.onBytes((bytes) => {
      for (const line of this.#splitter.push(bytes)) this.#take(line);
    });
  }

  sample(signal: AbortSignal): Promise<Sample> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const measurements = [...this.#away(), ...this.#fresh, ...this.#closeHandover()];
    this.#fresh = [];
    return Promise.resolve({ measurements });
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#options.source.close();
  }

  #take(line: string): void {
    if (this.#fresh.length >= SCANS_MAX) return;
    const scan = readScan(line);
    this.#lastScanMs = this.#clock.monotonicMs();
    if (scan === null) {
      this.stats.unreadable += 1;
      this.#fresh.push({ name: SCAN_NAME, fault: 'unreadable' });
      return;
    }
    this.stats.scans += 1;
    this.#fresh.push({ name: SCAN_NAME, text: scan.text });
    if (this.#options.handover && this.#scans.length < SCANS_MAX) this.#scans.push(scan);
  }

  #closeHandover(): Measurement[] {
    const { handover } = this.#options;
    const pausedMs = this.#clock.monotonicMs() - this.#lastScanMs;
    if (!handover || this.#scans.length === 0 || pausedMs < handover.pauseMs) return [];
    const half = handoverOf(this.#scans, handover);
    this.#scans = [];
    return half === null ? [] : [...half, ...(handover.condition?.() ?? [])];
  }

  #away(): Measurement[] {
    if (this.#options.source.isOpen) {
      this.#saidAwayMs = null;
      return [];
    }
    const nowMs = this.#clock.monotonicMs();
    if (this.#saidAwayMs !== null && nowMs - this.#saidAwayMs < FAULT_EVERY_MS) return [];
    this.#saidAwayMs = nowMs;
    return [{ name: SCAN_NAME, fault: 'disconnected' }];
  }
}

/** Null for what says that it is GS1 data and is not right: a bad read is never a thing. */
function readScan(line: string): Scan | null {
  if (isElementString(line)) {
    const elements = parseElementString(line);
    if (!elements.ok) return null;
    return { text: formatElementString(elements.value), elements: elements.value };
  }
  const { data } = splitSymbology(line);
  const text = data.trim();
  return PRINTABLE.test(text) ? { text, elements: null } : null;
}
