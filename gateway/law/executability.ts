import { type Rule, ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import { runExamples } from './examples.ts';
import type { RuleFault } from './rule-fault.ts';
import { compileRule } from './rule-set.ts';

/**
 * Why this gateway would not run a rule: the static checker's finding, or an example of its own that
 * comes out otherwise. Asked before a member proposes it and before it approves it.
 */
export function executabilityFault(
  rules: readonly Rule[],
): { readonly ok: false; readonly code: RuleFault; readonly detail: string } | null {
  for (const rule of rules) {
    const compiled = compileRule(rule);
    const fault = compiled.ok ? runExamples(compiled.value) : compiled;
    if (!fault.ok) return { ...fault, detail: `${ruleKey(rule)}: ${fault.detail}` };
  }
  return null;
}
