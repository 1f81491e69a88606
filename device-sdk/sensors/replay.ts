/**
 * A recorded CSV as a sensor: its rows in order, one per sample. A replayed row is read again, not
 * measured again, and its device is registered with interface `replay` so that the grade says so.
 *
 * @module replay
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Clock, SystemClock } from '../clock.ts';
import { Plausibility } from './plausibility.ts';
import type { Measurement, Sample, Sensor } from './sensor.ts';
import { conversionFrom, type UnitConversion } from './unit-conversion.ts';

export interface ReplayColumn {
  /** As the header row has it. */
  readonly column: string;
  readonly name: string;
  /** The unit the file is in (SenML, RFC 8798 or degF); the reading carries the SenML unit. */
  readonly recordedUnit: string;
  readonly min: number;
  readonly max: number;
}

export interface ReplayOptions {
  readonly name: string;
  readonly path: string;
  readonly columns: readonly ReplayColumn[];
  /** R's write.csv gives rows one field more than the header: a row name in front. */
  readonly rowNames?: boolean;
  /** Rows are due this far apart from the first sample on; without it a sample never waits. */
  readonly rowIntervalMs?: number;
  readonly atEnd?: 'stop' | 'loop';
  readonly skipRows?: number;
  readonly clock?: Clock;
  /** Stamps samples with the recorded time instead of now. For archives, not for live devices. */
  readonly recordedTime?: { readonly column: string; readonly utcOffsetMinutes: number };
}

interface Reader {
  readonly rows: AsyncIterator<readonly string[]>;
  readonly indexOf: (column: string) => number;
  readonly close: () => void;
}

interface BoundColumn {
  readonly spec: ReplayColumn;
  readonly conversion: UnitConversion;
  readonly plausibility: Plausibility;
}

export class ReplaySensor implements Sensor {
  readonly name: string;
  readonly #options: ReplayOptions;
  readonly #clock: Clock;
  readonly #columns: readonly BoundColumn[];
  #reader: Reader | null = null;
  #startedAt: number | null = null;
  #rowsRead = 0;
  #ended = false;

  constructor(options: ReplayOptions) {
    this.name = options.name;
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.#columns = options.columns.map((spec) => {
      const conversion = conversionFrom(spec.recordedUnit);
      if (conversion === null) throw new TypeError(`unknown unit ${spec.recordedUnit}`);
      return { spec, conversion, plausibility: new Plausibility(spec) };
    });
  }

  async sample(signal: AbortSignal): Promise<Sample> {
    signal.throwIfAborted();
    await this.#awaitDue(signal);
    const row = await this.#nextRow();
    if (row === null) return { measurements: this.#allFaulty('end_of_data') };
    const reader = this.#reader;
    if (reader === null) return { measurements: this.#allFaulty('unreadable') };
    const atMs = this.#recordedAt(row, reader);
    const measurements = this.#columns.map((column) => this.#measure(column, row, reader));
    return atMs === null ? { measurements } : { atMs, measurements };
  }

  close(): Promise<void> {
    this.#reader?.close();
    this.#reader = null;
    return Promise.resolve();
  }

  async #awaitDue(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    this.#startedAt ??= nowMs;
    const { rowIntervalMs } = this.#options;
    if (rowIntervalMs === undefined) return;
    const dueMs = this.#startedAt + this.#rowsRead * rowIntervalMs;
    if (dueMs > nowMs) await this.#clock.sleep(dueMs - nowMs, signal);
  }

  async #nextRow(): Promise<readonly string[] | null> {
    if (this.#ended) return null;
    for (let opened = 0; opened < 2; ) {
      if (this.#reader === null) {
        this.#reader = await this.#open();
        opened += 1;
      }
      const next = await this.#reader.rows.next();
      if (next.done !== true) {
        this.#rowsRead += 1;
        return next.value;
      }
      if (this.#options.atEnd !== 'loop') break;
      this.#reader = null;
    }
    this.#ended = true;
    return null;
  }

  async #open(): Promise<Reader> {
    const stream = createReadStream(this.#options.path, 'utf8');
    const lines = createInterface({ input: stream, crlfDelay: Infinity });
    const rows = rowsOf(lines);
    const header = await rows.next();
    const columns = header.done === true ? [] : header.value;
    const shift = this.#options.rowNames === true ? 1 : 0;
    const indexOf = (column: string): number => {
      const index = columns.indexOf(column);
      if (index < 0) throw new TypeError(`${this.#options.path} has no column ${column}`);
      return index + shift;
    };
    for (const { spec } of this.#columns) indexOf(spec.column);
    for (let i = 0; i < (this.#options.skipRows ?? 0); i += 1) await rows.next();
    return { rows, indexOf, close: () => stream.destroy() };
  }

  #measure(column: BoundColumn, row: readonly string[], reader: Reader): Measurement {
    const { spec, conversion, plausibility } = column;
    const field = row[reader.indexOf(spec.column)];
    const recorded = field === undefined || field.trim() === '' ? Number.NaN : Number(field);
    return plausibility.judge({
      name: spec.name,
      unit: conversion.unit,
      value: conversion.convert(recorded),
      monotonicMs: this.#clock.monotonicMs(),
    });
  }

  #recordedAt(row: readonly string[], reader: Reader): number | null {
    const { recordedTime } = this.#options;
    if (recordedTime === undefined) return null;
    const text = row[reader.indexOf(recordedTime.column)] ?? '';
    // Only the ISO form the data has; anything else would fall into Date's locale guessing.
    if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return null;
    const utcMs = Date.parse(`${text.replace(' ', 'T')}Z`);
    return Number.isNaN(utcMs) ? null : utcMs - recordedTime.utcOffsetMinutes * 60_000;
  }

  #allFaulty(fault: 'end_of_data' | 'unreadable'): Measurement[] {
    return this.#columns.map(({ spec }) => ({ name: spec.name, fault }));
  }
}

async function* rowsOf(lines: AsyncIterable<string>): AsyncGenerator<readonly string[], void> {
  for await (const line of lines) {
    if (line !== '') yield parseCsvLine(line);
  }
}

/** RFC 4180 without line breaks inside quotes, which sensor logs don't have. */
export function parseCsvLine(line: string): string[] {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/y;
  for (;;) {
    const match = field.exec(line);
    if (match === null) return fields;
    fields.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] === '') return fields;
  }
}
