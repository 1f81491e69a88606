import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { Bounds, RuleCheck } from '@truegrain/device-sdk/formats/rule-check.js';
import { isTemperatureUnit } from './kinetic-temperature.ts';
import { ROW } from './pack-summary.ts';
import type { RuleDevice, WindowKey } from './rule-device.ts';
import type { RuleFault, RuleVerdict } from './rule-fault.ts';
import { aggregateOf, type WindowSums } from './window.ts';

export type NativeCheck = Exclude<RuleCheck, { kind: 'cel' }>;

/** One statement's summary beside its device's windows, which have it already. */
export interface NativeFacts {
  readonly summary: Float64Array;
  /** Where a sensor's row begins in it; negative where it has no reading. */
  rowOf(sensor: number): number;
  /** Of a window of the plan, up to the sensor's last reading here; null where that is too old. */
  sums(no: number, at: number): WindowSums | null;
  /** The statement's own share of it. */
  alone(no: number, at: number): WindowSums;
}

export type NativePredicate = (facts: NativeFacts) => RuleVerdict;

export function checkNative(check: NativeCheck): Result<NativeCheck, RuleFault> {
  if (check.kind !== 'window' || check.aggregate !== 'mkt' || isTemperatureUnit(check.unit)) {
    return ok(check);
  }
  return fail('rule_unit', `no mean kinetic temperature in ${check.unit.slice(0, 16)}`);
}

/** The check for one device: its sensors of the quantity are found once, not once a statement. */
export function bindNative(
  check: NativeCheck,
  device: RuleDevice,
  windowNo: (key: WindowKey) => number,
): NativePredicate {
  const all = sensorsOf(device, check.quantity);
  if (check.kind === 'unit') return unitPredicate(all, check.units);
  const own = all.filter(({ unit }) => unit === check.unit).map(({ no }) => no);
  const others = all.filter(({ unit }) => unit !== check.unit);
  const predicate =
    check.kind === 'range' ? rangePredicate(own, check) : windowPredicate(own, check, windowNo);
  return others.length === 0 ? predicate : withForeign(predicate, others, check.unit);
}

interface BoundSensor {
  readonly no: number;
  readonly name: string;
  readonly unit: string;
}

/** Sensors that give numbers; no native check says anything of the others. */
function sensorsOf({ sensors }: RuleDevice, quantity: string): BoundSensor[] {
  return sensors.flatMap(({ name, unit, quantity: own }, no) =>
    own === quantity && unit !== null ? [{ no, name, unit }] : [],
  );
}

/** A pack gives a sensor's own unit or is refused, so the registration decides. */
function unitPredicate(sensors: readonly BoundSensor[], units: readonly string[]): NativePredicate {
  const wrong = sensors.filter(({ unit }) => !units.includes(unit)).map(({ no }) => no);
  return (facts) => (wrong.some((no) => facts.rowOf(no) >= 0) ? 'broken' : 'kept');
}

function rangePredicate(sensors: readonly number[], bounds: Bounds): NativePredicate {
  const min = bounds.min ?? Number.NEGATIVE_INFINITY;
  const max = bounds.max ?? Number.POSITIVE_INFINITY;
  return (facts) => {
    for (const sensor of sensors) {
      const at = facts.rowOf(sensor);
      if (at < 0) continue;
      const { summary } = facts;
      if ((summary[at + ROW.min] as number) < min || (summary[at + ROW.max] as number) > max) {
        return 'broken';
      }
    }
    return 'kept';
  };
}

/** A sensor without a reading in this statement is judged with its next. */
function windowPredicate(
  sensors: readonly number[],
  check: Extract<NativeCheck, { kind: 'window' }>,
  windowNo: (key: WindowKey) => number,
): NativePredicate {
  const { windowS, outside, aggregate } = check;
  const windows = sensors.map((sensor) => ({
    sensor,
    no: windowNo({ sensor, windowS, outside }),
  }));
  return (facts) => {
    let verdict: RuleVerdict = 'kept';
    for (const { sensor, no } of windows) {
      const at = facts.rowOf(sensor);
      if (at < 0) continue;
      const sums = facts.sums(no, at);
      if (sums === null && aggregate === 'count') verdict = TOO_OLD;
      else {
        const value = aggregateOf(sums ?? facts.alone(no, at), aggregate, check.unit);
        if (Number.isNaN(value)) verdict = NO_VALUE;
        else if (isOutside(value, check)) return 'broken';
      }
    }
    return verdict;
  };
}

const TOO_OLD: RuleVerdict = { error: 'older than the window: its readings are not counted' };
const NO_VALUE: RuleVerdict = { error: 'the window has no such aggregate' };

function isOutside(value: number, { min, max }: Bounds): boolean {
  return (min !== null && value < min) || (max !== null && value > max);
}

/** Numbers in another unit can't be held against the bounds; who wants them refused has `unit`. */
function withForeign(
  predicate: NativePredicate,
  others: readonly BoundSensor[],
  wanted: string,
): NativePredicate {
  return (facts) => {
    const verdict = predicate(facts);
    if (verdict === 'broken') return verdict;
    const foreign = others.find(({ no }) => facts.rowOf(no) >= 0);
    return foreign === undefined
      ? verdict
      : { error: `${foreign.name} gives ${foreign.unit}, the rule is about ${wanted}` };
  };
}
