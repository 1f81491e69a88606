// IANA "Sensor Measurement Lists (SenML) Units" registry, RFC 8428 §12.1 and later additions.

/**
 * Source: reference/formats.md §6 for the units of RFC 8428 §12.1; the additions (RFC 8798, OMA
 * LwM2M and others) and the secondary units from memory of the registry, not compared with IANA's
 * CSV here: registering one unit too few refuses a registration, never a reading.
 *
 * @module senml-units
 */

/** RFC 8428 §12.1, Table 5. */
const RFC_8428 = [
  'm',
  'kg',
  's',
  'A',
  'K',
  'cd',
  'mol',
  'Hz',
  'rad',
  'sr',
  'N',
  'Pa',
  'J',
  'W',
  'C',
  'V',
  'F',
  'Ohm',
  'S',
  'Wb',
  'T',
  'H',
  'Cel',
  'lm',
  'lx',
  'Bq',
  'Gy',
  'Sv',
  'kat',
  'm2',
  'm3',
  'm/s',
  'm/s2',
  'm3/s',
  'W/m2',
  'cd/m2',
  'bit',
  'bit/s',
  'lat',
  'lon',
  'pH',
  'dB',
  'dBW',
  'count',
  '/',
  '%RH',
  '%EL',
  'EL',
  '1/s',
  'S/m',
] as const;

/** In the registry, marked there as not to be produced. */
const NOT_RECOMMENDED = ['g', 'l', 'l/s', 'Bspl', '%', '1/min', 'beat/min', 'beats'] as const;

/** Added to the same table after RFC 8428 (RFC 8798 §3 and expert review). */
const ADDED = ['B', 'VA', 'VAs', 'var', 'vars', 'J/m', 'kg/m3', 'deg', 'NTU'] as const;

/** RFC 8798 §4, secondary units: how to get the value in the primary one: v × scale + offset. */
const SECONDARY: ReadonlyMap<string, SecondaryUnit> = new Map(
  (
    [
      ['ms', 's', 1 / 1000],
      ['min', 's', 60],
      ['h', 's', 3600],
      ['MHz', 'Hz', 1e6],
      ['kW', 'W', 1000],
      ['kVA', 'VA', 1000],
      ['kvar', 'var', 1000],
      ['Ah', 'C', 3600],
      ['Wh', 'J', 3600],
      ['kWh', 'J', 3.6e6],
      ['varh', 'vars', 3600],
      ['kvarh', 'vars', 3.6e6],
      ['kVAh', 'VAs', 3.6e6],
      ['Wh/km', 'J/m', 3.6],
      ['KiB', 'B', 1024],
      ['GB', 'B', 1e9],
      ['Mbit/s', 'bit/s', 1e6],
      ['B/s', 'bit/s', 8],
      ['MB/s', 'bit/s', 8e6],
      ['mV', 'V', 1 / 1000],
      ['mA', 'A', 1 / 1000],
      ['dBm', 'dBW', 1, -30],
      ['ug/m3', 'kg/m3', 1e-9],
      ['mm/h', 'm/s', 1 / 3.6e6],
      ['m/h', 'm/s', 1 / 3600],
      ['ppm', '/', 1e-6],
      ['/100', '/', 1 / 100],
      ['/1000', '/', 1 / 1000],
      ['hPa', 'Pa', 100],
      ['mm', 'm', 1 / 1000],
      ['cm', 'm', 1 / 100],
      ['km', 'm', 1000],
      ['km/h', 'm/s', 1 / 3.6],
    ] as const
  ).map(([unit, primary, scale, offset]) => [unit, { primary, scale, offset: offset ?? 0 }]),
);

export interface SecondaryUnit {
  readonly primary: string;
  readonly scale: number;
  readonly offset: number;
}

const PRODUCIBLE: ReadonlySet<string> = new Set([...RFC_8428, ...ADDED]);
const DISCOURAGED: ReadonlySet<string> = new Set(NOT_RECOMMENDED);

/** What a registered sensor may use: primary and recommended (reference/device.md S1). */
export function isProducibleUnit(unit: string): boolean {
  return PRODUCIBLE.has(unit);
}

/** What others may send. */
export function isKnownUnit(unit: string): boolean {
  return PRODUCIBLE.has(unit) || DISCOURAGED.has(unit) || SECONDARY.has(unit);
}

export function secondaryUnit(unit: string): SecondaryUnit | null {
  return SECONDARY.get(unit) ?? null;
}
