import type { CelInput } from '@bufbuild/cel';
import { calibrationOf } from '@truegrain/device-sdk/formats/law-state.js';
import type { Pack } from '@truegrain/device-sdk/formats/pack.js';
import type { CelVariables } from './cel-check.ts';
import { celValue } from './cel-value.ts';
import { LAST_BACK_MS, type ShownWindow } from './device-plan.ts';
import type { DeviceWindows } from './device-windows.ts';
import type { JudgedStatement } from './judged-statement.ts';
import { anchorMsOf, ROW } from './pack-summary.ts';
import { merged } from './rule-context.ts';
import { deviceIndex } from './rule-device.ts';
import type {
  RuleEvent,
  RuleInput,
  RuleReading,
  RuleRegistration,
  RuleStatement,
  RuleWindow,
} from './rule-input.ts';
import type { SummaryRows } from './summary-rows.ts';
import { VARIABLES, type VariableName } from './variables.ts';
import { aggregateOf } from './window.ts';

/** What the variables of one statement are taken from. */
export interface VariableSources {
  readonly statement: JudgedStatement;
  readonly rows: SummaryRows;
  readonly kept: DeviceWindows;
  readonly events: () => readonly RuleEvent[];
}

/** The variables of one statement, each made when the first rule reads it and then kept. */
export class StatementVariables implements CelVariables {
  readonly #sources: VariableSources;
  readonly #made = new Map<VariableName, CelInput>();
  #shown: readonly ShownWindow[] = [];
  #pack: Pack | null | undefined;

  constructor(sources: VariableSources) {
    this.#sources = sources;
  }

  /** `window` is another one for each rule. */
  showing(windows: readonly ShownWindow[]): this {
    this.#shown = windows;
    this.#made.delete('window');
    return this;
  }

  get readings(): CelInput {
    return this.#take('readings', () => readingsOf(this.#sources.statement, this.#readPack()));
  }

  get statement(): CelInput {
    const { statement, kept } = this.#sources;
    const count = () => (kept.plan.readsPack ? this.#readPack()?.records.length : undefined);
    return this.#take('statement', () => statementOf(statement, count()));
  }

  get registration(): CelInput {
    return this.#take('registration', () => registrationOf(this.#sources.statement));
  }

  get last(): CelInput {
    return this.#take('last', () => lastOf(this.#sources));
  }

  get window(): CelInput {
    return this.#take('window', () => windowOf(this.#sources, this.#shown));
  }

  get events(): CelInput {
    return this.#take('events', () => this.#sources.events());
  }

  #take<N extends VariableName>(name: N, make: () => RuleInput[N]): CelInput {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const type = VARIABLES[name];
    const made = celValue(type, merged(type, make(), this.#sources.statement.context?.[name]));
    this.#made.set(name, made);
    return made;
  }

  #readPack(): Pack | null {
    if (this.#pack === undefined) this.#pack = this.#sources.statement.readPack();
    return this.#pack;
  }
}

function readingsOf(
  { device, facts, logTimeMs }: JudgedStatement,
  pack: Pack | null,
): RuleReading[] {
  const anchorMs = anchorMsOf(facts.quality, logTimeMs);
  const index = deviceIndex(device);
  const readings: RuleReading[] = [];
  for (const { kind, name, unit, value, timeMs } of pack?.records ?? []) {
    const quantity = device.sensors[index.get(name)?.no ?? -1]?.quantity;
    if (kind !== 'reading' || quantity === undefined || unit === null) continue;
    if (typeof value !== 'number') continue;
    readings.push({ name, quantity, unit, value, atMs: timeMs + anchorMs });
  }
  return readings;
}

function statementOf(
  { device, facts, late, gap, logTimeMs }: JudgedStatement,
  count: number | undefined,
): RuleStatement {
  return {
    device: device.device,
    owner: device.owner,
    subject: facts.sub,
    seq: facts.seq,
    quality: facts.quality,
    firstMs: facts.firstMs ?? logTimeMs,
    lastMs: facts.lastMs ?? logTimeMs,
    late,
    gap,
    count,
  };
}

function registrationOf(statement: JudgedStatement): RuleRegistration {
  const { device, calibrations, leafIndex, logTimeMs } = statement;
  const { keyLevel, binding, reportingIntervalS, sensors } = device;
  const shown = sensors.map((sensor) => {
    const { name, min, max, unit } = sensor;
    const newest = calibrationOf(calibrations, device.device, sensor);
    const logged = newest && newest.leafIndex < leafIndex ? newest : null;
    const calibration = logged ?? sensor.calibration;
    const value = {
      quantity: sensor.quantity,
      unit: unit ?? undefined,
      min: min ?? undefined,
      max: max ?? undefined,
      interface: sensor.interface,
      calibrated: calibration !== null,
      certificate: calibration?.certificate,
      dueMs: calibration?.dueMs,
      overdue: calibration !== null && calibration.dueMs < logTimeMs,
      verified: logged?.signature === 'verified',
      uncertainty: logged?.uncertainty,
    };
    return [name, value] as const;
  });
  return { keyLevel, binding, reportingIntervalS, sensors: new Map(shown) };
}

function lastOf({ statement, kept }: VariableSources): RuleInput['last'] {
  const { facts, logTimeMs, device } = statement;
  const earliestMs = (facts.lastMs ?? logTimeMs) - LAST_BACK_MS;
  const values = new Map<string, { value: number; atMs: number }>();
  for (const [no, { name }] of device.sensors.entries()) {
    const atMs = kept.last[2 * no] as number;
    if (atMs >= earliestMs) values.set(name, { atMs, value: kept.last[2 * no + 1] as number });
  }
  return values;
}

/** A sensor that has no reading in the window has no entry. */
function windowOf(
  { statement, rows, kept }: VariableSources,
  shown: readonly ShownWindow[],
): RuleInput['window'] {
  const values = new Map<string, RuleWindow>();
  for (const { sensor, name, unit, no } of shown) {
    const at = rows.rowOf(sensor);
    const part = at < 0 ? null : rows.part(at);
    const ownMs = part === null ? null : (part.summary[at + ROW.lastMs] as number) + part.anchorMs;
    const window = kept.windows[no];
    const lastMs = ownMs ?? statement.facts.lastMs ?? statement.logTimeMs;
    const sums = window?.sums(lastMs) ?? (part && window?.alone(part)) ?? null;
    if (sums === null || sums.count === 0) continue;
    const { count, min, max } = sums;
    const mkt = aggregateOf(sums, 'mkt', unit);
    const mean = aggregateOf(sums, 'mean', unit);
    values.set(name, { count, min, max, mean, mkt: Number.isNaN(mkt) ? undefined : mkt });
  }
  return values;
}
