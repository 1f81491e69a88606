import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { RuleFault } from './rule-fault.ts';
import { BOOL, DOUBLE, INT, STRING, type ValueType } from './variables.ts';

/** Of a part that was refused: it goes with everything, so that one fault is not many. */
export const UNKNOWN = { kind: 'unknown' } as const;
export type WalkType = ValueType | typeof UNKNOWN;
type Answer = Result<WalkType, RuleFault>;

export function isNumber({ kind }: WalkType): boolean {
  return kind === 'int' || kind === 'double' || kind === 'unknown';
}

export function isScalar(type: WalkType): boolean {
  return isNumber(type) || type.kind === 'bool' || type.kind === 'string';
}

/** Operators and functions that a rule may use; null for any other. */
export function operatorResult(
  name: string,
  types: readonly WalkType[],
  isMethod: boolean,
): Answer | null {
  const rule = isMethod ? METHODS.get(name) : FUNCTIONS.get(name);
  return rule === undefined ? null : rule(types, name);
}

type Rule = (types: readonly WalkType[], name: string) => Answer;

const logic: Rule = (types, name) => allAre(types, ['bool'], name, BOOL);

const order: Rule = ([left = UNKNOWN, right = UNKNOWN], name) => {
  // JavaScript orders UTF-16, CEL code points, people alphabets.
  const areTexts = left.kind === 'string' && right.kind === 'string';
  if (areTexts) return fail('rule_locale', 'texts have no order common to all');
  return isNumber(left) && isNumber(right) ? ok(BOOL) : mismatch(name, [left, right]);
};

/** Whole numbers and doubles compare by value. */
const equality: Rule = ([left = UNKNOWN, right = UNKNOWN], name) => {
  const isSame = left.kind === right.kind || left === UNKNOWN || right === UNKNOWN;
  const fits = isScalar(left) && (isSame || (isNumber(left) && isNumber(right)));
  return fits ? ok(BOOL) : mismatch(name, [left, right]);
};

const arithmetic: Rule = (types, name) => {
  const [left = UNKNOWN, right = left] = types;
  if (left.kind === 'string' || left.kind === 'list') {
    return fail('rule_cost', 'texts and lists are not joined: they could grow');
  }
  if (left === UNKNOWN) return ok(right);
  if (!isNumber(left) || (left.kind !== right.kind && right !== UNKNOWN)) {
    return mismatch(name, types);
  }
  return ok(left);
};

const choice: Rule = ([test = UNKNOWN, yes = UNKNOWN, no = UNKNOWN], name) => {
  const isTest = test.kind === 'bool' || test === UNKNOWN;
  const isSame = yes === no || (isScalar(yes) && yes.kind === no.kind);
  if (yes === UNKNOWN) return ok(no);
  return isTest && (isSame || no === UNKNOWN) ? ok(yes) : mismatch(name, [test, yes, no]);
};

const index: Rule = ([of = UNKNOWN, key = UNKNOWN], name) => {
  if (of === UNKNOWN) return ok(UNKNOWN);
  const wanted = of.kind === 'list' ? 'int' : of.kind === 'map' ? 'string' : null;
  const fits = wanted !== null && (key.kind === wanted || key === UNKNOWN);
  return fits && (of.kind === 'list' || of.kind === 'map') ? ok(of.of) : mismatch(name, [of, key]);
};

const membership: Rule = ([item = UNKNOWN, among = UNKNOWN], name) => {
  if (among === UNKNOWN) return ok(BOOL);
  if (among.kind === 'map') return equality([item, STRING], name);
  return among.kind === 'list' ? equality([item, among.of], name) : mismatch(name, [item, among]);
};

const text: Rule = (types, name) => allAre(types, ['string'], name, BOOL);

const LIST = [
  ['_&&_', 2, logic],
  ['_||_', 2, logic],
  ['!_', 1, logic],
  ['@not_strictly_false', 1, logic],
  ['_?_:_', 3, choice],
  ['_==_', 2, equality],
  ['_!=_', 2, equality],
  ['_<_', 2, order],
  ['_<=_', 2, order],
  ['_>_', 2, order],
  ['_>=_', 2, order],
  ['_+_', 2, arithmetic],
  ['_-_', 2, arithmetic],
  ['_*_', 2, arithmetic],
  ['_/_', 2, arithmetic],
  ['-_', 1, arithmetic],
  ['_%_', 2, (types, name) => allAre(types, ['int'], name, INT)],
  ['_[_]', 2, index],
  ['@in', 2, membership],
  ['int', 1, (types, name) => allAre(types, ['int', 'double'], name, INT)],
  ['double', 1, (types, name) => allAre(types, ['int', 'double'], name, DOUBLE)],
] as const satisfies readonly (readonly [string, number, Rule])[];

const FUNCTIONS = new Map<string, Rule>(
  LIST.map(([name, count, rule]) => [name, counted(count, rule)]),
);
const METHODS = new Map<string, Rule>(
  ['startsWith', 'endsWith', 'contains'].map((name) => [name, counted(2, text)]),
);

function counted(count: number, rule: Rule): Rule {
  return (types, name) => (types.length === count ? rule(types, name) : mismatch(name, types));
}

function allAre(
  types: readonly WalkType[],
  kinds: readonly string[],
  name: string,
  result: WalkType,
): Answer {
  const fits = types.every((type) => type === UNKNOWN || kinds.includes(type.kind));
  return fits ? ok(result) : mismatch(name, types);
}

function mismatch(name: string, types: readonly WalkType[]): Answer {
  return fail('rule_type', `${name} does not take ${types.map(({ kind }) => kind).join(', ')}`);
}
