import { sensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import type { CelCheck, CelVariables } from './cel-check.ts';
import { bindNative, type NativeFacts } from './native-check.ts';
import { type SensorIndex, sensorIndex } from './pack-summary.ts';
import { type RuleDevice, type WindowKey, windowText } from './rule-device.ts';
import type { RuleVerdict } from './rule-fault.ts';
import type { CompiledRule } from './rule-set.ts';

/** The variable `last` reaches back this far: what a rebuild has to read is bounded. */
export const LAST_BACK_MS = 86_400_000;

/** A sensor's window as the variable `window` shows it. */
export interface ShownWindow {
  readonly sensor: number;
  readonly name: string;
  readonly unit: string;
  readonly no: number;
}

export interface JudgedFacts extends NativeFacts {
  variables(windows: readonly ShownWindow[]): CelVariables;
}

export interface BoundRule {
  readonly rule: Rule;
  readonly judge: (facts: JudgedFacts) => RuleVerdict;
}

/** The rules in force for one device, bound to its sensors, and what they need kept of its stream. */
export interface DevicePlan {
  readonly device: RuleDevice;
  readonly rules: readonly CompiledRule[];
  readonly bound: readonly BoundRule[];
  readonly windows: readonly WindowKey[];
  readonly keepsLast: boolean;
  /** A rule reads the pack itself. */
  readonly readsPack: boolean;
  readonly index: SensorIndex;
  readonly intervalMs: number;
  /** How far back the windows reach, and the reading before them. */
  readonly spanMs: number;
}

export function planOf(device: RuleDevice, rules: readonly CompiledRule[]): DevicePlan {
  const windows: WindowKey[] = [];
  const numbers = new Map<string, number>();
  const windowNo = (key: WindowKey): number => {
    const text = windowText(key);
    const known = numbers.get(text) ?? windows.push(key) - 1;
    numbers.set(text, known);
    return known;
  };
  const bound = rules.map(({ rule, check }): BoundRule => {
    if (check.kind === 'cel') return { rule, judge: bindCel(check, device, windowNo) };
    return { rule, judge: bindNative(check, device, windowNo) };
  });
  const keepsLast = rules.some(({ needs }) => needs.last);
  const intervalMs = device.reportingIntervalS * 1000;
  const longestMs = Math.max(0, ...windows.map(({ windowS }) => windowS * 1000 + intervalMs));
  return {
    device,
    rules,
    bound,
    windows,
    keepsLast,
    readsPack: rules.some(({ needs }) => needs.pack),
    index: sensorIndex(sensorTable(device.sensors)),
    intervalMs,
    spanMs: Math.max(longestMs, keepsLast ? LAST_BACK_MS : 0),
  };
}

function bindCel(
  { evaluate, windowS }: CelCheck,
  { sensors }: RuleDevice,
  windowNo: (key: WindowKey) => number,
): (facts: JudgedFacts) => RuleVerdict {
  const shown: ShownWindow[] = [];
  for (const [sensor, { name, unit }] of sensors.entries()) {
    if (windowS === null || unit === null) continue;
    shown.push({ sensor, name, unit, no: windowNo({ sensor, windowS, outside: null }) });
  }
  return (facts) => evaluate(facts.variables(shown));
}
