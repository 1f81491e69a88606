/**
 * A GNSS receiver as a sensor and as a time source. Only RMC with status A is believed: receivers
 * without a fix repeat old positions and invent dates (device.md §0.10).
 *
 * @module nmea
 */
import { LineSplitter } from '../bus/line-splitter.ts';
import type { ByteSource } from '../bus/serial-port.ts';
import { type Clock, SystemClock } from '../clock.ts';
import type { TimeFix } from '../time-quality.ts';
import {
  correctWeekRollover,
  type Gga,
  parseSentence,
  type Rmc,
  readGga,
  readRmc,
} from './nmea-sentence.ts';
import type { Measurement, Sample, Sensor } from './sensor.ts';

export interface GnssTimeFix extends TimeFix {
  /** How many times 1,024 weeks were added; anything but 0 is worth an event. */
  readonly rollovers: number;
}

export interface NmeaSensorOptions {
  readonly name: string;
  readonly source: ByteSource;
  readonly buildDateMs: number;
  readonly clock?: Clock;
  readonly onTime?: (fix: GnssTimeFix) => void;
  readonly fixAgeMsMax?: number;
}

/** Without PPS the sentence trails its second by the receiver's work and the baud rate. */
const SENTENCE_LATENCY_MS_MAX = 1_000;
const NAMES = ['lat', 'lon', 'speed'] as const;

interface Fix {
  readonly rmc: Rmc;
  readonly utcMs: number;
  readonly monotonicMs: number;
  readonly rollovers: number;
}

export class NmeaSensor implements Sensor {
  readonly name: string;
  readonly stats = { accepted: 0, rejected: 0, valid: 0, void: 0 };
  readonly #options: NmeaSensorOptions;
  readonly #clock: Clock;
  readonly #splitter = new LineSplitter();
  readonly #unsubscribe: () => void;
  #fix: Fix | null = null;
  #gga: Gga | null = null;

  constructor(options: NmeaSensorOptions) {
    this.name = options.name;
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.#unsubscribe = options.source.onBytes((bytes) => this.#receive(bytes));
  }

  /** For status pages; never signed. */
  get satellites(): number | null {
    return this.#gga?.satellites ?? null;
  }

  sample(signal: AbortSignal): Promise<Sample> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return Promise.resolve({ measurements: this.#measure() });
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#options.source.close();
  }

  #measure(): Measurement[] {
    const fix = this.#fix;
    const ageMs = fix === null ? Infinity : this.#clock.monotonicMs() - fix.monotonicMs;
    if (fix === null || ageMs > (this.#options.fixAgeMsMax ?? 5_000)) {
      const code = this.#options.source.isOpen ? 'no_fix' : 'disconnected';
      return NAMES.map((name) => ({ name, fault: code }));
    }
    const suspect = fix.rollovers === 0 ? {} : { suspect: 'week_rollover' as const };
    const units = { lat: 'lat', lon: 'lon', speed: 'm/s' };
    return NAMES.map((name) => {
      const value = fix.rmc[name];
      if (value === null) return { name, fault: 'unreadable' };
      return { name, unit: units[name], value, ...suspect };
    });
  }

  #receive(bytes: Uint8Array): void {
    for (const line of this.#splitter.push(bytes)) this.#take(line);
  }

  #take(line: string): void {
    const parsed = parseSentence(line);
    if (!parsed.ok) {
      this.stats.rejected += 1;
      return;
    }
    this.stats.accepted += 1;
    if (parsed.value.type === 'GGA') {
      const gga = readGga(parsed.value);
      if (gga.ok) this.#gga = gga.value;
    }
    if (parsed.value.type !== 'RMC') return;
    const rmc = readRmc(parsed.value);
    if (rmc.ok) this.#takeRmc(rmc.value);
  }

  #takeRmc(rmc: Rmc): void {
    if (!rmc.valid || rmc.utcMs === null) {
      this.stats.void += 1;
      // A lost fix ends at once: the age limit is for silence, not for a receiver that says no.
      this.#fix = null;
      return;
    }
    this.stats.valid += 1;
    const monotonicMs = this.#clock.monotonicMs();
    const { timeMs: utcMs, rollovers } = correctWeekRollover(rmc.utcMs, this.#options.buildDateMs);
    this.#fix = { rmc, utcMs, monotonicMs, rollovers };
    this.#options.onTime?.({ utcMs, monotonicMs, errorMs: SENTENCE_LATENCY_MS_MAX, rollovers });
  }
}
