import type { DeviceView, SensorSpec } from '../http/backend.ts';
import type { DeviceRecord, KeyRecord } from '../ledger/state.ts';
import { streamView } from './completeness.ts';
import { deviceKeysOf, type ReadContext } from './read-context.ts';

/** Gaps shown beside a device; all of them are in its completeness. */
const GAPS_SHOWN_MAX = 16;

export function deviceView(context: ReadContext, urn: string): DeviceView | null {
  const device = context.state().devices.get(urn);
  return device ? viewOf(context, device, deviceKeysOf(context.state(), urn)) : null;
}

/** In the order of registration. */
export function deviceViews(context: ReadContext): DeviceView[] {
  const { keys, devices } = context.state();
  const byDevice = new Map<string, KeyRecord[]>();
  for (const key of keys) {
    if (key.role !== 'device') continue;
    const own = byDevice.get(key.iss);
    if (own) own.push(key);
    else byDevice.set(key.iss, [key]);
  }
  return [...devices.values()]
    .sort((a, b) => a.registrationLeaf - b.registrationLeaf)
    .map((device) => viewOf(context, device, byDevice.get(device.device) ?? []));
}

function viewOf(context: ReadContext, device: DeviceRecord, keys: KeyRecord[]): DeviceView {
  const { streams } = context.state();
  return {
    urn: device.device,
    owner: device.owner,
    status: keys.some((key) => key.status === 'active') ? 'active' : 'revoked',
    keys: keys.map(({ kid, status, fromLeaf, untilLeaf }) => ({
      kid,
      status,
      fromLeaf,
      untilLeaf,
    })),
    sensors: device.sensors as readonly SensorSpec[],
    subjects: device.subjects,
    binding: device.binding,
    keyLevel: device.keyLevel,
    reportingIntervalS: device.reportingIntervalS,
    streams: keys
      .filter((key) => streams.has(key.no))
      .map((key) => streamView(context, key, GAPS_SHOWN_MAX)),
    registrationLeaf: device.registrationLeaf,
  };
}
