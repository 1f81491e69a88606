import { type CelFunc, CelScalar, celFunc } from '@bufbuild/cel';
import type { WalkType } from './operator-types.ts';

/**
 * Operators for operands whose types are proven. The library looks through every overload of `<` at
 * each call; these have one, take what they are given, and halve what a loop over readings costs.
 * No expression can name them: `@` begins no identifier.
 */
const { BOOL, DOUBLE, DYN } = CelScalar;

/** Beyond the doubles there is NaN, whose comparisons are all false: an error instead. */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw new Error('a number without end');
  return value;
}

const DOUBLE_COMPARISONS: Record<string, (left: number, right: number) => boolean> = {
  '_<_': (left, right) => left < right,
  '_<=_': (left, right) => left <= right,
  '_>_': (left, right) => left > right,
  '_>=_': (left, right) => left >= right,
};
const DOUBLE_ARITHMETIC: Record<string, (left: number, right: number) => number> = {
  '_+_': (left, right) => finite(left + right),
  '_-_': (left, right) => finite(left - right),
  '_*_': (left, right) => finite(left * right),
  '_/_': (left, right) => finite(left / right),
};
/** Of two texts, two truths, two whole numbers or two doubles. */
const SAME = { '_==_': '@same', '_!=_': '@other' } as const;

export const TYPED_FUNCTIONS: CelFunc[] = [
  ...Object.entries(DOUBLE_COMPARISONS).map(([name, compare]) =>
    celFunc(`@double${name}`, [DYN, DYN], BOOL, (left, right) =>
      compare(left as number, right as number),
    ),
  ),
  ...Object.entries(DOUBLE_ARITHMETIC).map(([name, compute]) =>
    celFunc(`@double${name}`, [DYN, DYN], DOUBLE, (left, right) =>
      compute(left as number, right as number),
    ),
  ),
  celFunc(SAME['_==_'], [DYN, DYN], BOOL, (left, right) => left === right),
  celFunc(SAME['_!=_'], [DYN, DYN], BOOL, (left, right) => left !== right),
];

/** What the operator is called for these operands; its own name where nothing better is known. */
export function typedName(name: string, [left, right]: readonly WalkType[]): string {
  if (left === undefined || right === undefined || left.kind !== right.kind) return name;
  const isDouble =
    Object.hasOwn(DOUBLE_COMPARISONS, name) || Object.hasOwn(DOUBLE_ARITHMETIC, name);
  if (left.kind === 'double' && isDouble) return `@double${name}`;
  const isScalar = ['bool', 'int', 'double', 'string'].includes(left.kind);
  return isScalar && (name === '_==_' || name === '_!=_') ? SAME[name] : name;
}
