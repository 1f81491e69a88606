/**
 * From configuration to sensors. Serial sensors are loaded only where one is configured: the native
 * binding costs start-up time and memory that a device without a serial port need not pay.
 *
 * @module sensor-factory
 */
import type { ByteSource } from './bus/serial-port.ts';
import type { Clock } from './clock.ts';
import { ConditionWatch } from './condition-watch.ts';
import { ConfigError } from './config-reader.ts';
import type {
  HidScannerConfig,
  ModbusConfig,
  NmeaConfig,
  ScannerConfig,
  SensorConfig,
} from './sensor-config.ts';
import type { Measurement, Sensor } from './sensors/sensor.ts';
import type { TimeFix } from './time-quality.ts';

export interface SensorSetting {
  readonly sensor: Sensor;
  readonly prefix: string;
  readonly intervalMs: number;
  /** What it measures, without the prefix: all of them are faulty when the sensor itself fails. */
  readonly quantities: readonly string[];
}

export interface FactoryOptions {
  readonly clock: Clock;
  readonly buildDateMs: number;
  readonly onTime: (fix: TimeFix) => void;
}

export interface Sensors {
  readonly sensors: readonly SensorSetting[];
  /** Every sample goes through here: a hand-over states what the others gave since the last one. */
  readonly observe: (measurements: readonly Measurement[], prefix: string) => void;
  readonly close: () => Promise<void>;
}

type Bus = InstanceType<typeof import('./bus/modbus-bus.ts')['ModbusBus']>;

export async function createSensors(
  configs: readonly SensorConfig[],
  options: FactoryOptions,
): Promise<Sensors> {
  // One bus a line, whoever shares it: two masters on an RS-485 line talk over each other.
  const buses = new Map<string, Bus>();
  const sensors: SensorSetting[] = [];
  const conditions: ConditionWatch[] = [];
  for (const [i, config] of configs.entries()) {
    sensors.push(
      await createSensor(config, { ...options, buses, conditions, path: `sensors[${i}]` }),
    );
  }
  const close = async () => {
    for (const { sensor } of sensors) await sensor.close();
    for (const bus of buses.values()) await bus.close();
  };
  const observe: Sensors['observe'] = (measurements, prefix) => {
    for (const condition of conditions) condition.observe(measurements, prefix);
  };
  return { sensors, observe, close };
}

interface Making extends FactoryOptions {
  readonly buses: Map<string, Bus>;
  readonly conditions: ConditionWatch[];
  readonly path: string;
}

async function createSensor(config: SensorConfig, making: Making): Promise<SensorSetting> {
  const { prefix, intervalMs, name } = config;
  const { clock } = making;
  switch (config.type) {
    case 'modbus-rtu':
      return createModbus(config, making);
    case 'nmea':
      return createNmea(config, making);
    case 'scanner': {
      const { SerialLine } = await import('./bus/serial-port.ts');
      return createScanner(config, making, new SerialLine({ ...config.serial, clock }));
    }
    case 'hid-scanner': {
      const { HidScanner } = await import('./sensors/hid-scanner.ts');
      return createScanner(config, making, new HidScanner({ path: config.path, clock }));
    }
    case 'replay': {
      const { ReplaySensor } = await import('./sensors/replay.ts');
      const columns = config.columns.map(({ unit, ...column }) => ({
        ...column,
        recordedUnit: unit,
      }));
      const { path, rowNames, atEnd, skipRows } = config;
      const sensor = new ReplaySensor({ name, path, columns, rowNames, atEnd, skipRows, clock });
      return { sensor, prefix, intervalMs, quantities: columns.map((column) => column.name) };
    }
    case 'generator': {
      const { ColdRoomSensor } = await import('./sensors/generator.ts');
      const { seed, stepSeconds, setpointCel } = config;
      const sensor = new ColdRoomSensor({ name, seed, stepSeconds, setpointCel, clock });
      return { sensor, prefix, intervalMs, quantities: ['temperature', 'humidity'] };
    }
  }
}

async function createModbus(config: ModbusConfig, making: Making): Promise<SensorSetting> {
  const { clock, buses } = making;
  const { name, prefix, intervalMs, unitId, serial } = config;
  const { ModbusBus } = await import('./bus/modbus-bus.ts');
  const { ModbusSensor } = await import('./sensors/modbus.ts');
  const { REGISTER_MAPS } = await import('./sensors/register-map.ts');
  const map = REGISTER_MAPS.get(config.map);
  if (map === undefined) {
    const known = [...REGISTER_MAPS.keys()].join(', ');
    throw new ConfigError(`${making.path}.map`, `${config.map} is none of ${known}`);
  }
  const { responseTimeoutMs, worstResponseMs } = config;
  let bus = buses.get(serial.path);
  if (bus === undefined) {
    bus = new ModbusBus({ ...serial, clock, responseTimeoutMs, worstResponseMs });
    buses.set(serial.path, bus);
  }
  const sensor = new ModbusSensor({ name, bus, unitId, map, clock });
  return { sensor, prefix, intervalMs, quantities: map.quantities.map((q) => q.name) };
}

async function createNmea(config: NmeaConfig, making: Making): Promise<SensorSetting> {
  const { clock, buildDateMs, onTime } = making;
  const { name, prefix, intervalMs, serial, setsTime } = config;
  const { SerialLine } = await import('./bus/serial-port.ts');
  const { NmeaSensor } = await import('./sensors/nmea.ts');
  const source = new SerialLine({ ...serial, clock, silenceMsMax: 30_000 });
  const time = setsTime ? { onTime } : {};
  const sensor = new NmeaSensor({ name, source, buildDateMs, clock, ...time });
  return { sensor, prefix, intervalMs, quantities: ['lat', 'lon', 'speed'] };
}

async function createScanner(
  config: ScannerConfig | HidScannerConfig,
  { clock, conditions }: Making,
  source: ByteSource,
): Promise<SensorSetting> {
  const { SCAN_NAME, ScannerSensor } = await import('./sensors/scanner.ts');
  const { name, prefix, intervalMs } = config;
  const quantities = [SCAN_NAME];
  if (config.handover === null) {
    return { sensor: new ScannerSensor({ name, source, clock }), prefix, intervalMs, quantities };
  }
  const { condition: watched, ...part } = config.handover;
  const watch = new ConditionWatch(watched, clock);
  conditions.push(watch);
  const condition = watched.length === 0 ? {} : { condition: () => watch.take() };
  const handover = { ...part, ...condition };
  const sensor = new ScannerSensor({ name, source, clock, handover });
  return { sensor, prefix, intervalMs, quantities };
}
