import type { JsonObject } from '../epcis/json.ts';
import type { EventSetting } from './derive-config.ts';

/** Gives the names of EPCIS 2.0 their meaning; never fetched. */
export const EPCIS_CONTEXT = 'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld';

/** Where a reader finds what an event rests on. */
export class Links {
  readonly #base: string;

  constructor(publicUrl: string) {
    this.#base = publicUrl;
  }

  /** The evidence file of a statement, which proves it offline. */
  evidence(id: string): string {
    return `${this.#base}/v1/statements/${id}/evidence`;
  }

  /** All readings of a device from one time up to, not including, another. */
  readings(device: string, { fromMs, toMs }: { fromMs: number; toMs: number }): string {
    const query = new URLSearchParams({ device, fromMs: `${fromMs}`, toMs: `${toMs}` });
    return `${this.#base}/v1/readings?${query}`;
  }

  /** The law's own page, and the rules on it by `id@version`. */
  rules(keys: readonly string[]): string {
    return `${this.#base}/v1/law#${keys.join(',')}`;
  }
}

export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

/** When, where and why, in one order for all kinds. */
export function whenWhereWhy(setting: EventSetting, eventMs: number): JsonObject {
  const { zoneOffset, bizStep, disposition, readPoint, bizLocation } = setting;
  return {
    eventTime: timeText(eventMs),
    eventTimeZoneOffset: zoneOffset,
    ...(bizStep !== null && { bizStep }),
    ...(disposition !== null && { disposition }),
    ...(readPoint !== null && { readPoint: { id: readPoint } }),
    ...(bizLocation !== null && { bizLocation: { id: bizLocation } }),
  };
}
