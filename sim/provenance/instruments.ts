import { HANDOVER } from '@truegrain/device-sdk/formats/handover.js';
import type { Instrument, Reading, SensorSpec } from '../instrument.ts';
import { sensor, wordSensor } from '../instrument.ts';
import type { Labelled } from './goods.ts';
import { HOUR_MS, HOURS, MINUTE_MS } from './hours.ts';

const YEAR_MS = 365 * 24 * HOUR_MS;
/** Limits of the rule that is adopted: 2 °C to 8 °C. */
const COLD_CEL = 4;
const WARMEST_CEL = 9.6;
const AIRED_CEL = 16;
const STEP_MS = 2 * MINUTE_MS;
const READINGS_A_FRAME = 5;

/**
 * The devices of the play. Their readings are made up, and they are registered as what the real ones
 * would be: a calibrated probe on the trailer's Modbus line, and scanners.
 */
export function thermometer(nowMs: number): Instrument {
  const probe = sensor('temperature', 'temperature', {
    ...{ unit: 'Cel', min: -40, max: 60, resolution: 0.1 },
  });
  const calibration = {
    certificate: 'K-2026-0311',
    digest: 'c4'.repeat(32),
    dueMs: nowMs + YEAR_MS / 2,
  };
  return named('trailer-probe', [{ ...probe, interface: 'modbus-rtu', calibration }]);
}

export function scanner(name: string): Instrument {
  return named(name, [wordSensor('scan', 'identifier read', 'scanner')]);
}

/** A scanner with a part in hand-overs; `condition` is what it says of the goods' temperature. */
export function handoverScanner(name: string): Instrument {
  const texts = [HANDOVER.role, HANDOVER.item, HANDOVER.seal, HANDOVER.counterpart];
  const number = (of: string, unit: string): SensorSpec => ({
    ...sensor(of, 'hand-over', { unit, min: -100, max: 1e9, resolution: 0.1 }),
    interface: 'scanner',
  });
  return named(name, [
    wordSensor('scan', 'identifier read', 'scanner'),
    ...texts.map((text) => wordSensor(text, 'hand-over', 'scanner')),
    number(HANDOVER.count, 'count'),
    number(HANDOVER.since, 's'),
    number(`${HANDOVER.min}temperature`, 'Cel'),
    number(`${HANDOVER.max}temperature`, 'Cel'),
  ]);
}

/** What is sent is made by the play, not sampled. */
function named(name: string, sensors: readonly SensorSpec[]): Instrument {
  return { name, sensors, intervalMs: STEP_MS, sample: () => [] };
}

/** Each of these labels, a second apart. */
export function scans(things: readonly Labelled[], fromMs: number): Reading[] {
  return things.map(({ scan }, i) => word('scan', scan, fromMs + i * 1_000));
}

export interface Half {
  readonly role: 'giver' | 'receiver';
  readonly thing: Labelled;
  readonly seal: string;
  readonly counterpart: string;
  /** Least and greatest temperature, and over which time. */
  readonly condition?: { readonly sinceS: number; readonly min: number; readonly max: number };
}

/** One side's half of a hand-over, in the readings that the firmware's scanner makes. */
export function half({ role, thing, seal, counterpart, condition }: Half, atMs: number): Reading[] {
  const number = (name: string, unit: string, value: number) => {
    return { name, unit, value, timeMs: atMs };
  };
  return [
    word('scan', thing.scan, atMs),
    word(HANDOVER.role, role, atMs),
    word(HANDOVER.item, thing.uri, atMs),
    word(HANDOVER.seal, seal, atMs),
    word(HANDOVER.counterpart, counterpart, atMs),
    number(HANDOVER.count, 'count', 1),
    ...(condition
      ? [
          number(HANDOVER.since, 's', condition.sinceS),
          number(`${HANDOVER.min}temperature`, 'Cel', condition.min),
          number(`${HANDOVER.max}temperature`, 'Cel', condition.max),
        ]
      : []),
  ];
}

function word(name: string, value: string, timeMs: number): Reading {
  return { name, unit: null, value, timeMs };
}

/** The trailer's day in packs, before loading until after it was aired. */
export function trailerPacks(startMs: number): Reading[][] {
  const packs: Reading[][] = [];
  const untilMs = startMs + HOURS.aired * HOUR_MS;
  let pack: Reading[] = [];
  for (let timeMs = startMs + HOURS.coupled * HOUR_MS; timeMs < untilMs; timeMs += STEP_MS) {
    const value = celsiusAt((timeMs - startMs) / HOUR_MS);
    pack.push({ name: 'temperature', unit: 'Cel', value, timeMs });
    if (pack.length < READINGS_A_FRAME) continue;
    packs.push(pack);
    pack = [];
  }
  return packs;
}

/** The one of them that is lost on its way. */
export function lostPack(packs: readonly Reading[][], startMs: number): number {
  return packs.findIndex((pack) => (pack[0]?.timeMs ?? 0) >= startMs + HOURS.lost * HOUR_MS);
}

function celsiusAt(hour: number): number {
  if (hour > HOURS.unloaded) return AIRED_CEL;
  const { warmFrom, warmUntil } = HOURS;
  const share = (hour - warmFrom) / (warmUntil - warmFrom);
  const rise = share > 0 && share < 1 ? Math.sin(Math.PI * share) : 0;
  return Number((COLD_CEL + (WARMEST_CEL - COLD_CEL) * rise).toFixed(1));
}

/** What the trailer's own record says of a time, for the half that the driver signs. */
export function conditionIn(
  packs: readonly Reading[][],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): NonNullable<Half['condition']> {
  const values = packs
    .flat()
    .filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs)
    .map(({ value }) => Number(value));
  return {
    sinceS: Math.round((toMs - fromMs) / 1_000),
    min: Math.min(...values),
    max: Math.max(...values),
  };
}
