import { type Instrument, type Reading, sensor } from './instrument.ts';
import { rounded, type World } from './world.ts';

export interface Stop {
  readonly name: string;
  readonly lat: number;
  readonly lon: number;
  /** Minutes at the stop, doors open for part of them. */
  readonly dwellMin: number;
}

export interface Journey {
  readonly startMs: number;
  readonly stops: readonly Stop[];
  readonly kmPerHour?: number;
  readonly setpointCel?: number;
}

interface Leg {
  readonly fromMs: number;
  readonly toMs: number;
  readonly from: Stop;
  readonly to: Stop;
}

const MINUTE_MS = 60_000;
const KM_PER_DEGREE = 111.2;
const AMBIENT_CEL = 22;

/** A refrigerated truck on its way: position and load temperature, which rises while doors are open. */
export class Truck implements Instrument {
  readonly name: string;
  readonly intervalMs = MINUTE_MS;
  readonly sensors = [
    sensor('temperature', 'load temperature', { unit: 'Cel', min: -40, max: 60, resolution: 0.1 }),
    sensor('latitude', 'latitude', { unit: 'lat', min: -90, max: 90, resolution: 0.00001 }),
    sensor('longitude', 'longitude', { unit: 'lon', min: -180, max: 180, resolution: 0.00001 }),
  ];
  readonly #world: World;
  readonly #legs: readonly Leg[];
  readonly #setpointCel: number;
  #temperature: number;

  constructor(world: World, name: string, journey: Journey) {
    this.name = name;
    this.#world = world.part(`truck ${name}`);
    this.#setpointCel = journey.setpointCel ?? 4;
    this.#temperature = this.#setpointCel;
    this.#legs = legsOf(journey);
  }

  get arrivesMs(): number {
    return this.#legs.at(-1)?.toMs ?? 0;
  }

  sample(timeMs: number): Reading[] {
    const leg = this.#legs.find((one) => timeMs < one.toMs) ?? this.#legs.at(-1);
    if (!leg) return [];
    const stands = leg.from === leg.to;
    const doorOpen = stands && timeMs - leg.fromMs < 0.6 * (leg.toMs - leg.fromMs);
    const goal = doorOpen ? AMBIENT_CEL : this.#setpointCel;
    this.#temperature += (goal - this.#temperature) * (doorOpen ? 0.02 : 0.12);
    const share = Math.min(1, Math.max(0, (timeMs - leg.fromMs) / (leg.toMs - leg.fromMs)));
    const lat = leg.from.lat + (leg.to.lat - leg.from.lat) * share;
    const lon = leg.from.lon + (leg.to.lon - leg.from.lon) * share;
    const shown = this.#temperature + this.#world.between(-0.1, 0.1);
    return [
      { name: 'temperature', unit: 'Cel', value: rounded(shown, 0.1), timeMs },
      { name: 'latitude', unit: 'lat', value: rounded(lat, 0.00001), timeMs },
      { name: 'longitude', unit: 'lon', value: rounded(lon, 0.00001), timeMs },
    ];
  }
}

function legsOf({ startMs, stops, kmPerHour = 60 }: Journey): Leg[] {
  const legs: Leg[] = [];
  let atMs = startMs;
  for (const [index, stop] of stops.entries()) {
    const before = stops[index - 1];
    if (before) {
      const hours = kilometres(before, stop) / kmPerHour;
      const toMs = atMs + Math.round(hours * 60) * MINUTE_MS;
      legs.push({ fromMs: atMs, toMs, from: before, to: stop });
      atMs = toMs;
    }
    const leavesMs = atMs + stop.dwellMin * MINUTE_MS;
    legs.push({ fromMs: atMs, toMs: leavesMs, from: stop, to: stop });
    atMs = leavesMs;
  }
  return legs;
}

function kilometres(from: Stop, to: Stop): number {
  const northKm = (to.lat - from.lat) * KM_PER_DEGREE;
  const eastKm = (to.lon - from.lon) * KM_PER_DEGREE * Math.cos((from.lat * Math.PI) / 180);
  return Math.hypot(northKm, eastKm);
}
