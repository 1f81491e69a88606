import type { DeviceRecord } from '../ledger/state.ts';
import type { EventSetting, ScanSetting, SensorSetting } from './derive-config.ts';
import { measurementUnit } from './measurement-unit.ts';

/**
 * Why this device, as it is registered, can't give what the setting asks for; null where it can. A
 * device that is not registered yet is not asked: readings that can't be told are counted then.
 */
export function unfitness(setting: EventSetting, device: DeviceRecord): string | null {
  return setting.kind === 'sensor' ? sensorUnfit(setting, device) : scannerUnfit(setting, device);
}

function scannerUnfit({ sensor }: ScanSetting, { sensors }: DeviceRecord): string | null {
  const scanner = sensors.find(({ name }) => name === sensor);
  if (!scanner) return `has no sensor ${sensor}`;
  return scanner.unit === null ? null : `measures numbers with ${sensor}, not texts`;
}

function sensorUnfit({ sensors: named }: SensorSetting, device: DeviceRecord): string | null {
  const missing = named?.find((name) => !device.sensors.some((one) => one.name === name));
  if (missing !== undefined) return `has no sensor ${missing}`;
  for (const { name, unit } of device.sensors) {
    if (named ? !named.includes(name) : unit === null) continue;
    if (unit === null) return `gives no numbers with ${name}`;
    if (measurementUnit(unit) !== null) continue;
    const way = named ? '' : '; list `sensors` without it';
    return `measures ${name} in ${unit}, which EPCIS has no words for${way}`;
  }
  return null;
}
