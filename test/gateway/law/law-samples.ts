import type { Pack, PackRecord } from '@truegrain/device-sdk/formats/pack.js';
import { sensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import type { RuleCheck } from '@truegrain/device-sdk/formats/rule-check.js';
import type { Sensor } from '@truegrain/device-sdk/formats/sensor.js';
import type { JudgedStatement } from '../../../gateway/law/judged-statement.ts';
import { sensorIndex, summarise } from '../../../gateway/law/pack-summary.ts';
import type { RuleDevice } from '../../../gateway/law/rule-device.ts';
import { type CompiledRule, compileRules } from '../../../gateway/law/rule-set.ts';

export const T0_MS = Date.UTC(2026, 10, 2, 8);

export function sensor(name: string, changes: Partial<Sensor> = {}): Sensor {
  return {
    name,
    quantity: 'air temperature',
    unit: 'Cel',
    min: -40,
    max: 85,
    resolution: 0.1,
    interface: 'modbus-rtu',
    calibration: null,
    ...changes,
  };
}

export function device(changes: Partial<RuleDevice> = {}): RuleDevice {
  return {
    device: 'urn:dev:ops:32473-tg1-a',
    owner: 'https://mill.example',
    keyLevel: 'file',
    binding: 'label',
    reportingIntervalS: 600,
    sensors: [sensor('temp')],
    ...changes,
  };
}

export function rule(check: RuleCheck, changes: Partial<Rule> = {}): Rule {
  return {
    id: 'cold',
    version: 1,
    title: 'Cold',
    text: 'It stays cold.',
    legalBasis: 'Contract, § 1',
    profile: null,
    responsible: { name: 'R. Lee', organisation: 'Mill', contact: 'mailto:lee@mill.example' },
    fromLeaf: null,
    effect: 'report',
    check,
    examples: [],
    ...changes,
  };
}

export function cel(expression: string, windowS: number | null = null): RuleCheck {
  return { kind: 'cel', expression, windowS };
}

export function range(min: number | null, max: number | null): RuleCheck {
  return { kind: 'range', quantity: 'air temperature', unit: 'Cel', min, max };
}

export function windowCheck(
  changes: Partial<Extract<RuleCheck, { kind: 'window' }>> = {},
): RuleCheck {
  return {
    kind: 'window',
    quantity: 'air temperature',
    unit: 'Cel',
    windowS: 3_600,
    aggregate: 'mean',
    outside: null,
    min: null,
    max: 8,
    ...changes,
  };
}

export function compiled(...rules: Rule[]): CompiledRule[] {
  const result = compileRules(rules);
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
}

/** Readings of `temp`, ten seconds apart, unless said otherwise. */
export function packOf(
  values: readonly number[],
  { startMs = T0_MS, name = 'temp', unit = 'Cel', relative = false } = {},
): Pack {
  const records = values.map(
    (value, i): PackRecord => ({
      name,
      kind: 'reading',
      sensor: name,
      unit,
      value,
      timeMs: relative ? (i - values.length + 1) * 10_000 : startMs + i * 10_000,
    }),
  );
  const times = records.map(({ timeMs }) => timeMs);
  return {
    baseName: 'urn:dev:ops:32473-tg1-a:',
    salt: new Uint8Array(16),
    relative,
    records,
    firstMs: relative ? null : Math.min(...times),
    lastMs: relative ? null : Math.max(...times),
  };
}

export function statementOf(
  pack: Pack,
  of: RuleDevice,
  changes: Partial<JudgedStatement> & { sub?: string; seq?: number } = {},
): JudgedStatement {
  const { sub = 'https://id.example/lot-7', seq = 1, ...rest } = changes;
  const { firstMs, lastMs, relative } = pack;
  return {
    device: of,
    calibrations: new Map(),
    facts: { sub, seq, quality: relative ? 0 : 3, firstMs, lastMs },
    late: false,
    gap: false,
    leafIndex: seq,
    logTimeMs: T0_MS + 60_000,
    summary: summarise(pack, sensorIndex(sensorTable(of.sensors))),
    readPack: () => pack,
    ...rest,
  };
}
