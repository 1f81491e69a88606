// What the interface shows of the gateway's values: ids and kids in hex, other bytes in base64url.
import { fromHex, toBase64Url, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type {
  CompletenessView,
  DeviceView,
  GovernanceLeaf,
  Logged,
  Reading,
  Registered,
  SensorSpec,
  StatementView,
  StreamView,
} from './backend.ts';

/** Sensors as they stand in JSON: the certificate's digest is hex. */
export type SensorJson = Omit<SensorSpec, 'calibration'> & {
  calibration: { certificate: string; digest: string; dueMs: number } | null;
};

export function parseSensor(sensor: SensorJson): SensorSpec {
  const { calibration } = sensor;
  if (calibration === null) return { ...sensor, calibration };
  const digest = fromHex(calibration.digest) ?? new Uint8Array();
  return { ...sensor, calibration: { ...calibration, digest } };
}

function sensorView(sensor: SensorSpec): SensorJson {
  const { calibration } = sensor;
  if (calibration === null) return { ...sensor, calibration };
  return { ...sensor, calibration: { ...calibration, digest: toHex(calibration.digest) } };
}

const streamView = (stream: StreamView) => ({ ...stream, kid: toHex(stream.kid) });

export function deviceView(device: DeviceView) {
  return {
    ...device,
    keys: device.keys.map((key) => ({ ...key, kid: toHex(key.kid) })),
    sensors: device.sensors.map(sensorView),
    streams: device.streams.map(streamView),
  };
}

export function completenessView(view: CompletenessView) {
  return { ...view, streams: view.streams.map(streamView) };
}

export function readingView(reading: Reading) {
  return { ...reading, statementId: toHex(reading.statementId) };
}

export function statementView(id: string, view: StatementView) {
  const { leafIndex, entry, content, erased, receivedMs } = view;
  return {
    id,
    leafIndex,
    entry: toBase64Url(entry),
    content: content === null ? null : toBase64Url(content),
    erased,
    receivedMs,
  };
}

export function registeredView(view: Registered) {
  const { kid, id, ledgerId } = view;
  return { ...view, kid: toHex(kid), id: toHex(id), ledgerId: toHex(ledgerId) };
}

export const loggedView = (logged: Logged) => ({ ...logged, id: toHex(logged.id) });

export const governanceView = (leaf: GovernanceLeaf) => ({ ...leaf, id: toHex(leaf.id) });
