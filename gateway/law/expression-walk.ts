import type { parse } from '@bufbuild/cel';
import { fail, type Refused } from '@truegrain/device-sdk/formats/result.js';
import { forbiddenName } from './cel-functions.ts';
import { isScalar, operatorResult, UNKNOWN, type WalkType } from './operator-types.ts';
import type { RuleFault } from './rule-fault.ts';
import { typedName } from './typed-operators.ts';
import { BOOL, DOUBLE, INT, STRING, VARIABLES } from './variables.ts';

export const EXPRESSION_NODES_MAX = 512;
export const EXPRESSION_DEPTH_MAX = 64;
export const LIST_LITERAL_MAX = 64;
/** Steps in the worst case: 64 for each record of the largest pack. */
export const EXPRESSION_COST_MAX = 262_144;
/** Texts are at most some hundred characters long: comparing two counts as this many steps. */
const TEXT_COST = 8;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** The library's syntax tree. */
export type Expr = ReturnType<typeof parse>['expr'];
type Kind = Expr['exprKind'];
type Call = Extract<Kind, { case: 'callExpr' }>['value'];
type Select = Extract<Kind, { case: 'selectExpr' }>['value'];
type Loop = Extract<Kind, { case: 'comprehensionExpr' }>['value'];
type Constant = Extract<Kind, { case: 'constExpr' }>['value'];

interface Typed {
  readonly type: WalkType;
  readonly cost: number;
}

/**
 * One pass over the syntax tree: types, names, functions, cost. What is not allowed here does not
 * run; the library's own checker knows constants and names only. The first fault is kept.
 */
export class ExpressionWalk {
  fault: Refused<RuleFault> | null = null;
  readonly uses = new Set<string>();
  readonly #scope = new Map<string, WalkType>(Object.entries(VARIABLES));
  #nodes = 0;
  #depth = 0;
  #isInLoop = false;

  walk(expr: Expr | undefined): Typed {
    this.#nodes += 1;
    if (this.#nodes > EXPRESSION_NODES_MAX) {
      return this.#refuse('rule_cost', `more than ${EXPRESSION_NODES_MAX} parts`);
    }
    if (this.#depth >= EXPRESSION_DEPTH_MAX) {
      return this.#refuse('rule_cost', `parts inside parts, ${EXPRESSION_DEPTH_MAX} deep`);
    }
    this.#depth += 1;
    const typed = this.#walkKind(expr?.exprKind);
    this.#depth -= 1;
    if (typed.cost > EXPRESSION_COST_MAX) {
      return this.#refuse('rule_cost', `up to ${typed.cost} steps; ${EXPRESSION_COST_MAX} allowed`);
    }
    return typed;
  }

