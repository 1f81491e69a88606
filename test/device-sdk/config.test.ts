import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError, loadConfig, parseConfig } from '../../device-sdk/config.ts';

const directory = mkdtempSync(join(tmpdir(), 'truegrain-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

const full = () => ({
  device: 'urn:dev:ow:10e2073a01080063',
  dataDir: 'data',
  subject: 'https://id.gs1.org/414/9521321000010',
  gateway: { mqttUrl: 'mqtt://127.0.0.1:1883', caFile: 'ca.pem' },
  sensors: [
    { type: 'generator', name: 'cold-room', seed: 1, intervalMs: 1000 },
    {
      type: 'modbus-rtu',
      name: 'shelf',
      prefix: 'shelf-',
      unitId: 1,
      map: 'XY-MD02',
      serial: { path: '/dev/ttyUSB0', baudRate: 9600, parity: 'none', stopBits: 1 },
      intervalMs: 5000,
    },
    { type: 'nmea', name: 'gnss', serial: { path: '/dev/ttyACM0' }, intervalMs: 1000 },
    {
      type: 'replay',
      name: 'recorded',
      path: 'ambient.csv',
      columns: [{ column: 'value', name: 'ambient', unit: 'degF', min: -40, max: 80 }],
      intervalMs: 1000,
    },
    {
      type: 'scanner',
      name: 'dock',
      serial: { path: '/dev/ttyACM1' },
      intervalMs: 250,
      handover: { role: 'receiver', condition: ['shelf-temperature'] },
    },
    { type: 'hid-scanner', name: 'cab', path: '/dev/input/event3', intervalMs: 250 },
  ],
  packing: { recordsMax: 20, intervalMs: 10_000 },
  reportingIntervalMs: 60_000,
  queue: { bytesMax: 16_777_216, freeDiskFloorBytes: 0, policy: 'downsample' },
  uplink: { firstDelayMsMax: 0 },
  log: 'events',
});

test('a full configuration; paths are relative to its file', () => {
  const path = join(directory, 'device.json');
  writeFileSync(path, JSON.stringify(full()));
  const config = loadConfig(path);
  expect(config.dataDir).toBe(join(directory, 'data'));
  expect(config.gateway.caFile).toBe(join(directory, 'ca.pem'));
  expect(config.sensors[3]).toMatchObject({ path: join(directory, 'ambient.csv') });
  expect(config.sensors[4]).toMatchObject({
    handover: { role: 'receiver', counterpart: null, pauseMs: 5_000 },
  });
  expect(config.sensors[5]).toMatchObject({ handover: null, path: '/dev/input/event3' });
  expect(config.uplink).toEqual({
    windowFrames: 8,
    answerTimeoutMs: 30_000,
    keepaliveS: 30,
    firstDelayMsMax: 0,
    backoffBaseMs: 1_000,
    backoffCeilingMs: 300_000,
    parkedRetryMs: 86_400_000,
  });
});

test('the least there is: a device, a directory, what it senses', () => {
  const { device, dataDir } = full();
  const config = parseConfig({ device, dataDir, sensors: [] }, '/');
  expect(config).toMatchObject({
    subject: device,
    gateway: { mqttUrl: null, caFile: null },
    packing: { recordsMax: 60, intervalMs: 10_000 },
    queue: { policy: 'dropOldest', bytesMax: 67_108_864 },
    log: 'frames',
  });
});

/** The path of a key, the value put there (undefined removes it). */
const bad: [string, unknown][] = [
  ['device', 'urn:dev:none'],
  ['device', undefined],
  ['dataDir', ''],
  ['extra', 1],
  ['gateway', 'mqtt://x'],
  ['gateway.mqttUrl', 'http://x'],
  ['gateway.mqttUrl', 'mqtt://user:password@x'],
  ['gateway.user', 'x'],
  ['sensors[0].seed', 1.5],
  ['sensors[0].type', 'camera'],
  ['sensors[1].unitId', 0],
  ['sensors[1].serial.parity', 'mark'],
  ['sensors[1].name', 'cold-room'],
  ['sensors[3].columns[0].max', '80'],
  ['sensors[3].columns', []],
  ['sensors[4].prefix', 'dock-'],
  ['sensors[4].handover.role', 'carrier'],
  ['sensors[4].handover.counterpart', 'truck 7'],
  ['sensors[4].handover.condition', ['a b']],
  ['sensors[5].handover', { role: 'giver' }],
  ['packing.recordsMax', 0],
  ['packing.intervalMs', 40_000],
  ['queue.policy', 'dropAll'],
  ['queue.bytesMax', 1],
  ['log', 'all'],
];

function put(target: unknown, path: string, value: unknown): void {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  const last = keys.pop() ?? '';
  const parent = keys.reduce((at, key) => (at as Record<string, unknown>)[key], target);
  (parent as Record<string, unknown>)[last] = value;
}

describe('fails with the path of the bad key', () => {
  test.each(bad)('%s: %j', (path, value) => {
    const config = full();
    put(config, path, value);
    let caught: unknown;
    try {
      parseConfig(config, '/');
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ConfigError);
    expect((caught as ConfigError).path).toBe(path);
    expect((caught as ConfigError).message).toMatch(/^[^\n]{5,200}$/);
  });

  test.each([null, 3, []])('%j is not an object', (json) => {
    expect(() => parseConfig(json, '/')).toThrow('is not an object');
  });

  test('a file that is not there, or not JSON', () => {
    expect(() => loadConfig(join(directory, 'none.json'))).toThrow(ConfigError);
    const path = join(directory, 'broken.json');
    writeFileSync(path, '{');
    expect(() => loadConfig(path)).toThrow(ConfigError);
  });
});
