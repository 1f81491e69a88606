// SPEC.md §10.7: what an owner's gateway read in a calibration certificate; `sub` is the device URN.

/** @module calibration-record */
import { isDeviceUrn } from './device-urn.ts';
import { encodePayload, openPayload } from './governance-payload.ts';
import { isSensorName } from './pack-name.ts';
import type { Result } from './result.ts';

export interface CalibrationRecord {
  readonly logTimeMs: number;
  readonly device: string;
  readonly sensor: string;
  /** Its number, and SHA-256 of the file: whoever holds that can read it again. */
  readonly certificate: string;
  readonly digest: Uint8Array;
  /** Of the instrument, in the certificate and in the registration alike. */
  readonly serial: string;
  readonly laboratory: string;
  /** `verified`: under a laboratory that the charter names. Anything else counts as unsigned. */
  readonly signature: 'verified' | 'unanchored' | 'unsigned';
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  /** Expanded uncertainty, in `unit`; the largest of the calibrated points. */
  readonly uncertainty: number;
  readonly coverageFactor: number;
  readonly performedMs: number;
  readonly dueMs: number;
}

export const SIGNATURES = ['verified', 'unanchored', 'unsigned'] as const;

export function encodeCalibrationRecord(record: CalibrationRecord): Uint8Array {
  return encodePayload(
    record.logTimeMs,
    FIELDS.map((key) => [key, record[key]] as const),
  );
}

const FIELDS = [
  'device',
  'sensor',
  'certificate',
  'digest',
  'serial',
  'laboratory',
  'signature',
  'unit',
  'min',
  'max',
  'uncertainty',
  'coverageFactor',
  'performedMs',
  'dueMs',
] as const satisfies readonly (keyof CalibrationRecord)[];

export function parseCalibrationRecord(bytes: Uint8Array): Result<CalibrationRecord> {
  const opened = openPayload(bytes, 'calibration');
  if (!opened.ok) return opened;
  const { fields, logTimeMs } = opened.value;
  const record = {
    logTimeMs,
    device: fields.text('device'),
    sensor: fields.text('sensor'),
    certificate: fields.text('certificate', { max: 128 }),
    digest: fields.digest('digest'),
    serial: fields.text('serial', { max: 64 }),
    laboratory: fields.text('laboratory', { max: 256 }),
    signature: fields.oneOf('signature', SIGNATURES),
    unit: fields.text('unit', { max: 16 }),
    min: fields.number('min'),
    max: fields.number('max'),
    uncertainty: fields.number('uncertainty', { min: 0 }),
    coverageFactor: fields.number('coverageFactor', { min: 1, max: 10 }),
    performedMs: fields.timeMs('performedMs'),
    dueMs: fields.timeMs('dueMs'),
  };
  const { device, sensor, min, max, performedMs, dueMs } = record;
  if (!isDeviceUrn(device)) fields.refuse('device_urn', device.slice(0, 64));
  if (!isSensorName(sensor)) fields.odd('sensor', 'not a sensor name');
  if (min > max) fields.odd('min', 'above max');
  if (dueMs <= performedMs) fields.odd('dueMs', 'not after the calibration');
  return fields.finish(record);
}
