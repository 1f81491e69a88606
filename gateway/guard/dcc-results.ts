// Of the tables of a DCC: which points of which quantity were calibrated, and how well.

/**
 * PTB's good practice marks the columns of a table by refType; without these words nobody can tell
 * the standard's value from the instrument's, and a table without them gives no result here.
 *
 * @module dcc-results
 */
import type { CalibrationResult } from './calibration-certificate.ts';
import { type Column, columnsOf, type Uncertainty } from './dcc-quantity.ts';
import type { Table } from './dcc-tables.ts';
import { nameOf } from './dcc-text.ts';
import { conversion, tidy } from './dsi-unit.ts';

/** The standard's value, else what the instrument showed. */
const POINTS = ['basic_referenceValue', 'basic_measuredValue'] as const;

export interface StatedRange {
  readonly unit: string;
  readonly min: number;
  readonly max: number;
}

export function readResults(
  tables: readonly Table[],
  stated: readonly StatedRange[],
): CalibrationResult[] {
  return tables.flatMap((table) => readTable(table, stated) ?? []);
}

function readTable(
  { result, table, quantities: all }: Table,
  ranges: readonly StatedRange[],
): CalibrationResult | null {
  const quantities = all.map((quantity) => {
    return { refTypes: quantity.refTypes(), columns: columnsOf(quantity) };
  });
  const points = POINTS.map((word) => {
    return quantities.find(({ refTypes }) => refTypes.some((each) => isA(each, word)));
  }).find((quantity) => quantity !== undefined);
  const column = points?.columns.find(({ unit }) => unit !== null) ?? points?.columns[0];
  if (!points || !column) return null;
  const { unit, dsiUnit, values } = column;
  const stated = unit === null ? null : statedFor(unit, ranges);
  const worst = worstOf(quantities.flatMap(({ columns }) => columns).filter(alike(column)));
  return {
    name: nameOf(result.one('dcc:name')),
    refTypes: [...new Set([...result.refTypes(), ...table.refTypes(), ...points.refTypes])],
    unit,
    dsiUnit,
    min: stated?.min ?? Math.min(...values),
    max: stated?.max ?? Math.max(...values),
    rangeStated: stated !== null,
    points: values,
    uncertainty: worst?.expanded ?? null,
    coverageFactor: worst?.coverageFactor ?? null,
  };
}

/** Laboratories append what kind of value it is: `basic_measurementError_error`. */
function isA(refType: string, word: string): boolean {
  return refType === word || refType.startsWith(`${word}_`);
}

/** The uncertainty of an error in kelvin is that of a temperature in degrees Celsius. */
function alike(column: Column): (other: Column) => boolean {
  const { unit, dsiUnit } = column;
  return (other) => {
    if (unit === null || other.unit === null) return other.dsiUnit === dsiUnit;
    return conversion(other.unit, unit) !== null;
  };
}

function worstOf(columns: readonly Column[]): Uncertainty | null {
  let worst: Uncertainty | null = null;
  for (const { uncertainty } of columns) {
    if (uncertainty && (!worst || uncertainty.expanded > worst.expanded)) worst = uncertainty;
  }
  return worst;
}

/** Where two statements could be meant, none is: the points themselves are narrower. */
function statedFor(unit: string, ranges: readonly StatedRange[]): StatedRange | null {
  const converted = ranges.flatMap((range) => {
    const into = conversion(range.unit, unit);
    if (!into) return [];
    const [min, max] = [range.min, range.max].map((limit) =>
      tidy(limit * into.scale + into.offset),
    ) as [number, number];
    return { unit, min, max };
  });
  const [only, second] = converted;
  return second ? null : (only ?? null);
}
