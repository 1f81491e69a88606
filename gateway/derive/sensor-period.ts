import { type Rule, ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import type { Sensor } from '@truegrain/device-sdk/formats/sensor.js';
import type { JsonObject } from '../epcis/json.ts';
import { type Links, timeText } from './event-body.ts';
import { type MeasurementUnit, measurementUnit } from './measurement-unit.ts';
import type { SourcePack } from './source-pack.ts';

/** A number and the statement that proves it. */
interface Told {
  readonly value: number;
  readonly timeMs: number;
  readonly statement: string;
}

/** What one sensor gave in one unit. */
interface Series {
  readonly sensor: string;
  readonly unit: string;
  count: number;
  sum: number;
  min: Told;
  max: Told;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a device told about one thing in one period, as far as its packs have come. */
export class SensorPeriod {
  readonly span: Span;
  readonly subject: string;
  /** Of the first pack that is in it. */
  readonly leafIndex: number;
  readonly #series = new Map<string, Series>();
  /** By sensor: the first statement that says it gave nothing. */
  readonly #faults = new Map<string, string>();
  readonly #rules = new Map<string, Rule>();
  /** By `id@version`: the first statement that broke it. */
  readonly #broken = new Map<string, string>();

  constructor(span: Span, { subject, leafIndex }: SourcePack) {
    this.span = span;
    this.subject = subject;
    this.leafIndex = leafIndex;
  }

  addReading(
    pack: SourcePack,
    reading: { sensor: string; unit: string } & Omit<Told, 'statement'>,
  ) {
    const { sensor, unit, value, timeMs } = reading;
    const told = { value, timeMs, statement: pack.id };
    const key = `${sensor} ${unit}`;
    const series = this.#series.get(key);
    this.#hold(pack);
    if (!series) {
      this.#series.set(key, { sensor, unit, count: 1, sum: value, min: told, max: told });
      return;
    }
    series.count += 1;
    series.sum += value;
    if (value < series.min.value) series.min = told;
    if (value > series.max.value) series.max = told;
  }

  addFault(pack: SourcePack, sensor: string): void {
    this.#hold(pack);
    if (!this.#faults.has(sensor)) this.#faults.set(sensor, pack.id);
  }

  /**
   * One element a sensor, in the order of their names. `registered` says which rules look at it, and
   * what a sensor that only failed would have measured.
   */
  elements(device: string, { links, registered }: ElementParts): JsonObject[] {
    const sensors = new Set([
      ...[...this.#series.values()].map((one) => one.sensor),
      ...this.#faults.keys(),
    ]);
    return [...sensors].sort().flatMap((sensor) => {
      const known = registered(sensor);
      const series = [...this.#series.values()].filter((one) => one.sensor === sensor);
      const reports = series.flatMap((one) => this.#reports(one, device, links));
      const unit = measurementUnit(series[0]?.unit ?? known?.unit ?? '');
      if (unit === null) return [];
      const keys = [...this.#rules].filter(([, rule]) => isAbout(rule, known)).map(([key]) => key);
      return [
        {
          sensorMetadata: {
            deviceID: device,
            deviceMetadata: `${device}:${sensor}`,
            startTime: timeText(this.span.fromMs),
            endTime: timeText(this.span.toMs),
            ...(keys.length > 0 && { bizRules: links.rules(keys.sort()) }),
          },
          sensorReport: [...reports, ...this.#exceptions(sensor, { unit, keys, links })],
        },
      ];
    });
  }

  #hold({ id, rules, broken }: SourcePack): void {
    for (const rule of rules) {
      const key = ruleKey(rule);
      this.#rules.set(key, rule);
      if (broken.has(key) && !this.#broken.has(key)) this.#broken.set(key, id);
    }
  }

  /** Each number beside the proof of it; the mean's is every reading of the period. */
  #reports(
    { unit: senml, count, sum, min, max }: Series,
    device: string,
    links: Links,
  ): JsonObject[] {
    const unit = measurementUnit(senml);
    if (unit === null) return [];
    const proof = ({ statement }: Told) => ({ rawData: links.evidence(statement) });
    if (count === 1) {
      return [{ ...unit, value: min.value, time: timeText(min.timeMs), ...proof(min) }];
    }
    return [
      { ...unit, minValue: min.value, ...proof(min) },
      { ...unit, maxValue: max.value, ...proof(max) },
      { ...unit, meanValue: rounded(sum / count), rawData: links.readings(device, this.span) },
    ];
  }

  #exceptions(
    sensor: string,
    { unit, keys, links }: { unit: MeasurementUnit; keys: readonly string[]; links: Links },
  ): JsonObject[] {
    const { type } = unit;
    const alarms = keys.flatMap((key) => {
      const statement = this.#broken.get(key);
      if (statement === undefined) return [];
      const rawData = links.evidence(statement);
      return [{ type, exception: 'ALARM_CONDITION', stringValue: key, rawData }];
    });
    const fault = this.#faults.get(sensor);
    if (fault === undefined) return alarms;
    return [...alarms, { type, exception: 'ERROR_CONDITION', rawData: links.evidence(fault) }];
  }
}

export interface ElementParts {
  readonly links: Links;
  /** The sensor as it is registered; null where it is not any more. */
  readonly registered: (sensor: string) => Sensor | null;
}

/** An expression may look at anything; the native checks look at the sensors of one quantity. */
function isAbout({ check }: Rule, sensor: Sensor | null): boolean {
  return check.kind === 'cel' || sensor === null || check.quantity === sensor.quantity;
}

/** Digits that a sum of doubles makes up are no measurement. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
