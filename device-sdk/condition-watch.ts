/**
 * What the goods of a truck went through since they were last handed over: the least and the most that
 * each sensor gave. It is memory: after a restart it covers less time, and says how much.
 *
 * @module condition-watch
 */
import type { Clock } from './clock.ts';
import { HANDOVER } from './formats/handover.ts';
import { isFault, isText, type Measurement } from './sensors/sensor.ts';

interface Extremes {
  readonly unit: string;
  min: number;
  max: number;
}

export class ConditionWatch {
  readonly #clock: Clock;
  readonly #watched: ReadonlySet<string>;
  #extremes = new Map<string, Extremes>();
  #faults = 0;
  #sinceMs: number;

  /** `watched`: names of readings, with their prefixes. */
  constructor(watched: readonly string[], clock: Clock) {
    this.#watched = new Set(watched);
    this.#clock = clock;
    this.#sinceMs = clock.monotonicMs();
  }

  observe(measurements: readonly Measurement[], prefix: string): void {
    for (const measurement of measurements) {
      const name = prefix + measurement.name;
      if (!this.#watched.has(name) || isText(measurement)) continue;
      if (isFault(measurement)) this.#faults += 1;
      else this.#widen(name, measurement);
    }
  }

  /** The condition until now; the next one begins here. */
  take(): Measurement[] {
    const nowMs = this.#clock.monotonicMs();
    const seconds = Math.round((nowMs - this.#sinceMs) / 1_000);
    const readings = [...this.#extremes].flatMap(([name, { unit, min, max }]) => [
      { name: HANDOVER.min + name, unit, value: min },
      { name: HANDOVER.max + name, unit, value: max },
    ]);
    const faults = { name: HANDOVER.faults, unit: 'count', value: this.#faults };
    this.#extremes = new Map();
    this.#faults = 0;
    this.#sinceMs = nowMs;
    return [{ name: HANDOVER.since, unit: 's', value: seconds }, faults, ...readings];
  }

  #widen(name: string, { unit, value }: { unit: string; value: number }): void {
    const known = this.#extremes.get(name);
    if (known === undefined) {
      this.#extremes.set(name, { unit, min: value, max: value });
      return;
    }
    known.min = Math.min(known.min, value);
    known.max = Math.max(known.max, value);
  }
}
