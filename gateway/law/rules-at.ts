import { type Law, rulesFor } from '@truegrain/device-sdk/formats/law-state.js';
import { type Rule, ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import { type CompiledRule, compileRule } from './rule-set.ts';

/** The rules that a statement in the log was held to, each compiled once. */
export class RulesAt {
  readonly #compiled = new Map<string, CompiledRule | null>();
  readonly #sets = new Map<string, readonly CompiledRule[]>();

  /**
   * The same array for the same rules; without those that this gateway can't run. All report: what
   * stands in the log was refused by nobody, and is in the windows of those after it.
   */
  of(law: Law, device: string, leafIndex: number): readonly CompiledRule[] {
    const rules = rulesFor(law, device, leafIndex).map(({ rule }) => rule);
    const key = rules.map(ruleKey).join(' ');
    const known = this.#sets.get(key);
    if (known) return known;
    const set = rules.flatMap((rule) => this.#compile(rule) ?? []);
    this.#sets.set(key, set);
    return set;
  }

  #compile(rule: Rule): CompiledRule | null {
    const key = ruleKey(rule);
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const result = compileRule({ ...rule, effect: 'report' });
    const made = result.ok ? result.value : null;
    this.#compiled.set(key, made);
    return made;
  }
}
