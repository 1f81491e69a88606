import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kineticMean, kineticTerm } from '../../../gateway/law/kinetic-temperature.ts';
import { portableExp, portableLn } from '../../../gateway/law/portable-exp.ts';

/** Two units in the last place: this machine's own functions may be one off themselves. */
function nearly(found: number, expected: number): boolean {
  return Math.abs(found - expected) <= Math.abs(expected) * 2 * Number.EPSILON;
}

test('the same doubles on every machine', () => {
  expect(portableExp(-40)).toBe(4.248354255291589e-18);
  expect(portableExp(0)).toBe(1);
  expect(portableExp(-33.54016435)).toBe(2.7145115924254496e-15);
  expect(portableLn(10 / 3)).toBe(1.2039728043259361);
  expect(portableLn(1e-15)).toBe(-34.538776394910684);
  expect(portableLn(1)).toBe(0);
});

test('exp is that of the platform, to the last digit but one', () => {
  fc.assert(
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) =>
      nearly(portableExp(x), Math.exp(x)),
    ),
    { numRuns: 2_000 },
  );
});

test('ln is that of the platform, to the last digit but one', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) =>
      nearly(portableLn(x), Math.log(x)),
    ),
    { numRuns: 2_000 },
  );
});

test('beyond the normal doubles', () => {
  expect(portableExp(-800)).toBe(0);
  expect(portableExp(800)).toBe(Number.POSITIVE_INFINITY);
  expect(portableExp(709.7)).toBeGreaterThan(1.6e308);
  for (const x of [Number.NaN, 0, -1, Number.POSITIVE_INFINITY]) expect(portableLn(x)).toBeNaN();
});

/** Reference values: the formula of USP <1079.2> in decimal arithmetic of 40 digits. */
test.each([
  [[5, 25], 19.697721363708695],
  [[2, 8, 8.1, 30], 19.233191957536057],
  [[20, 20, 20], 20],
  [[-18, -10], -12.930049112049792],
])('mean kinetic temperature of %j °C', (celsius, expected) => {
  const mean = (unit: string, values: number[]) =>
    kineticMean(values.reduce((sum, v) => sum + kineticTerm(v, unit), 0) / values.length, unit);
  expect(mean('Cel', celsius)).toBeCloseTo(expected, 11);
  const kelvin = celsius.map((value) => value + 273.15);
  expect(mean('K', kelvin)).toBeCloseTo(expected + 273.15, 11);
});

test('there is no mean kinetic temperature at absolute zero', () => {
  expect(kineticTerm(-273.15, 'Cel')).toBeNaN();
  expect(kineticTerm(0, 'K')).toBeNaN();
});
