/**
 * The device's configuration: JSON, every key checked, none silently ignored. What enrolment
 * answered is not here but in the state file, because an installer writes this file and a program
 * writes that one.
 *
 * @module config
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError, ConfigReader } from './config-reader.ts';
import { isDeviceUrn } from './formats/device-urn.ts';
import type { FullPolicy } from './queue/policy.ts';
import { readSensors, type SensorConfig } from './sensor-config.ts';

export { ConfigError } from './config-reader.ts';

export interface DeviceConfig {
  readonly device: string;
  /** Key, state, sequence and queue; absolute. */
  readonly dataDir: string;
  /** `sub` of every statement: what the readings are about. */
  readonly subject: string;
  readonly gateway: {
    /** Null: the URL that enrolment answered. */
    readonly mqttUrl: string | null;
    /** PEM file of the certificate authority for `mqtts:`; null for the system's. */
    readonly caFile: string | null;
    /** Client certificate and key, where the broker asks for them. */
    readonly certFile: string | null;
    readonly keyFile: string | null;
  };
  readonly sensors: readonly SensorConfig[];
  readonly packing: { readonly recordsMax: number; readonly intervalMs: number };
  /** Registered with the device: longer silence is a finding. */
  readonly reportingIntervalMs: number;
  readonly queue: {
    readonly bytesMax: number;
    readonly segmentBytes: number;
    readonly freeDiskFloorBytes: number;
    readonly policy: FullPolicy;
  };
  readonly uplink: {
    readonly windowFrames: number;
    readonly answerTimeoutMs: number;
    readonly keepaliveS: number;
    readonly firstDelayMsMax: number;
    readonly backoffBaseMs: number;
    readonly backoffCeilingMs: number;
    readonly parkedRetryMs: number;
  };
  readonly log: 'frames' | 'events';
}

const POLICIES = ['dropOldest', 'dropNewest', 'blockSampling', 'downsample'] as const;
const MIB = 1024 * 1024;

/** Relative paths are relative to the file. Throws ConfigError with the path of the bad key. */
export function loadConfig(path: string): DeviceConfig {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw unreadable(path, error);
  }
  return parseConfig(json, dirname(resolve(path)));
}

function unreadable(path: string, cause: unknown): ConfigError {
  const problem = cause instanceof Error ? cause.message : 'is unreadable';
  return new ConfigError(path, problem, { cause });
}

export function parseConfig(json: unknown, baseDir: string): DeviceConfig {
  const reader = new ConfigReader(json, '');
  const device = reader.text('device');
  if (!isDeviceUrn(device)) throw new ConfigError('device', `${device} is not a device URN`);
  const config: DeviceConfig = {
    device,
    dataDir: resolve(baseDir, reader.text('dataDir')),
    subject: reader.text('subject', { default: device }),
    gateway: readGateway(reader.section('gateway'), baseDir),
    sensors: readSensors(reader.list('sensors')).map((sensor) =>
      sensor.type === 'replay' ? { ...sensor, path: resolve(baseDir, sensor.path) } : sensor,
    ),
    packing: readPacking(reader.section('packing')),
    reportingIntervalMs: reader.integer('reportingIntervalMs', { min: 1_000, default: 300_000 }),
    queue: readQueue(reader.section('queue')),
    uplink: readUplink(reader.section('uplink')),
    log: reader.oneOf('log', ['frames', 'events'], { default: 'frames' }),
  };
  reader.end();
  if (config.packing.intervalMs * 2 > config.reportingIntervalMs) {
    throw new ConfigError('packing.intervalMs', 'is more than half of reportingIntervalMs');
  }
  return config;
}

function readGateway(reader: ConfigReader, baseDir: string): DeviceConfig['gateway'] {
  const pathOrNull = (key: string) => (reader.has(key) ? resolve(baseDir, reader.text(key)) : null);
  const url = {
    pattern: /^mqtts?:\/\/[^\s@/]+\/?$/,
    of: 'an MQTT URL without password',
  };
  const gateway = {
    mqttUrl: reader.has('mqttUrl') ? reader.text('mqttUrl', url) : null,
    caFile: pathOrNull('caFile'),
    certFile: pathOrNull('certFile'),
    keyFile: pathOrNull('keyFile'),
  };
  reader.end();
  return gateway;
}

function readPacking(reader: ConfigReader): DeviceConfig['packing'] {
  const packing = {
    recordsMax: reader.integer('recordsMax', { min: 1, max: 2_048, default: 60 }),
    // A pack covers 24 hours at most, and its readings are lost if the power is cut before it closes.
    intervalMs: reader.integer('intervalMs', { min: 10, max: 3_600_000, default: 10_000 }),
  };
  reader.end();
  return packing;
}

function readQueue(reader: ConfigReader): DeviceConfig['queue'] {
  const segmentBytes = reader.integer('segmentBytes', { min: 4_096, max: 4 * MIB, default: MIB });
  const queue = {
    segmentBytes,
    bytesMax: reader.integer('bytesMax', { min: 4 * segmentBytes, default: 64 * MIB }),
    freeDiskFloorBytes: reader.integer('freeDiskFloorBytes', { default: 16 * MIB }),
    policy: reader.oneOf('policy', POLICIES, { default: 'dropOldest' }),
  };
  if (segmentBytes % 8 !== 0) {
    throw new ConfigError(`${reader.path}.segmentBytes`, 'is no multiple of 8');
  }
  reader.end();
  return queue;
}

function readUplink(reader: ConfigReader): DeviceConfig['uplink'] {
  const uplink = {
    windowFrames: reader.integer('windowFrames', { min: 1, max: 64, default: 8 }),
    answerTimeoutMs: reader.integer('answerTimeoutMs', { min: 50, default: 30_000 }),
    keepaliveS: reader.integer('keepaliveS', { min: 1, max: 3_600, default: 30 }),
    firstDelayMsMax: reader.integer('firstDelayMsMax', { max: 600_000, default: 60_000 }),
    backoffBaseMs: reader.integer('backoffBaseMs', { min: 1, default: 1_000 }),
    backoffCeilingMs: reader.integer('backoffCeilingMs', { min: 1, default: 300_000 }),
    parkedRetryMs: reader.integer('parkedRetryMs', { min: 1_000, default: 86_400_000 }),
  };
  reader.end();
  return uplink;
}