  #walkKind(kind: Kind | undefined): Typed {
    switch (kind?.case) {
      case 'constExpr':
        return this.#constant(kind.value);
      case 'identExpr':
        return this.#name(kind.value.name);
      case 'selectExpr':
        return this.#select(kind.value);
      case 'callExpr':
        return this.#call(kind.value);
      case 'listExpr':
        return this.#list(kind.value.elements);
      case 'comprehensionExpr':
        return this.#loop(kind.value);
      case 'structExpr':
        return this.#refuse('rule_type', 'a rule builds no maps and no messages');
      default:
        return this.#refuse('rule_syntax', 'an empty part');
    }
  }

  #constant({ constantKind }: Constant): Typed {
    switch (constantKind.case) {
      case 'boolValue':
        return { type: BOOL, cost: 1 };
      case 'stringValue':
        return { type: STRING, cost: 1 };
      case 'int64Value': {
        const isInt64 = constantKind.value >= INT64_MIN && constantKind.value <= INT64_MAX;
        return isInt64 ? { type: INT, cost: 1 } : this.#refuse('rule_type', 'beyond 64 bits');
      }
      case 'doubleValue':
        return Number.isFinite(constantKind.value)
          ? { type: DOUBLE, cost: 1 }
          : this.#refuse('rule_type', 'a number without end');
      default:
        return this.#refuse('rule_type', `no rule needs a ${constantKind.case ?? 'constant'}`);
    }
  }

  #name(name: string): Typed {
    const type = this.#scope.get(name);
    if (type !== undefined) {
      if (Object.hasOwn(VARIABLES, name)) this.uses.add(name);
      return { type, cost: 1 };
    }
    const forbidden = forbiddenName(name);
    if (forbidden?.code === 'rule_clock') return this.#refuse('rule_clock', forbidden.why);
    return this.#refuse('rule_unknown_name', `"${name.slice(0, 64)}" is not declared`);
  }

  /** Field of a record, or entry of a map; `has()` asks for presence. */
  #select({ operand, field, testOnly }: Select): Typed {
    const of = this.walk(operand);
    const { exprKind } = operand ?? { exprKind: undefined };
    if (exprKind?.case === 'identExpr') this.uses.add(`${exprKind.value.name}.${field}`);
    const cost = of.cost + 1;
    const { type: owner } = of;
    if (owner.kind === 'unknown') return { type: testOnly ? BOOL : UNKNOWN, cost };
    if (owner.kind !== 'record' && owner.kind !== 'map') {
      return this.#refuse('rule_type', `"${field.slice(0, 64)}" of a ${owner.kind}`);
    }
    const type = owner.kind === 'record' ? fieldOf(owner.fields, field) : owner.of;
    if (type === null) {
      return this.#refuse('rule_unknown_name', `there is no field "${field.slice(0, 64)}"`);
    }
    return { type: testOnly ? BOOL : type, cost };
  }

  #list(elements: readonly Expr[]): Typed {
    if (elements.length > LIST_LITERAL_MAX) {
      return this.#refuse('rule_cost', `a list of ${elements.length}; ${LIST_LITERAL_MAX} allowed`);
    }
    const typed = elements.map((element) => this.walk(element));
    const of = typed[0]?.type ?? UNKNOWN;
    const isUniform = typed.every(({ type }) => type.kind === of.kind || type === UNKNOWN);
    if (!isScalar(of) || !isUniform) {
      return this.#refuse('rule_type', 'a list holds numbers, texts or truths of one kind');
    }
    const cost = typed.reduce((sum, each) => sum + each.cost, 1);
    if (of.kind === 'unknown') return { type: UNKNOWN, cost };
    return { type: { kind: 'list', of, max: elements.length }, cost };
  }

  #call(call: Call): Typed {
    const { target, args } = call;
    const operands = target === undefined ? args : [target, ...args];
    if (call.function === 'size' && operands.length === 1) return this.#size(operands[0]);
    const typed = operands.map((operand) => this.walk(operand));
    const cost = typed.reduce((sum, each) => sum + each.cost, 1);
    const isMethod = target !== undefined;
    const types = typed.map(({ type }) => type);
    const result = operatorResult(call.function, types, isMethod);
    if (result === null) return this.#unknownFunction(call.function);
    if (!result.ok) return this.#refuse(result.code, result.detail);
    if (call.function === '@in' && types[1]?.kind === 'list') {
      return { type: result.value, cost: cost + types[1].max * TEXT_COST };
    }
    const isText = types.some((type) => type.kind === 'string');
    // The tree is ours, and this pass alone knows the types of its parts.
    call.function = typedName(call.function, types);
    return { type: result.value, cost: cost + (isText ? TEXT_COST : 0) };
  }

  #unknownFunction(name: string): Typed {
    const forbidden = forbiddenName(name);
    if (forbidden) return this.#refuse(forbidden.code, `${name}: ${forbidden.why}`);
    return this.#refuse('rule_unknown_name', `no rule may call "${name.slice(0, 64)}"`);
  }

  /** The one place where a filtered list may stand: it is counted and never read again. */
  #size(of: Expr | undefined): Typed {
    const kind = of?.exprKind;
    const filtered = kind?.case === 'comprehensionExpr' ? filterTest(kind.value) : null;
    if (kind?.case === 'comprehensionExpr' && filtered) {
      return { type: INT, cost: this.#iterate(kind.value, [filtered]).cost };
    }
    const { type, cost } = this.walk(of);
    const isSized = type.kind === 'list' || type.kind === 'map' || type.kind === 'string';
    if (!isSized && type !== UNKNOWN) return this.#refuse('rule_type', `size of a ${type.kind}`);
    return { type: INT, cost: cost + TEXT_COST };
  }

  /** `all`, `exists`, `exists_one`: the parser has no other loops that end in no list. */
  #loop(loop: Loop): Typed {
    if (loop.accuInit?.exprKind.case === 'listExpr') {
      return this.#refuse('rule_cost', 'map and filter build lists; only size(… .filter(…)) may');
    }
    const { type: accumulated } = this.walk(loop.accuInit);
    this.#scope.set(loop.accuVar, accumulated);
    const { cost } = this.#iterate(loop, [loop.loopCondition, loop.loopStep]);
    const result = this.walk(loop.result);
    this.#scope.delete(loop.accuVar);
    return { type: result.type, cost: cost + result.cost };
  }

  /** Every turn evaluates `parts`, which hold no loop of their own: cost stays linear in a pack. */
  #iterate(loop: Loop, parts: readonly (Expr | undefined)[]): Typed {
    const range = this.walk(loop.iterRange);
    if (this.#isInLoop) return this.#refuse('rule_cost', 'a loop inside a loop');
    if (range.type !== UNKNOWN && range.type.kind !== 'list' && range.type.kind !== 'map') {
      return this.#refuse('rule_type', `a loop over a ${range.type.kind}`);
    }
    if (this.#scope.has(loop.iterVar)) {
      return this.#refuse('rule_syntax', `"${loop.iterVar}" is the name of something else`);
    }
    const { type } = range;
    const max = type.kind === 'list' || type.kind === 'map' ? type.max : 0;
    this.#scope.set(loop.iterVar, type.kind === 'list' ? type.of : STRING);
    this.#isInLoop = true;
    const turn = parts.map((part) => this.walk(part));
    this.#isInLoop = false;
    this.#scope.delete(loop.iterVar);
    const isTest = turn.every(({ type: { kind } }) => isTurnKind(kind));
    if (!isTest) return this.#refuse('rule_type', 'a loop asks something that is true or false');
    return {
      type: UNKNOWN,
      cost: turn.reduce((sum, { cost }) => sum + max * cost, range.cost + 1),
    };
  }

  #refuse(code: RuleFault, detail: string): Typed {
    this.fault ??= fail(code, detail);
    return { type: UNKNOWN, cost: 1 };
  }
}

/** `exists_one` counts; the others test. */
function isTurnKind(kind: WalkType['kind']): boolean {
  return kind === 'bool' || kind === 'int' || kind === 'unknown';
}

function fieldOf(fields: { readonly [name: string]: WalkType }, name: string): WalkType | null {
  return Object.hasOwn(fields, name) ? (fields[name] ?? null) : null;
}

/**
 * The test of `filter`, as the parser writes it: test ? result + [x] : result. Null for `map`, which
 * writes something else into the list.
 */
function filterTest(loop: Loop): Expr | null {
  const step = loop.loopStep?.exprKind;
  if (loop.accuInit?.exprKind.case !== 'listExpr' || step?.case !== 'callExpr') return null;
  if (step.value.function !== '_?_:_') return null;
  const [test, joined] = step.value.args;
  const sum = joined?.exprKind;
  const added = sum?.case === 'callExpr' ? sum.value.args[1]?.exprKind : undefined;
  const item = added?.case === 'listExpr' ? added.value.elements[0]?.exprKind : undefined;
  const isItself = item?.case === 'identExpr' && item.value.name === loop.iterVar;
  return isItself && test !== undefined ? test : null;
}
