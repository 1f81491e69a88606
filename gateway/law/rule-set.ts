import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import { type CelCheck, compileCel } from './cel-check.ts';
import { checkNative, type NativeCheck } from './native-check.ts';
import type { RuleFault } from './rule-fault.ts';

/** A rule that the static checker found executable. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly check: NativeCheck | CelCheck;
  readonly needs: RuleNeeds;
}

/** What has to be read, parsed or kept for a rule beyond facts and summary. */
export interface RuleNeeds {
  /** The pack itself: readings one by one, or the number of its records. */
  readonly pack: boolean;
  readonly last: boolean;
  readonly events: boolean;
  readonly statement: boolean;
  readonly registration: boolean;
  /** Seconds of the device's history; 0 for none. */
  readonly windowS: number;
}

/** Of a native check, which judges by the summary. */
const NOTHING: RuleNeeds = {
  pack: false,
  last: false,
  events: false,
  statement: false,
  registration: false,
  windowS: 0,
};

/** As `readRule` has it for native windows (SPEC §10.1): who carries statements chooses their order. */
const OF_HISTORY = ['last', 'window', 'events', 'statement.late', 'statement.gap'] as const;

export function compileRule(rule: Rule): Result<CompiledRule, RuleFault> {
  if (rule.check.kind !== 'cel') {
    const native = checkNative(rule.check);
    if (!native.ok) return native;
    const windowS = rule.check.kind === 'window' ? rule.check.windowS : 0;
    return ok({ rule, check: native.value, needs: { ...NOTHING, windowS } });
  }
  const compiled = compileCel(rule.check);
  if (!compiled.ok) return compiled;
  const past = OF_HISTORY.find((name) => compiled.value.uses.has(name));
  if (rule.effect === 'refuse' && past !== undefined) {
    return fail('rule_effect', `a rule over ${past} can report, not refuse`);
  }
  return ok({ rule, check: compiled.value, needs: celNeeds(compiled.value) });
}

/** All of them, or the first fault with the rule that has it. */
export function compileRules(rules: readonly Rule[]): Result<CompiledRule[], RuleFault> {
  const compiled: CompiledRule[] = [];
  for (const rule of rules) {
    const one = compileRule(rule);
    if (!one.ok) return { ...one, detail: `${rule.id}@${rule.version}: ${one.detail}` };
    compiled.push(one.value);
  }
  return ok(compiled);
}

function celNeeds({ uses, windowS }: CelCheck): RuleNeeds {
  return {
    pack: uses.has('readings') || uses.has('statement.count'),
    last: uses.has('last'),
    events: uses.has('events'),
    statement: uses.has('statement'),
    registration: uses.has('registration'),
    windowS: windowS ?? 0,
  };
}
