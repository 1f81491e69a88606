// What the parts of the simulated world have in common: they are asked for readings at a time.

export interface Reading {
  readonly name: string;
  /** Null for texts and switches. */
  readonly unit: string | null;
  readonly value: number | string | boolean;
  readonly timeMs: number;
}

/** As the registration lists it. */
export interface SensorSpec {
  readonly name: string;
  readonly quantity: string;
  readonly unit: string | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly resolution: number | null;
  readonly interface: 'simulated' | 'scanner' | 'gpio' | 'replay' | 'modbus-rtu';
  readonly calibration: CalibrationSpec | null;
}

/** By the owner's word: the number of a certificate, and its digest in hex. */
export interface CalibrationSpec {
  readonly certificate: string;
  readonly digest: string;
  readonly dueMs: number;
}

export interface Instrument {
  readonly name: string;
  readonly sensors: readonly SensorSpec[];
  /** Every `intervalMs` one sample, which may hold nothing. */
  readonly intervalMs: number;
  sample(timeMs: number): Reading[];
}

export function sensor(
  name: string,
  quantity: string,
  range: { unit: string; min: number; max: number; resolution: number },
): SensorSpec {
  return { name, quantity, ...range, interface: 'simulated', calibration: null };
}

/** A sensor of texts or switches. */
export function wordSensor(name: string, quantity: string, by: 'scanner' | 'gpio'): SensorSpec {
  const none = { unit: null, min: null, max: null, resolution: null };
  return { name, quantity, ...none, interface: by, calibration: null };
}
