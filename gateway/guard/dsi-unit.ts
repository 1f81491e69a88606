// D-SI unit expressions (SmartCom D-SI 2.2, after the BIPM SI brochure) in SenML units.

/** @module dsi-unit */

export interface SenmlMeasure {
  readonly unit: string;
  /** A value times this is in `unit`. */
  readonly scale: number;
}

const SYMBOLS: Readonly<Record<string, string | readonly [unit: string, scale: number]>> = {
  metre: 'm',
  kilogram: 'kg',
  gram: ['kg', 1e-3],
  second: 's',
  minute: ['s', 60],
  hour: ['s', 3_600],
  ampere: 'A',
  kelvin: 'K',
  mole: 'mol',
  candela: 'cd',
  hertz: 'Hz',
  radian: 'rad',
  steradian: 'sr',
  newton: 'N',
  pascal: 'Pa',
  bar: ['Pa', 1e5],
  joule: 'J',
  watt: 'W',
  coulomb: 'C',
  volt: 'V',
  farad: 'F',
  ohm: 'Ohm',
  siemens: 'S',
  weber: 'Wb',
  tesla: 'T',
  henry: 'H',
  degreecelsius: 'Cel',
  lumen: 'lm',
  lux: 'lx',
  becquerel: 'Bq',
  gray: 'Gy',
  sievert: 'Sv',
  katal: 'kat',
  litre: ['m3', 1e-3],
  degree: 'deg',
  decibel: 'dB',
  one: '/',
  percent: ['/', 1e-2],
};

const PRODUCTS: Readonly<Record<string, string>> = {
  '\\metre\\tothe{2}': 'm2',
  '\\metre\\tothe{3}': 'm3',
  '\\metre\\per\\second': 'm/s',
  '\\metre\\per\\second\\tothe{2}': 'm/s2',
  '\\metre\\tothe{3}\\per\\second': 'm3/s',
  '\\watt\\per\\metre\\tothe{2}': 'W/m2',
  '\\candela\\per\\metre\\tothe{2}': 'cd/m2',
  '\\kilogram\\per\\metre\\tothe{3}': 'kg/m3',
  '\\siemens\\per\\metre': 'S/m',
  '\\one\\per\\second': '1/s',
  '\\second\\tothe{-1}': '1/s',
};

const PREFIXES: Readonly<Record<string, number>> = {
  giga: 1e9,
  mega: 1e6,
  kilo: 1e3,
  hecto: 1e2,
  deca: 10,
  deci: 1e-1,
  centi: 1e-2,
  milli: 1e-3,
  micro: 1e-6,
  nano: 1e-9,
};
/** No prefix of these: a kilokelvin is read as written, a kilodegreecelsius is a mistake. */
const UNPREFIXED = new Set(['kilogram', 'degreecelsius', 'minute', 'hour', 'one', 'percent']);

/** Null for what SenML has no unit for, or this table doesn't know. */
export function senmlMeasure(expression: string): SenmlMeasure | null {
  const product = own(PRODUCTS, expression);
  if (product) return { unit: product, scale: 1 };
  const match = /^(?:\\([a-z]+))?\\([a-z]+)$/.exec(expression);
  const [, prefix, name = ''] = match ?? [];
  const symbol = own(SYMBOLS, name);
  const factor = prefix === undefined ? 1 : own(PREFIXES, prefix);
  if (!symbol || factor === undefined || (prefix && UNPREFIXED.has(name))) return null;
  const [unit, scale] = typeof symbol === 'string' ? [symbol, 1] : symbol;
  return { unit, scale: scale * factor };
}

/** A table is not its prototype: `\constructor` is no unit. */
function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** How values of one unit become values of another; null where they are not of one kind. */
export function conversion(
  from: string,
  to: string,
): { readonly scale: number; readonly offset: number } | null {
  if (from === to) return { scale: 1, offset: 0 };
  if (from === 'K' && to === 'Cel') return { scale: 1, offset: -273.15 };
  if (from === 'Cel' && to === 'K') return { scale: 1, offset: 273.15 };
  return null;
}

/** Decimal values stay what a person would write: 306 K is 32.85 °C, not 32.8500…02. */
export function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
