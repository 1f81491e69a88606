import { portableExp, portableLn } from './portable-exp.ts';

/**
 * Mean kinetic temperature, USP <1079.2>: T = (ΔH/R) ÷ −ln(mean of e^(−ΔH/(R·Tᵢ))), temperatures in
 * kelvin, ΔH = 83.144 kJ/mol, so ΔH/R = 10,000 K. One warm hour weighs more than one cold hour.
 */
const ACTIVATION_K = 10_000;
const ZERO_CELSIUS_K = 273.15;

/** Units of which there is one; of any other it is NaN. */
export function isTemperatureUnit(unit: string | null): boolean {
  return unit === 'Cel' || unit === 'K';
}

/** What one reading adds to the sum under the logarithm; NaN at and below absolute zero. */
export function kineticTerm(value: number, unit: string): number {
  const kelvin = unit === 'Cel' ? value + ZERO_CELSIUS_K : value;
  return kelvin > 0 ? portableExp(-ACTIVATION_K / kelvin) : Number.NaN;
}

/** From the mean of the terms, in the unit of the readings. */
export function kineticMean(meanTerm: number, unit: string): number {
  const kelvin = ACTIVATION_K / -portableLn(meanTerm);
  return unit === 'Cel' ? kelvin - ZERO_CELSIUS_K : kelvin;
}
