import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayApi } from '../gateway-api.ts';
import { enrolDevice } from '../programs/device-program.ts';
import { type FleetDevice, REPORTING_INTERVAL_S, writeDeviceConfig } from './fleet.ts';

/** Enrols the device where it is not yet; gives its configuration file. */
export async function enrolledFleetDevice(
  device: FleetDevice,
  { api, mqttUrl, folder }: { api: GatewayApi; mqttUrl: string; folder: string },
): Promise<string> {
  const config = writeDeviceConfig(folder, device, mqttUrl);
  if (existsSync(join(folder, device.name, 'data', 'state.json'))) return config;
  const { urn, sensors, subject } = device;
  const { token, ledgerId } = await api.createEnrolment({
    device: urn,
    reportingIntervalS: REPORTING_INTERVAL_S,
    sensors,
    subjects: [subject],
  });
  await enrolDevice({ config, url: api.url, token, ledgerId });
  return config;
}
