// Units of measure by their UN/ECE common codes (EPCIS 2.0 §7.3.7.1.2, `uom`).
import { UNIT_CODES } from './rec20-codes.ts';
import { UNIT_SCALES } from './rec20-units.ts';

/**
 * Values that come from different units are compared after rounding to so many digits: 5 °C as
 * 278.15 K and as 41 °F differ in the 16th, and a sensor has no more than six.
 */
const COMPARED_DIGITS = 12;
/** Below it a sum with a shift (absolute zero in °C) is nothing but the rounding of its parts. */
const SHIFTED_DECIMALS = 9;

/**
 * Whether `code` is a unit of Recommendation 20 (revision 17 of 2021, marked as deleted excepted) or
 * a package of Recommendation 21 (`X` before its code, as in UN/EDIFACT 6411). A code that is newer
 * than these lists is reported as unknown.
 */
export function isUnitCode(code: string): boolean {
  return UNIT_CODES.has(code);
}

/**
 * The value in the base unit of its dimension, rounded to 12 significant digits so that equal
 * amounts in any two units are equal numbers. A unit that converts into no other (a piece, a decibel)
 * is its own base. Null: no known code, or a value that the base unit can't hold.
 */
export function toBase(value: number, uom: string): { value: number; unit: string } | null {
  if (!isUnitCode(uom)) return null;
  const scale = UNIT_SCALES.get(uom) ?? { base: uom, factor: 1, shift: 0 };
  const exact = (value + scale.shift) * scale.factor;
  if (!Number.isFinite(exact)) return null;
  const shifted = scale.shift === 0 ? exact : Number(exact.toFixed(SHIFTED_DECIMALS));
  const rounded = Number(shifted.toPrecision(COMPARED_DIGITS));
  return { value: rounded === 0 ? 0 : rounded, unit: scale.base };
}
