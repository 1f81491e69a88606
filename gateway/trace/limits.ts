import { rulesFor } from '@truegrain/device-sdk/formats/law-state.js';
import { type Rule, ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import type { Bounds } from '@truegrain/device-sdk/formats/rule-check.js';
import type { Limits, RuleView } from '../http/trace-backend.ts';
import type { ReadContext } from '../reads/read-context.ts';

/** A rule that says between which values a sensor's readings are to lie. */
export interface RuleLimit extends Bounds {
  readonly rule: RuleView;
  /** Of a window rule: a time outside of them is allowed. */
  readonly isWindow: boolean;
}

interface OfSensor {
  readonly device: string;
  readonly quantity: string | null;
  readonly unit: string;
}

export function ruleView(rule: Rule): RuleView {
  return { rule: ruleKey(rule), title: rule.title, responsible: rule.responsible };
}

/**
 * Of the rules in force for the device now: ranges, and the bounds whose seconds outside a window
 * rule counts. What an expression (CEL) asks for is no limit; its breaches are in the rulings.
 */
export function ruleLimits({ state }: ReadContext, of: OfSensor): RuleLimit[] {
  const { membership, size } = state();
  if (!membership) return [];
  return rulesFor(membership.law, of.device, size).flatMap(({ rule }) => {
    const bounds = boundsOf(rule, of);
    if (!bounds) return [];
    const { min, max } = bounds;
    return [{ min, max, rule: ruleView(rule), isWindow: rule.check.kind === 'window' }];
  });
}

function boundsOf({ check }: Rule, { quantity, unit }: OfSensor): Bounds | null {
  if (check.kind !== 'range' && check.kind !== 'window') return null;
  if (check.quantity !== quantity || check.unit !== unit) return null;
  return check.kind === 'range' ? check : check.outside;
}

/** Whether a rule can be about this sensor: an expression is about the whole statement. */
export function isAbout({ check }: Rule, quantity: string | null): boolean {
  return check.kind === 'cel' || check.quantity === quantity;
}

/** The narrowest; null where no rule has any. */
export function narrowest(limits: readonly RuleLimit[]): Limits | null {
  if (limits.length === 0) return null;
  const mins = limits.flatMap(({ min }) => min ?? []);
  const maxes = limits.flatMap(({ max }) => max ?? []);
  return {
    min: mins.length > 0 ? Math.max(...mins) : null,
    max: maxes.length > 0 ? Math.min(...maxes) : null,
    rules: limits.map(({ rule }) => rule),
  };
}
