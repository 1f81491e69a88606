import { parse } from '@bufbuild/cel';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { type Expr, ExpressionWalk } from './expression-walk.ts';
import type { RuleFault } from './rule-fault.ts';

/** Before the parser, which descends once a bracket: a stack must not decide what is law. */
export const EXPRESSION_BRACKETS_MAX = 96;

export interface CheckedExpression {
  readonly expr: Expr;
  /** `statement`, `statement.quality`, …: variables, and fields taken of them by name. */
  readonly uses: ReadonlySet<string>;
  /** Steps of evaluation in the worst case. */
  readonly cost: number;
}

/**
 * Proves of an expression, before it runs, that it ends within its cost, reads nothing but its
 * variables, gives the same verdict on every machine and at every time, and that it is a verdict.
 */
export function checkExpression(expression: string): Result<CheckedExpression, RuleFault> {
  const brackets = expression.match(/[([{]/g)?.length ?? 0;
  if (brackets > EXPRESSION_BRACKETS_MAX) {
    return fail('rule_cost', `${brackets} brackets; ${EXPRESSION_BRACKETS_MAX} are the most`);
  }
  const parsed = parseExpression(expression);
  if (!parsed.ok) return parsed;
  const walk = new ExpressionWalk();
  const { type, cost } = walk.walk(parsed.value);
  if (walk.fault) return walk.fault;
  if (type.kind !== 'bool')
    return fail('rule_result', `a rule is kept or broken, not ${type.kind}`);
  return ok({ expr: parsed.value, uses: walk.uses, cost });
}

function parseExpression(expression: string): Result<Expr, RuleFault> {
  try {
    return ok(parse(expression).expr);
  } catch (error) {
    return fail('rule_syntax', error instanceof Error ? error.message.slice(0, 200) : 'unreadable');
  }
}
