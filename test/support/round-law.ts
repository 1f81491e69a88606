import type { RoundLaw } from '../../gateway/admit/round.ts';
import { RuleJudge } from '../../gateway/law/rule-judge.ts';
import { RulesInForce } from '../../gateway/law/rules-in-force.ts';
import { StoreHistory } from '../../gateway/law/store-history.ts';
import type { LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import type { LedgerState } from '../../gateway/ledger/state.ts';

/** The rules in force in a ledger and a judge of its own, as a pipeline has them. */
export function roundLawOf(ledger: {
  readonly store: LedgerStore;
  readonly state: LedgerState;
}): RoundLaw {
  const onTrouble = (_rule: unknown, detail: string) => {
    throw new Error(detail);
  };
  const inForce = new RulesInForce({ state: () => ledger.state, onTrouble });
  const history = new StoreHistory(ledger.store, () => ledger.state.keys);
  return { inForce, judge: new RuleJudge({ history, rulesFor: (device) => inForce.of(device) }) };
}
