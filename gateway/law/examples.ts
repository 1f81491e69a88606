import { NO_LAW } from '@truegrain/device-sdk/formats/law-state.js';
import type { Pack, PackRecord } from '@truegrain/device-sdk/formats/pack.js';
import { sensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { ExampleReading, RuleExample } from '@truegrain/device-sdk/formats/rule.js';
import type { Sensor } from '@truegrain/device-sdk/formats/sensor.js';
import type { JudgedStatement } from './judged-statement.ts';
import { sensorIndex, summarise } from './pack-summary.ts';
import { parseContext, type RuleContext } from './rule-context.ts';
import type { RuleDevice } from './rule-device.ts';
import type { RuleVerdict } from './rule-fault.ts';
import { NO_HISTORY } from './rule-history.ts';
import { RuleJudge } from './rule-judge.ts';
import type { CompiledRule } from './rule-set.ts';

type Answer<T> = Result<T, 'rule_example'>;

/** An example's device reports this often, unless its context says otherwise. */
export const EXAMPLE_REPORTING_INTERVAL_S = 3_600;
/** An example begins here: at the beginning of a bucket of every window. */
const EXAMPLES_FROM_MS = Date.UTC(2020, 0, 1);

/** Runs a rule's own examples by the judge that will run the rule; names the first that fails. */
export function runExamples(compiled: CompiledRule): Answer<void> {
  for (const example of compiled.rule.examples) {
    const verdict = exampleVerdict(compiled, example);
    if (!verdict.ok) return failed(example, verdict.detail);
    const { value } = verdict;
    if (typeof value !== 'string') return failed(example, value.error);
    if (value !== example.verdict) return failed(example, `${value}, not ${example.verdict}`);
  }
  return ok(undefined);
}

function failed({ text }: RuleExample, why: string): Answer<never> {
  return fail('rule_example', `"${text}": ${why}`);
}

/** The verdict on the last of the example's statements. */
export function exampleVerdict(
  compiled: CompiledRule,
  { readings, context: json }: RuleExample,
): Answer<RuleVerdict> {
  const context = json === null ? ok<RuleContext>({}) : parseContext(json);
  if (!context.ok) return context;
  const sensors = sensorsOf(readings);
  if (!sensors.ok) return sensors;
  const device = exampleDevice(sensors.value, context.value);
  // Nothing is refused while the example's history is told: all of it is in the log.
  const told = { ...compiled, rule: { ...compiled.rule, effect: 'report' as const } };
  const judge = new RuleJudge({ history: NO_HISTORY, rulesFor: () => rules });
  const rules = [told];
  let verdict: RuleVerdict = 'kept';
  for (const [i, pack] of packsOf(readings, startOf(compiled)).entries()) {
    const statement = { device, pack, seq: i + 1, context: context.value };
    const { broken, errors } = judge.judge(statementOf(statement));
    judge.adopt();
    const [error] = errors;
    verdict = broken.length > 0 ? 'broken' : error ? { error: error.error } : 'kept';
  }
  return ok(verdict);
}

function startOf({ needs }: CompiledRule): number {
  const windowMs = Math.max(1, needs.windowS) * 1000;
  return Math.ceil(EXAMPLES_FROM_MS / windowMs) * windowMs;
}

function sensorsOf(readings: readonly ExampleReading[]): Answer<Sensor[]> {
  const sensors = new Map<string, Sensor>();
  for (const { sensor: name, quantity, unit } of readings) {
    const known = sensors.get(name);
    if (known && (known.quantity !== quantity || known.unit !== unit)) {
      return fail('rule_example', `${name} measures two things`);
    }
    sensors.set(name, {
      name,
      quantity,
      unit,
      min: Number.MIN_SAFE_INTEGER,
      max: Number.MAX_SAFE_INTEGER,
      resolution: Number.EPSILON,
      interface: 'simulated',
      calibration: null,
    });
  }
  return ok([...sensors.values()]);
}

function exampleDevice(sensors: readonly Sensor[], context: RuleContext): RuleDevice {
  const registration = context.registration as { reportingIntervalS?: number } | undefined;
  return {
    device: 'urn:dev:ops:32473-example',
    owner: 'https://owner.example',
    keyLevel: 'file',
    binding: 'none',
    reportingIntervalS: registration?.reportingIntervalS ?? EXAMPLE_REPORTING_INTERVAL_S,
    sensors,
  };
}

/** One statement a distinct second. */
function packsOf(readings: readonly ExampleReading[], startMs: number): Pack[] {
  const byTime = new Map<number, PackRecord[]>();
  for (const { sensor, unit, value, atS } of readings) {
    const timeMs = startMs + Math.round(atS * 1000);
    const records = byTime.get(timeMs) ?? [];
    records.push({ name: sensor, kind: 'reading', sensor, unit, value, timeMs });
    byTime.set(timeMs, records);
  }
  return Array.from(byTime, ([timeMs, records]) => ({
    baseName: 'urn:dev:ops:32473-example:',
    salt: new Uint8Array(16),
    relative: false,
    records,
    firstMs: timeMs,
    lastMs: timeMs,
  }));
}

function statementOf(example: {
  device: RuleDevice;
  pack: Pack;
  seq: number;
  context: RuleContext;
}): JudgedStatement {
  const { device, pack, seq, context } = example;
  const { firstMs, lastMs } = pack;
  return {
    device,
    calibrations: NO_LAW.calibrations,
    facts: { sub: 'https://id.example/example', seq, quality: 3, firstMs, lastMs },
    late: false,
    gap: false,
    leafIndex: seq,
    logTimeMs: lastMs ?? 0,
    summary: summarise(pack, sensorIndex(sensorTable(device.sensors))),
    readPack: () => pack,
    context,
  };
}
