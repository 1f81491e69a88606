// A device that has been enrolled with the fake gateway, ready to start.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeviceConfig, parseConfig } from '../../device-sdk/config.ts';
import { createKeyFile, openKeyFile } from '../../device-sdk/keys/key-file.ts';
import { writeState } from '../../device-sdk/state-file.ts';
import type { TimeProbe } from '../../device-sdk/time-quality.ts';
import type { FakeGateway } from './fake-gateway.ts';
import { DEVICE, SUBJECT } from './queued-frames.ts';

export const NTP: TimeProbe = {
  ntpSynchronized: () => Promise.resolve({ errorMs: 3 }),
  rtcPresent: () => Promise.resolve(true),
};

export function configJson(directory: string, gateway: FakeGateway) {
  return {
    device: DEVICE,
    dataDir: join(directory, 'data'),
    subject: SUBJECT,
    gateway: { mqttUrl: gateway.mqttUrl },
    sensors: [{ type: 'generator', name: 'cold-room', seed: 1, intervalMs: 20 }],
    packing: { recordsMax: 10, intervalMs: 50 },
    reportingIntervalMs: 60_000,
    queue: {
      bytesMax: 4 * 65_536,
      segmentBytes: 65_536,
      freeDiskFloorBytes: 0,
      policy: 'dropOldest',
    },
    uplink: { firstDelayMsMax: 0, backoffBaseMs: 5, backoffCeilingMs: 20 },
  };
}

export class EnrolledDevice {
  readonly directory = mkdtempSync(join(tmpdir(), 'truegrain-device-'));
  readonly json: ReturnType<typeof configJson>;
  readonly #gateway: FakeGateway;

  constructor(gateway: FakeGateway) {
    this.#gateway = gateway;
    this.json = configJson(this.directory, gateway);
  }

  get dataDir(): string {
    return this.json.dataDir;
  }

  config(edit: Record<string, unknown> = {}): DeviceConfig {
    return parseConfig({ ...this.json, ...edit }, this.directory);
  }

  enrol(): this {
    mkdirSync(this.dataDir, { recursive: true });
    const path = join(this.dataDir, 'key.pem');
    const key = existsSync(path) ? openKeyFile(path) : createKeyFile(path, -8);
    if (!key.ok) throw new Error(key.detail);
    const { ledgerId, origin, policy } = this.#gateway;
    const mqtt = { url: null, username: DEVICE, password: 'secret' };
    const file = { keyFile: 'key.pem', keyNumber: 0 };
    writeState(this.dataDir, {
      ...{ device: DEVICE, kid: key.value.kid, ledgerId, origin, policy, mqtt },
      ...file,
    });
    return this;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
