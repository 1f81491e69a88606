import { type CelInput, celEnv, isCelError, plan } from '@bufbuild/cel';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { RuleCheck } from '@truegrain/device-sdk/formats/rule-check.js';
import type { RuleFault, RuleVerdict } from './rule-fault.ts';
import { checkExpression } from './static-check.ts';
import { TYPED_FUNCTIONS } from './typed-operators.ts';
import type { VariableName } from './variables.ts';

/** Values of the variables; those that an expression does not use are never asked for. */
export type CelVariables = { readonly [name in VariableName]: CelInput };

export interface CelCheck {
  readonly kind: 'cel';
  readonly windowS: number | null;
  readonly uses: ReadonlySet<string>;
  /** Steps in the worst case. */
  readonly cost: number;
  readonly evaluate: (variables: CelVariables) => RuleVerdict;
}

const ENV = celEnv({ funcs: TYPED_FUNCTIONS });

const ERROR_LENGTH_MAX = 200;

export function compileCel(
  check: Extract<RuleCheck, { kind: 'cel' }>,
): Result<CelCheck, RuleFault> {
  const checked = checkExpression(check.expression);
  if (!checked.ok) return checked;
  const { expr, uses, cost } = checked.value;
  const { windowS } = check;
  if (uses.has('window') !== (windowS !== null)) {
    return fail('rule_window', 'windowS goes with the variable window and with nothing else');
  }
  const run = plan(ENV, expr);
  const evaluate = (variables: CelVariables): RuleVerdict => {
    const result = run(variables);
    if (typeof result === 'boolean') return result ? 'kept' : 'broken';
    const message = isCelError(result) ? result.message : 'no verdict';
    return { error: message.slice(0, ERROR_LENGTH_MAX) };
  };
  return ok({ kind: 'cel', windowS, uses, cost, evaluate });
}
