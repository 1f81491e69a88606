import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Instrument, SensorSpec } from '../instrument.ts';
import { ssccLink } from '../shipment.ts';
import { Site } from '../site.ts';
import { Truck } from '../truck.ts';
import { VirtualClock, World } from '../world.ts';

/** One of the three devices of the demo: what it is registered as and how its firmware is set up. */
export interface FleetDevice {
  readonly name: string;
  readonly urn: string;
  readonly subject: string;
  readonly sensors: readonly SensorSpec[];
  /** Sensors of the firmware's configuration. */
  readonly sampled: readonly object[];
}

const SEED = 20_261;
export const REPORTING_INTERVAL_S = 60;
const SAMPLE_MS = 500;
const PACK_MS = 1_000;
const PALLET = ssccLink(4_711);
const ROUTE = [
  { name: 'packhouse', lat: 45.32, lon: 8.42, dwellMin: 20 },
  { name: 'depot', lat: 45.46, lon: 9.19, dwellMin: 15 },
  { name: 'shop', lat: 45.58, lon: 9.93, dwellMin: 20 },
];
const COLD_ROOM_SENSORS = new Site(new World(SEED), 'demo').room('cold-room', 4).sensors;

/** Writes the truck's recorded journey, which its firmware replays. */
export function fleetOf(folder: string): FleetDevice[] {
  const world = new World(SEED, new VirtualClock(0));
  const truck = new Truck(world, 'truck', { startMs: 0, stops: ROUTE });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const recording = join(folder, 'truck.csv');
  writeFileSync(recording, csvOf(truck, truck.arrivesMs));
  return [
    {
      name: 'truck',
      urn: urnOf('truck'),
      subject: PALLET,
      sensors: truck.sensors.map((spec) => ({ ...spec, interface: 'replay' })),
      sampled: [
        {
          type: 'replay',
          name: 'truck',
          intervalMs: SAMPLE_MS,
          path: recording,
          columns: truck.sensors.map(columnOf),
          atEnd: 'loop',
        },
      ],
    },
    generated('cold-room', { subject: 'urn:epc:id:sgln:3952132.00001.0', seed: 1, setpointCel: 4 }),
    generated('pallet-logger', { subject: PALLET, seed: 2, setpointCel: 6 }),
  ];
}

/** The firmware's configuration file; `mqttUrl` is this run's, ports may differ from the last. */
export function writeDeviceConfig(folder: string, device: FleetDevice, mqttUrl: string): string {
  const own = join(folder, device.name);
  mkdirSync(own, { recursive: true, mode: 0o700 });
  const file = join(own, 'device.json');
  const config = {
    device: device.urn,
    dataDir: 'data',
    subject: device.subject,
    gateway: { mqttUrl },
    sensors: device.sampled,
    packing: { recordsMax: 20, intervalMs: PACK_MS },
    reportingIntervalMs: REPORTING_INTERVAL_S * 1_000,
    // A whole fleet would start at once after a power cut; three devices need not spread out.
    uplink: { firstDelayMsMax: 0, backoffBaseMs: 200, backoffCeilingMs: 2_000 },
    queue: { freeDiskFloorBytes: 1_048_576 },
  };
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  return file;
}

const urnOf = (name: string) => `urn:dev:ops:32473-demo-${name}`;

function generated(
  name: string,
  { subject, seed, setpointCel }: { subject: string; seed: number; setpointCel: number },
): FleetDevice {
  const stepSeconds = 30;
  return {
    name,
    urn: urnOf(name),
    subject,
    sensors: COLD_ROOM_SENSORS.map((spec) => ({ ...spec, resolution: 0.1 })),
    sampled: [{ type: 'generator', name, intervalMs: SAMPLE_MS, seed, setpointCel, stepSeconds }],
  };
}

function columnOf({ name, unit, min, max }: SensorSpec) {
  return { column: name, name, unit, min, max };
}

function csvOf(instrument: Instrument, untilMs: number): string {
  const names = instrument.sensors.map(({ name }) => name);
  const lines = [names.join(',')];
  for (let atMs = 0; atMs < untilMs; atMs += instrument.intervalMs / 4) {
    const values = new Map(instrument.sample(atMs).map(({ name, value }) => [name, value]));
    lines.push(names.map((name) => values.get(name) ?? '').join(','));
  }
  return `${lines.join('\n')}\n`;
}
