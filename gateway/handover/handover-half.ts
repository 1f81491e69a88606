import { HANDOVER } from '@truegrain/device-sdk/formats/handover.js';
import type { Pack, PackRecord } from '@truegrain/device-sdk/formats/pack.js';
import { canonicalUri } from '../epcis/gs1/epc-translation.ts';

export type HandoverRole = 'giver' | 'receiver';

/** What one device signed about one thing at one moment. */
export interface HandoverHalf {
  /** As a URN or a Digital Link, a thing is one thing: the canonical Digital Link. */
  readonly item: string;
  readonly timeMs: number;
  readonly device: string;
  readonly leafIndex: number;
  /** Its place among the halves of its pack: one half a thing. */
  readonly part: number;
  readonly said: Said;
}

/** Null where the device said nothing of it. */
export interface Said {
  readonly role: HandoverRole | null;
  readonly seal: string | null;
  readonly number: string | null;
  readonly count: number | null;
  readonly counterpart: string | null;
  readonly condition: Condition | null;
}

/** What the goods went through, by the device's own sensors. */
export interface Condition {
  /** Time that it covers, up to this half. */
  readonly sinceS: number;
  readonly faults: number | null;
  readonly sensors: readonly SensorExtremes[];
}

interface SensorExtremes {
  readonly sensor: string;
  readonly unit: string;
  readonly min: number | null;
  readonly max: number | null;
}

/** Things in one half; the rest of a longer list is not looked at. */
export const ITEMS_MAX = 1_024;

/**
 * The halves in a pack: its readings of one time, one half for each thing among them. `closedMs` is
 * when a pack without a clock was closed, as its batch says.
 */
export function halvesOf(
  pack: Pack,
  source: { device: string; leafIndex: number; closedMs: number },
): HandoverHalf[] {
  const { device, leafIndex, closedMs } = source;
  const moments = new Map<number, PackRecord[]>();
  for (const record of pack.records) {
    if (record.kind !== 'reading') continue;
    const moment = moments.get(record.timeMs);
    if (moment === undefined) moments.set(record.timeMs, [record]);
    else moment.push(record);
  }
  const halves: HandoverHalf[] = [];
  for (const [recordMs, readings] of moments) {
    const items = new Set(textsOf(readings, HANDOVER.item).map(canonicalUri));
    if (items.size === 0) continue;
    const said = saidIn(readings);
    const timeMs = pack.relative ? closedMs + recordMs : recordMs;
    for (const item of items) {
      if (halves.length === ITEMS_MAX) return halves;
      halves.push({ item, timeMs, device, leafIndex, part: halves.length, said });
    }
  }
  return halves;
}

function saidIn(readings: readonly PackRecord[]): Said {
  const text = (name: string) => textsOf(readings, name)[0] ?? null;
  const role = text(HANDOVER.role);
  return {
    role: role === 'giver' || role === 'receiver' ? role : null,
    seal: text(HANDOVER.seal),
    number: text(HANDOVER.number),
    count: numberOf(readings, HANDOVER.count),
    counterpart: text(HANDOVER.counterpart),
    condition: conditionIn(readings),
  };
}

function conditionIn(readings: readonly PackRecord[]): Condition | null {
  const sinceS = numberOf(readings, HANDOVER.since);
  if (sinceS === null) return null;
  const sensors = new Map<string, { unit: string; min: number | null; max: number | null }>();
  for (const { name, unit, value } of readings) {
    const bound = [['min', HANDOVER.min] as const, ['max', HANDOVER.max] as const].find(
      ([, prefix]) => name.startsWith(prefix),
    );
    if (bound === undefined || unit === null || typeof value !== 'number') continue;
    const sensor = name.slice(bound[1].length);
    sensors.set(sensor, {
      ...(sensors.get(sensor) ?? { unit, min: null, max: null }),
      [bound[0]]: value,
    });
  }
  const list = [...sensors].map(([sensor, extremes]) => ({ sensor, ...extremes }));
  return { sinceS, faults: numberOf(readings, HANDOVER.faults), sensors: list };
}

function textsOf(readings: readonly PackRecord[], name: string): string[] {
  return readings.flatMap((one) =>
    one.name === name && typeof one.value === 'string' && one.value !== '' ? [one.value] : [],
  );
}

function numberOf(readings: readonly PackRecord[], name: string): number | null {
  const value = readings.find((one) => one.name === name)?.value;
  return typeof value === 'number' ? value : null;
}
