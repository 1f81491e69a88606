import { calibrationOf, type Law } from '@truegrain/device-sdk/formats/law-state.js';
import type { Profile, Requirement } from '@truegrain/device-sdk/formats/profile.js';
import type { Sensor } from '@truegrain/device-sdk/formats/sensor.js';
import type { Refused } from './http/backend.ts';
import type { DeviceRecord } from './ledger/state.ts';

/**
 * Whether a device can be bound to a profile at all: it has the sensors, in the unit, often enough.
 * A certificate may follow; until then `shortfalls` says what the profile wants and does not get.
 */
export function metrologyFit(
  device: DeviceRecord,
  { profile, law, logTimeMs }: { profile: Profile; law: Law; logTimeMs: number },
): { readonly refusal: Refused | null; readonly shortfalls: readonly string[] } {
  const shortfalls: string[] = [];
  for (const requirement of profile.metrology) {
    const { quantity, unit, intervalS } = requirement;
    const sensors = device.sensors.filter((sensor) => sensor.quantity === quantity);
    const fault = sensorFault(device, sensors, { quantity, unit, intervalS });
    if (fault !== null) {
      const detail = `${profile.id} wants ${fault}`;
      return { refusal: { ok: false, code: 'profile_metrology', detail }, shortfalls };
    }
    for (const sensor of sensors) {
      shortfalls.push(...shortfallsOf(device.device, sensor, { requirement, law, logTimeMs }));
    }
  }
  return { refusal: null, shortfalls };
}

function sensorFault(
  device: DeviceRecord,
  sensors: readonly Sensor[],
  { quantity, unit, intervalS }: Pick<Requirement, 'quantity' | 'unit' | 'intervalS'>,
): string | null {
  if (sensors.length === 0) return `a sensor of ${quantity}; ${device.device} has none`;
  const other = sensors.find((sensor) => sensor.unit !== unit);
  if (other) return `${quantity} in ${unit}; ${other.name} gives ${other.unit}`;
  if (intervalS === null || device.reportingIntervalS <= intervalS) return null;
  return `a reading every ${intervalS} s; ${device.device} reports every ${device.reportingIntervalS} s`;
}

function shortfallsOf(
  device: string,
  sensor: Sensor,
  given: { requirement: Requirement; law: Law; logTimeMs: number },
): string[] {
  const { requirement, law, logTimeMs } = given;
  const { grade, uncertaintyMax, unit } = requirement;
  const record = calibrationOf(law.calibrations, device, sensor);
  const isInDate = record !== null && record.dueMs >= logTimeMs;
  const stated = sensor.calibration && sensor.calibration.dueMs >= logTimeMs ? 2 : 1;
  const read = record?.signature === 'verified' ? 3 : 2;
  const has = record === null ? stated : isInDate ? read : 1;
  const lines: string[] = [];
  if (has < grade) lines.push(`${sensor.name}: metrology ${has}, the profile wants ${grade}`);
  if (
    uncertaintyMax !== null &&
    (record?.uncertainty ?? Number.POSITIVE_INFINITY) > uncertaintyMax
  ) {
    const known = record ? `${record.uncertainty} ${unit}` : 'not shown by a certificate';
    lines.push(`${sensor.name}: uncertainty ${known}, the profile wants ${uncertaintyMax} ${unit}`);
  }
  return lines;
}
