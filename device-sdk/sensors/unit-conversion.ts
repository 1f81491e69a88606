/**
 * Units other people record in, to the SenML units we emit (S1). Secondary units (RFC 8798) and the
 * one unregistered unit our recordings use are accepted on input only.
 *
 * @module unit-conversion
 */
import { isProducibleUnit, secondaryUnit } from '../formats/senml-units.ts';

export interface UnitConversion {
  readonly unit: string;
  readonly convert: (value: number) => number;
}

/** 12 digits are beyond any sensor, and keep 749.2 ppm from becoming 0.00074919999999999…. */
function withoutFloatNoise(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(12)) : value;
}

/** Null for a unit nobody registered: the configuration is refused. */
export function conversionFrom(recordedUnit: string): UnitConversion | null {
  if (isProducibleUnit(recordedUnit)) return { unit: recordedUnit, convert: (value) => value };
  if (recordedUnit === 'degF') {
    return { unit: 'Cel', convert: (value) => withoutFloatNoise(((value - 32) * 5) / 9) };
  }
  const secondary = secondaryUnit(recordedUnit);
  if (secondary === null) return null;
  const { primary, scale, offset } = secondary;
  return { unit: primary, convert: (value) => withoutFloatNoise(value * scale + offset) };
}
