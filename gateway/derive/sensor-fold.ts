import type { PackRecord } from '@truegrain/device-sdk/formats/pack.js';
import type { JsonObject } from '../epcis/json.ts';
import type { SensorSetting } from './derive-config.ts';
import { whenWhereWhy } from './event-body.ts';
import { measurementUnit } from './measurement-unit.ts';
import { noLeftovers, type PackFold } from './pack-fold.ts';
import { type ElementParts, SensorPeriod, type Span } from './sensor-period.ts';
import type { SourcePack } from './source-pack.ts';
import { thingOf } from './thing.ts';

/**
 * Readings of a device, one ObjectEvent a period and thing. A period is over with the first record of
 * its device from after it, a heartbeat too. What comes later than that has an event of its own.
 */
export class SensorFold implements PackFold {
  readonly left = noLeftovers();
  readonly #setting: SensorSetting;
  readonly #parts: ElementParts;
  readonly #periodMs: number;
  readonly #offsetMs: number;
  /** By what they are about, in the order of their first packs. */
  readonly #open = new Map<string, SensorPeriod>();

  constructor(setting: SensorSetting, parts: ElementParts) {
    this.#setting = setting;
    this.#parts = parts;
    this.#periodMs = setting.everyS * 1_000;
    this.#offsetMs = offsetMs(setting.zoneOffset);
  }

  get openLeaf(): number | null {
    const leaves = [...this.#open.values()].map(({ leafIndex }) => leafIndex);
    return leaves.length > 0 ? Math.min(...leaves) : null;
  }

  take(pack: SourcePack): JsonObject[] {
    const late = new Map<number, SensorPeriod>();
    const closed = pack.records.flatMap((record) => {
      const events = this.#closeBefore(record.timeMs);
      if (this.#isWanted(record)) this.#add(record, pack, late);
      return events;
    });
    return [...closed, ...[...late.values()].flatMap((period) => this.#event(period))];
  }

  #isWanted({ kind, sensor, value, unit }: PackRecord): boolean {
    if (sensor === null || (kind !== 'reading' && kind !== 'fault')) return false;
    const { sensors } = this.#setting;
    if (sensors !== null && !sensors.includes(sensor)) return false;
    if (kind === 'fault') return this.#parts.registered(sensor)?.unit !== null;
    if (typeof value !== 'number') return false;
    if (measurementUnit(unit ?? '') !== null) return true;
    this.left.unknown += 1;
    return false;
  }

  #add(record: PackRecord, pack: SourcePack, late: Map<number, SensorPeriod>): void {
    const period = this.#periodOf(record.timeMs, pack, late);
    const { sensor, value, unit, timeMs } = record;
    if (sensor === null) return;
    if (typeof value !== 'number') period.addFault(pack, sensor);
    else period.addReading(pack, { sensor, unit: unit ?? '', value, timeMs });
  }

  #periodOf(timeMs: number, pack: SourcePack, late: Map<number, SensorPeriod>): SensorPeriod {
    const about = this.#setting.about === 'subject' ? pack.subject : '';
    const span = this.#spanOf(timeMs);
    const open = this.#open.get(about);
    if (open?.span.fromMs === span.fromMs) return open;
    // Nothing that is open is older than this record: what has another period is younger.
    const known = open && late.get(span.fromMs);
    if (known) return known;
    const period = new SensorPeriod(span, pack);
    if (open) late.set(span.fromMs, period);
    else this.#open.set(about, period);
    return period;
  }

  #spanOf(timeMs: number): Span {
    const local = Math.floor((timeMs + this.#offsetMs) / this.#periodMs) * this.#periodMs;
    const fromMs = local - this.#offsetMs;
    return { fromMs, toMs: fromMs + this.#periodMs };
  }

  #closeBefore(timeMs: number): JsonObject[] {
    const over = [...this.#open].filter(([, { span }]) => span.toMs <= timeMs);
    return over.flatMap(([about, period]) => {
      this.#open.delete(about);
      return this.#event(period);
    });
  }

  #event(period: SensorPeriod): JsonObject[] {
    const { device, about, readPoint } = this.#setting;
    const elements = period.elements(device, this.#parts);
    if (elements.length === 0) return [];
    const uri = about === 'subject' ? period.subject : about === 'place' ? null : about.uri;
    const { what, where } = subjectOf(uri);
    return [
      {
        type: 'ObjectEvent',
        ...whenWhereWhy(this.#setting, period.span.toMs),
        // What was configured of the place stands over the subject's word.
        ...(readPoint === null && where),
        action: 'OBSERVE',
        ...what,
        sensorElementList: elements,
      },
    ];
  }
}

/** A place whose conditions were sensed is where the event was, not a thing in it (§7.4.2). */
function subjectOf(uri: string | null): { what: JsonObject; where: JsonObject } {
  if (uri === null) return { what: {}, where: {} };
  const { kind, uri: canonical } = thingOf(uri);
  if (kind === 'place') return { what: {}, where: { readPoint: { id: canonical } } };
  const what =
    kind === 'class' ? { quantityList: [{ epcClass: canonical }] } : { epcList: [canonical] };
  return { what, where: {} };
}

/** Periods of a day begin at midnight where the device is. */
function offsetMs(zoneOffset: string): number {
  const [hours = 0, minutes = 0] = zoneOffset.slice(1).split(':').map(Number);
  return (zoneOffset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
