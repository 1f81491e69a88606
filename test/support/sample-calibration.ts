import type { CalibrationRecord } from '@truegrain/device-sdk/formats/calibration-record.js';

const DAY_MS = 86_400_000;

/** A verified certificate for the instrument `SN-1` at the device's `temp`, good for a day. */
export function sampleCalibration(
  { logTimeMs, device }: Pick<CalibrationRecord, 'logTimeMs' | 'device'>,
  changes: Partial<CalibrationRecord> = {},
): CalibrationRecord {
  return {
    logTimeMs,
    device,
    sensor: 'temp',
    certificate: 'LAB-1',
    digest: new Uint8Array(32).fill(1),
    serial: 'SN-1',
    laboratory: 'Laboratory',
    signature: 'verified',
    unit: 'Cel',
    min: -40,
    max: 85,
    uncertainty: 0.1,
    coverageFactor: 2,
    performedMs: logTimeMs - 1,
    dueMs: logTimeMs + DAY_MS,
    ...changes,
  };
}
