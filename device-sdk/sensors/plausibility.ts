/**
 * Range, poison, rate and stuck checks for one quantity (device.md S2, S3, S6).
 *
 * @module plausibility
 */
import type { AdvisoryFlag, Measurement, SuspectReason } from './sensor.ts';

export interface Limits {
  readonly min: number;
  readonly max: number;
  /** Legal values a sensor also gives when it is not measuring (DS18B20: 85 at power-on). */
  readonly poison?: readonly number[];
  readonly ratePerSecondMax?: number;
  /** Equal values in a row from which a reading is flagged stuck. */
  readonly stuckSamplesMin?: number;
}

export interface RawValue {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly monotonicMs: number;
  readonly suspect?: SuspectReason;
  readonly rawHex?: string;
}

export class Plausibility {
  readonly #limits: Limits;
  #last: { readonly value: number; readonly monotonicMs: number } | null = null;
  #equalCount = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  judge(raw: RawValue): Measurement {
    const { name, unit, value, rawHex } = raw;
    const hex = rawHex === undefined ? {} : { rawHex };
    if (!Number.isFinite(value)) return { name, fault: 'not_a_number', ...hex };
    if (value < this.#limits.min || value > this.#limits.max) {
      const detail = `${value} ${unit} outside ${this.#limits.min}…${this.#limits.max}`;
      return { name, fault: 'out_of_range', detail, ...hex };
    }
    const poisoned = this.#limits.poison?.includes(value) === true;
    const suspect = raw.suspect ?? (poisoned ? 'poison' : undefined);
    const flags = this.#advise(value, raw.monotonicMs);
    return {
      name,
      unit,
      // Deterministic CBOR refuses −0 (DESIGN §4), and a register can hold a float32 of it.
      value: value === 0 ? 0 : value,
      ...(suspect === undefined ? {} : { suspect }),
      ...(flags.length === 0 ? {} : { flags }),
      ...hex,
    };
  }

  #advise(value: number, monotonicMs: number): AdvisoryFlag[] {
    const { ratePerSecondMax, stuckSamplesMin } = this.#limits;
    const last = this.#last;
    this.#last = { value, monotonicMs };
    this.#equalCount = last?.value === value ? this.#equalCount + 1 : 1;
    const flags: AdvisoryFlag[] = [];
    if (stuckSamplesMin !== undefined && this.#equalCount >= stuckSamplesMin) flags.push('stuck');
    if (last !== null && ratePerSecondMax !== undefined) {
      const seconds = Math.max(0.001, (monotonicMs - last.monotonicMs) / 1000);
      if (Math.abs(value - last.value) / seconds > ratePerSecondMax) flags.push('rate');
    }
    return flags;
  }
}
