import { editionAt, profileOf, rulesFor } from '@truegrain/device-sdk/formats/law-state.js';
import { type Rule, ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import type { LedgerState } from '../ledger/state.ts';
import type { RuleDevice } from './rule-device.ts';
import { type CompiledRule, compileRule } from './rule-set.ts';

/** Rules a gateway could not run or judge by: told once each. */
export type OnRuleTrouble = (rule: Rule, detail: string) => void;

/** What the next statement of a device is held to, compiled once, by the edition of the law. */
export class RulesInForce {
  readonly #state: () => LedgerState;
  readonly #onTrouble: OnRuleTrouble;
  /** By `id@version`; null for one that this gateway can't run. */
  readonly #compiled = new Map<string, CompiledRule | null>();
  readonly #byProfile = new Map<string | null, readonly CompiledRule[]>();
  readonly #told = new Set<string>();
  #edition = -1;

  constructor(options: { state: () => LedgerState; onTrouble: OnRuleTrouble }) {
    this.#state = options.state;
    this.#onTrouble = options.onTrouble;
  }

  /** The same array as long as the same rules hold. */
  of({ device }: Pick<RuleDevice, 'device'>): readonly CompiledRule[] {
    const { membership, size } = this.#state();
    if (!membership || membership.law.editions.length === 0) return NONE;
    const { law } = membership;
    const edition = editionAt(law, size);
    if (edition !== this.#edition) {
      this.#edition = edition;
      this.#byProfile.clear();
    }
    const profile = profileOf(law, device);
    const known = this.#byProfile.get(profile);
    if (known) return known;
    const rules = rulesFor(law, device, size).flatMap(({ rule }) => this.#compile(rule) ?? []);
    this.#byProfile.set(profile, rules);
    return rules;
  }

  /** No rule was ever agreed on: nothing has to be remembered for one. */
  get isNone(): boolean {
    return (this.#state().membership?.law.editions.length ?? 0) === 0;
  }

  /** A rule that says nothing of a statement: an error in its expression. */
  tell(rule: Rule, detail: string): void {
    const told = `${ruleKey(rule)} ${detail}`;
    if (this.#told.has(told) || this.#told.size >= TOLD_MAX) return;
    this.#told.add(told);
    this.#onTrouble(rule, detail);
  }

  /** Those who approved it could run it; where this gateway can't, it says so and judges by the rest. */
  #compile(rule: Rule): CompiledRule | null {
    const key = ruleKey(rule);
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const compiled = compileRule(rule);
    if (!compiled.ok) this.tell(rule, `${compiled.code}: ${compiled.detail}`);
    const made = compiled.ok ? compiled.value : null;
    this.#compiled.set(key, made);
    return made;
  }
}

const NONE: readonly CompiledRule[] = [];
const TOLD_MAX = 1_000;
