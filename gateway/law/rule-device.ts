import { sensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import type { Bounds } from '@truegrain/device-sdk/formats/rule-check.js';
import type { DeviceRecord } from '../ledger/state.ts';
import { type SensorIndex, sensorIndex } from './pack-summary.ts';

/** What rules know of a registered device. */
export type RuleDevice = Pick<
  DeviceRecord,
  'device' | 'owner' | 'keyLevel' | 'binding' | 'reportingIntervalS' | 'sensors'
>;

/** One window of a device; rules that ask for the same one share it. */
export interface WindowKey {
  /** Position of the sensor in the registration. */
  readonly sensor: number;
  readonly windowS: number;
  /** Each pair of bounds counts its own seconds outside. */
  readonly outside: Bounds | null;
}

export function windowText({ sensor, windowS, outside }: WindowKey): string {
  return `${sensor} ${windowS} ${outside === null ? '' : `${outside.min} ${outside.max}`}`;
}

const indexes = new WeakMap<RuleDevice, SensorIndex>();

/** Its sensors by name, made once a registration. */
export function deviceIndex(device: RuleDevice): SensorIndex {
  const known = indexes.get(device) ?? sensorIndex(sensorTable(device.sensors));
  indexes.set(device, known);
  return known;
}
