import { SENSORS_MAX } from '@truegrain/device-sdk/formats/registration.js';
import { ROW, ROW_FIELDS } from './pack-summary.ts';
import type { WindowPart } from './window.ts';

const NO_SUMMARY = new Float64Array(0);

/** One pack's summary by sensor. Used again for the next: the hot path makes no garbage with it. */
export class SummaryRows {
  summary: Float64Array = NO_SUMMARY;
  readonly #rows = new Int32Array(SENSORS_MAX).fill(-1);
  readonly #part: { -readonly [field in keyof WindowPart]: WindowPart[field] } = {
    summary: NO_SUMMARY,
    at: 0,
    anchorMs: 0,
    intervalMs: 0,
  };

  show(summary: Float64Array, part: { anchorMs: number; intervalMs: number }): void {
    for (let at = 0; at < this.summary.length; at += ROW_FIELDS) {
      this.#rows[this.summary[at + ROW.sensor] as number] = -1;
    }
    this.summary = summary;
    for (let at = 0; at < summary.length; at += ROW_FIELDS) {
      this.#rows[summary[at + ROW.sensor] as number] = at;
    }
    this.#part.summary = summary;
    this.#part.anchorMs = part.anchorMs;
    this.#part.intervalMs = part.intervalMs;
  }

  /** Negative where the sensor has no reading in the pack. */
  rowOf(sensor: number): number {
    return this.#rows[sensor] ?? -1;
  }

  /** Valid until the next one is asked for. */
  part(at: number): WindowPart {
    this.#part.at = at;
    return this.#part;
  }
}
