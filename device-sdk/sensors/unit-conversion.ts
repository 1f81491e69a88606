/**
 * Units other people record in, to SenML units (S1: secondary units on input only, RFC 8798).
 *
 * @module unit-conversion
 */

export interface UnitConversion {
  readonly unit: string;
  readonly convert: (value: number) => number;
}

const same = (value: number): number => value;

/** Keys are what a configuration declares; a unit that is not here is refused at start. */
export const UNIT_CONVERSIONS: ReadonlyMap<string, UnitConversion> = new Map([
  ['Cel', { unit: 'Cel', convert: same }],
  ['degF', { unit: 'Cel', convert: (f: number) => ((f - 32) * 5) / 9 }],
  ['K', { unit: 'K', convert: same }],
  ['%RH', { unit: '%RH', convert: same }],
  ['lx', { unit: 'lx', convert: same }],
  ['/', { unit: '/', convert: same }],
  ['ppm', { unit: '/', convert: (ppm: number) => ppm / 1_000_000 }],
  ['hPa', { unit: 'Pa', convert: (hectopascals: number) => hectopascals * 100 }],
  ['V', { unit: 'V', convert: same }],
  ['A', { unit: 'A', convert: same }],
  ['W', { unit: 'W', convert: same }],
  ['kWh', { unit: 'J', convert: (kWh: number) => kWh * 3_600_000 }],
  ['m/s', { unit: 'm/s', convert: same }],
]);
