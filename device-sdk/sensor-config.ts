/**
 * The `sensors` section: what is sampled, how often, and under which names it was registered.
 *
 * @module sensor-config
 */
import type { ConfigReader } from './config-reader.ts';
import { ConfigError } from './config-reader.ts';
import { isDeviceUrn } from './formats/device-urn.ts';
import { HANDOVER } from './formats/handover.ts';
import { isSensorName } from './formats/pack-name.ts';

interface Common {
  /** For logs and for faults of the sensor as a whole. */
  readonly name: string;
  /** Put before every measurement's name, where one device has two sensors of a kind. */
  readonly prefix: string;
  readonly intervalMs: number;
}

export interface SerialSettings {
  readonly path: string;
  readonly baudRate: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: 1 | 2;
}

export interface ModbusConfig extends Common {
  readonly type: 'modbus-rtu';
  readonly serial: SerialSettings;
  readonly unitId: number;
  /** A model of `sensors/register-map.ts`. */
  readonly map: string;
  readonly responseTimeoutMs: number;
  readonly worstResponseMs: number;
}

export interface NmeaConfig extends Common {
  readonly type: 'nmea';
  readonly serial: SerialSettings;
  /** Whether the receiver may set the device's idea of time. */
  readonly setsTime: boolean;
}

export interface ReplayColumnConfig {
  readonly column: string;
  readonly name: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
}

export interface ReplayConfig extends Common {
  readonly type: 'replay';
  readonly path: string;
  readonly columns: readonly ReplayColumnConfig[];
  readonly rowNames: boolean;
  readonly atEnd: 'stop' | 'loop';
  readonly skipRows: number;
}

export interface GeneratorConfig extends Common {
  readonly type: 'generator';
  readonly seed: number;
  readonly stepSeconds: number;
  readonly setpointCel: number;
}

export interface HandoverConfig {
  /** The side this device is on, where no card says otherwise. */
  readonly role: 'giver' | 'receiver';
  readonly counterpart: string | null;
  readonly pauseMs: number;
  /** Names of readings whose least and most go into each half. */
  readonly condition: readonly string[];
}

interface ScannerCommon extends Common {
  readonly handover: HandoverConfig | null;
}

export interface ScannerConfig extends ScannerCommon {
  readonly type: 'scanner';
  readonly serial: SerialSettings;
}

export interface HidScannerConfig extends ScannerCommon {
  readonly type: 'hid-scanner';
  /** `/dev/input/by-id/…-event-kbd` */
  readonly path: string;
}

export type SensorConfig =
  | ModbusConfig
  | NmeaConfig
  | ReplayConfig
  | GeneratorConfig
  | ScannerConfig
  | HidScannerConfig;

const TYPES = ['modbus-rtu', 'nmea', 'replay', 'generator', 'scanner', 'hid-scanner'] as const;
const INTERVAL = { min: 10, max: 86_400_000 };

export function readSensors(readers: readonly ConfigReader[]): SensorConfig[] {
  const names = new Set<string>();
  let handing: string | null = null;
  return readers.map((reader) => {
    const sensor = readSensor(reader);
    if ('handover' in sensor && sensor.handover !== null) {
      const { path } = reader;
      // Readings of one time are one half: two scanners could write into each other's.
      if (handing !== null) throw new ConfigError(`${path}.handover`, `${handing} has one already`);
      // The gateway knows a half by the names of its readings.
      if (sensor.prefix !== '') throw new ConfigError(`${path}.prefix`, 'not with a handover');
      handing = sensor.name;
    }
    reader.end();
    if (names.has(sensor.name)) {
      throw new ConfigError(`${reader.path}.name`, `${sensor.name} is the name of another sensor`);
    }
    names.add(sensor.name);
    return sensor;
  });
}

function readSensor(reader: ConfigReader): SensorConfig {
  const type = reader.oneOf('type', TYPES);
  const common = {
    name: reader.text('name', { pattern: /^[A-Za-z0-9._-]{1,64}$/, of: 'a name' }),
    prefix: reader.has('prefix')
      ? reader.text('prefix', { pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/, of: 'a prefix' })
      : '',
    intervalMs: reader.integer('intervalMs', INTERVAL),
  };
  switch (type) {
    case 'modbus-rtu':
      return { type, ...common, ...readModbus(reader) };
    case 'nmea': {
      const setsTime = reader.flag('setsTime', { default: true });
      return { type, ...common, serial: readSerial(reader), setsTime };
    }
    case 'replay':
      return { type, ...common, ...readReplay(reader) };
    case 'generator':
      return {
        type,
        ...common,
        seed: reader.integer('seed', { max: 2 ** 32 - 1 }),
        stepSeconds: reader.integer('stepSeconds', { min: 1, max: 3600, default: 1 }),
        setpointCel: reader.number('setpointCel', { default: 4 }),
      };
    case 'scanner':
      return { type, ...common, serial: readSerial(reader), handover: readHandover(reader) };
    case 'hid-scanner':
      return { type, ...common, path: reader.text('path'), handover: readHandover(reader) };
  }
}

function readModbus(reader: ConfigReader) {
  const responseTimeoutMs = reader.integer('responseTimeoutMs', { min: 10, default: 500 });
  const worstResponseMs = reader.integer('worstResponseMs', { min: 10, default: 1_000 });
  return {
    serial: readSerial(reader),
    unitId: reader.integer('unitId', { min: 1, max: 247 }),
    map: reader.text('map'),
    responseTimeoutMs,
    worstResponseMs,
  };
}

function readSerial(reader: ConfigReader): SerialSettings {
  const serial = reader.section('serial');
  const settings = {
    path: serial.text('path'),
    baudRate: serial.integer('baudRate', { min: 300, max: 4_000_000, default: 9_600 }),
    parity: serial.oneOf('parity', ['none', 'even', 'odd'], { default: 'none' }),
    stopBits: serial.integer('stopBits', { min: 1, max: 2, default: 1 }) === 2 ? 2 : 1,
  } as const;
  serial.end();
  return settings;
}

function readHandover(reader: ConfigReader): HandoverConfig | null {
  if (!reader.has('handover')) return null;
  const section = reader.section('handover');
  const read = {
    role: section.oneOf('role', ['giver', 'receiver']),
    counterpart: section.has('counterpart') ? section.text('counterpart') : null,
    pauseMs: section.integer('pauseMs', { min: 100, max: 600_000, default: 5_000 }),
    condition: section.has('condition') ? section.texts('condition') : [],
  };
  const odd = read.condition.find((name) => !isSensorName(HANDOVER.min + name));
  if (odd !== undefined) {
    throw new ConfigError(`${section.path}.condition`, `${odd} is no name of a reading`);
  }
  if (read.counterpart !== null && !isDeviceUrn(read.counterpart)) {
    throw new ConfigError(`${section.path}.counterpart`, 'is no device URN');
  }
  section.end();
  return read;
}

function readReplay(reader: ConfigReader) {
  const columns = reader.list('columns', { min: 1 }).map((column) => {
    const read = {
      column: column.text('column'),
      name: column.text('name'),
      unit: column.text('unit'),
      min: column.number('min'),
      max: column.number('max'),
    };
    if (!isSensorName(read.name)) throw new ConfigError(`${column.path}.name`, 'no sensor name');
    column.end();
    return read;
  });
  return {
    path: reader.text('path'),
    columns,
    rowNames: reader.flag('rowNames', { default: false }),
    atEnd: reader.oneOf('atEnd', ['stop', 'loop'], { default: 'stop' }),
    skipRows: reader.integer('skipRows', { default: 0 }),
  };
}
