import { type Instrument, type Reading, sensor } from './instrument.ts';
import { rounded, type World } from './world.ts';

const HYSTERESIS_CEL = 0.7;
const LEAK_PER_HOUR = 0.6;
const COOLING_CEL_PER_HOUR = 40;
const DOOR_LEAK_PER_HOUR = 4;
const HOUR_MS = 3_600_000;

/** A cold room of a site: compressor with hysteresis, doors, and whatever power the site has. */
export class ColdRoom implements Instrument {
  readonly name: string;
  readonly intervalMs = 60_000;
  readonly sensors = [
    sensor('temperature', 'air temperature', { unit: 'Cel', min: -40, max: 60, resolution: 0.1 }),
    sensor('humidity', 'relative humidity', { unit: '%RH', min: 0, max: 100, resolution: 0.5 }),
  ];
  readonly #world: World;
  readonly #site: Site;
  readonly #setpointCel: number;
  #temperature: number;
  #compressorOn = false;
  #lastMs: number | null = null;

  constructor(site: Site, name: string, setpointCel: number) {
    this.#site = site;
    this.name = name;
    this.#world = site.world.part(name);
    this.#setpointCel = setpointCel;
    this.#temperature = setpointCel + this.#world.between(-0.5, 0.5);
  }

  sample(timeMs: number): Reading[] {
    const hours = (timeMs - (this.#lastMs ?? timeMs - this.intervalMs)) / HOUR_MS;
    this.#lastMs = timeMs;
    const doorOpen = this.#world.chance(0.05);
    const leak = LEAK_PER_HOUR + (doorOpen ? DOOR_LEAK_PER_HOUR : 0);
    const ambient = this.#site.ambientCel(timeMs);
    this.#temperature += (ambient - this.#temperature) * (1 - Math.exp(-leak * hours));
    this.#cool(hours, this.#site.hasPower(timeMs));
    const humidity = (doorOpen ? 85 : 70) + this.#world.between(-2, 2);
    return [
      { name: 'temperature', unit: 'Cel', value: rounded(this.#temperature, 0.1), timeMs },
      { name: 'humidity', unit: '%RH', value: rounded(humidity, 0.5), timeMs },
    ];
  }

  #cool(hours: number, powered: boolean): void {
    if (this.#temperature > this.#setpointCel + HYSTERESIS_CEL) this.#compressorOn = true;
    if (this.#temperature < this.#setpointCel - HYSTERESIS_CEL) this.#compressorOn = false;
    if (!powered || !this.#compressorOn) return;
    const coldest = this.#setpointCel - HYSTERESIS_CEL;
    this.#temperature = Math.max(coldest, this.#temperature - COOLING_CEL_PER_HOUR * hours);
  }
}

/** A warehouse: its weather and its power, shared by all its rooms. */
export class Site {
  readonly world: World;
  readonly #outages: { fromMs: number; toMs: number }[] = [];

  constructor(world: World, name: string) {
    this.world = world.part(`site ${name}`);
  }

  room(name: string, setpointCel: number): ColdRoom {
    return new ColdRoom(this, name, setpointCel);
  }

  losesPower(fromMs: number, toMs: number): void {
    this.#outages.push({ fromMs, toMs });
  }

  hasPower(timeMs: number): boolean {
    return !this.#outages.some(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs);
  }

  /** Warmest in the afternoon. */
  ambientCel(timeMs: number): number {
    const dayShare = (timeMs % (24 * HOUR_MS)) / (24 * HOUR_MS);
    return 24 + 7 * Math.sin(2 * Math.PI * (dayShare - 0.35));
  }
}
