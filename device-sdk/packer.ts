/**
 * Collects what sensors gave and closes it into packs. Records carry the monotonic time of their
 * sample; wall times are counted back from the closing, so all times of one pack rest on one clock
 * reading, and a step in between moves no reading against another.
 *
 * @module packer
 */
import { PACK_CONTENT_TYPE, SALT_BYTES } from './formats/pack.ts';
import { encodeHeartbeat, encodePack, type PackRecordFields } from './formats/pack-encode.ts';
import { CLOCK_STEP_NAME, FAULT_SUFFIX, FLAG_PREFIX, FLAG_SUFFIX } from './formats/pack-name.ts';
import { isFault, isText, type Measurement } from './sensors/sensor.ts';
import type { Content } from './statement-writer.ts';
import type { ClockStep, DeviceTime } from './time-quality.ts';

export interface PackerOptions {
  /** `urn:dev:…:` */
  readonly baseName: string;
  readonly recordsMax: number;
  readonly now: () => DeviceTime;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly write: (content: Content) => void;
}

interface Pending extends Omit<PackRecordFields, 'timeMs'> {
  readonly monotonicMs: number;
}

export class Packer {
  readonly #options: PackerOptions;
  #records: Pending[] = [];

  constructor(options: PackerOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#records.length;
  }

  add(measurements: readonly Measurement[], how: { prefix: string; monotonicMs: number }): void {
    const { monotonicMs } = how;
    for (const measurement of measurements) {
      const name = how.prefix + measurement.name;
      if (isFault(measurement)) {
        this.#records.push({ name: name + FAULT_SUFFIX, value: measurement.fault, monotonicMs });
        continue;
      }
      if (isText(measurement)) {
        this.#records.push({ name, value: measurement.text, monotonicMs });
        continue;
      }
      const { value, unit, suspect, flags = [] } = measurement;
      this.#records.push({ name, value, unit, monotonicMs });
      for (const reason of suspect === undefined ? flags : [suspect, ...flags]) {
        this.#records.push({ name: name + FLAG_SUFFIX, value: FLAG_PREFIX + reason, monotonicMs });
      }
    }
    if (this.#records.length >= this.#options.recordsMax) this.close();
  }

  addStep({ fromMs, toMs, monotonicMs }: ClockStep): void {
    const value = (toMs - fromMs) / 1000;
    this.#records.push({ name: CLOCK_STEP_NAME, value, unit: 's', monotonicMs });
  }

  /** Signs and queues what there is; nothing where there is nothing. */
  close(): void {
    if (this.#records.length === 0) return;
    // Before the records are taken: it may notice a step, which belongs into this pack.
    const time = this.#options.now();
    const pending = this.#records;
    this.#records = [];
    const wallMs = time.wallMs ?? 0;
    const records = pending.map(({ monotonicMs, ...record }) => {
      const agoMs = Math.max(0, Math.round(time.monotonicMs - monotonicMs));
      return { ...record, timeMs: wallMs - agoMs };
    });
    const bytes = encodePack({ ...this.#base(time), records });
    const times = records.map(({ timeMs }) => timeMs);
    this.#write(bytes, time, {
      count: records.length,
      firstMs: times.reduce((a, b) => Math.min(a, b)),
      lastMs: times.reduce((a, b) => Math.max(a, b)),
    });
  }

  heartbeat(): void {
    const time = this.#options.now();
    // The look at the clock may have noticed a step: that is something to say.
    if (this.#records.length > 0) {
      this.close();
      return;
    }
    const timeMs = time.wallMs ?? 0;
    const bytes = encodeHeartbeat({ ...this.#base(time), timeMs });
    this.#write(bytes, time, { count: 1, firstMs: timeMs, lastMs: timeMs });
  }

  #base(time: DeviceTime) {
    const { baseName, randomBytes } = this.#options;
    return { baseName, salt: randomBytes(SALT_BYTES), relative: time.wallMs === null };
  }

  #write(
    bytes: Uint8Array,
    time: DeviceTime,
    { count, ...times }: { count: number; firstMs: number; lastMs: number },
  ): void {
    const stated = time.wallMs === null ? { firstMs: null, lastMs: null } : times;
    this.#options.write({
      ...{ kind: 'pack', type: PACK_CONTENT_TYPE, bytes, count, time },
      ...stated,
    });
  }
}
