// SPEC.md §4.3: one sensor of a registered device.

/** @module sensor */
import type { CborKey, CborMap, CborValue } from './cbor.ts';
import type { Fields } from './fields.ts';
import { INTERFACES, type SensorInterface } from './governance.ts';
import { isSensorName } from './pack-name.ts';
import { isProducibleUnit } from './senml-units.ts';

export interface Calibration {
  /** Number of the certificate. */
  readonly certificate: string;
  /** SHA-256 of the certificate, a DCC for the higher grades. */
  readonly digest: Uint8Array;
  readonly dueMs: number;
}

export interface Sensor {
  /** The SenML `n` of its readings, without the base name. */
  readonly name: string;
  readonly quantity: string;
  /**
   * SenML unit, case-sensitive. Null for a sensor of texts, booleans or data (a scanner, a door
   * switch): then min, max and resolution are null as well.
   */
  readonly unit: string | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly resolution: number | null;
  readonly interface: SensorInterface;
  readonly calibration: Calibration | null;
  /** Of the instrument, as on its plate: what a certificate has to name. */
  readonly serial?: string | undefined;
}

export function sensorMap(sensor: Sensor): CborMap {
  const { calibration, ...rest } = sensor;
  const map: CborMap = new Map<CborKey, CborValue>();
  for (const key of KEYS) map.set(key, rest[key]);
  map.set('calibration', calibration === null ? null : calibrationMap(calibration));
  if (sensor.serial !== undefined) map.set('serial', sensor.serial);
  return map;
}

const KEYS = ['name', 'quantity', 'unit', 'min', 'max', 'resolution', 'interface'] as const;

function calibrationMap(calibration: Calibration): CborMap {
  const { certificate, digest, dueMs } = calibration;
  return new Map<CborKey, CborValue>([
    ['certificate', certificate],
    ['digest', digest],
    ['dueMs', dueMs],
  ]);
}

export function readSensor(fields: Fields): Sensor {
  const name = fields.text('name');
  if (!isSensorName(name)) fields.odd('name', 'not a sensor name');
  const numeric = !fields.isNull('unit');
  const sensor: Sensor = {
    name,
    quantity: fields.text('quantity', { max: 64 }),
    unit: numeric ? fields.text('unit', { max: 16 }) : null,
    min: readLimit(fields, 'min', numeric),
    max: readLimit(fields, 'max', numeric),
    resolution: readLimit(fields, 'resolution', numeric),
    interface: fields.oneOf('interface', INTERFACES),
    calibration: fields.isNull('calibration') ? null : readCalibration(fields.map('calibration')),
    ...(fields.has('serial') && { serial: fields.text('serial', { max: 64 }) }),
  };
  const { unit, min, max, resolution } = sensor;
  if (unit !== null && !isProducibleUnit(unit)) fields.odd('unit', `${unit} is not registered`);
  if (min !== null && max !== null && min > max) fields.odd('min', 'above max');
  if (resolution !== null && resolution <= 0) fields.odd('resolution', 'not positive');
  fields.close();
  return sensor;
}

function readLimit(fields: Fields, key: string, numeric: boolean): number | null {
  if (!numeric && fields.isNull(key)) return null;
  const limit = fields.number(key);
  if (!numeric) fields.odd(key, 'a limit without a unit');
  return limit;
}

function readCalibration(fields: Fields): Calibration {
  const calibration = {
    certificate: fields.text('certificate', { max: 128 }),
    digest: fields.digest('digest'),
    dueMs: fields.timeMs('dueMs'),
  };
  fields.close();
  return calibration;
}
