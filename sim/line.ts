import { type Instrument, type Reading, sensor } from './instrument.ts';
import { rounded, type World } from './world.ts';

const SPEED_BAGS_PER_MIN = 24;
const NET_WEIGHT_KG = 1;

/** A packing line: dryer, check-weigher, bag counter, and the stops every line has. */
export class Line implements Instrument {
  readonly name: string;
  readonly intervalMs = 10_000;
  readonly sensors = [
    sensor('dryer', 'air temperature', { unit: 'Cel', min: 0, max: 150, resolution: 0.1 }),
    sensor('weight', 'mean net weight', { unit: 'kg', min: 0, max: 2, resolution: 0.0001 }),
    sensor('bags', 'bags since start', { unit: 'count', min: 0, max: 1e9, resolution: 1 }),
  ];
  readonly #world: World;
  #dryer = 62;
  #bags = 0;
  #stoppedSamples = 0;

  constructor(world: World, name: string) {
    this.name = name;
    this.#world = world.part(`line ${name}`);
  }

  get bags(): number {
    return this.#bags;
  }

  sample(timeMs: number): Reading[] {
    if (this.#stoppedSamples > 0) this.#stoppedSamples -= 1;
    else if (this.#world.chance(0.01)) this.#stoppedSamples = this.#world.integer(3, 30);
    const runs = this.#stoppedSamples === 0;
    this.#dryer += ((runs ? 62 : 45) - this.#dryer) * 0.05 + this.#world.between(-0.2, 0.2);
    const dryer = { name: 'dryer', unit: 'Cel', value: rounded(this.#dryer, 0.1), timeMs };
    const made = runs ? Math.round((SPEED_BAGS_PER_MIN * this.intervalMs) / 60_000) : 0;
    this.#bags += made;
    const bags = { name: 'bags', unit: 'count', value: this.#bags, timeMs };
    // Nothing passed the check-weigher: no weight, not the last one again.
    if (made === 0) return [dryer, bags];
    const weight = NET_WEIGHT_KG + this.#world.between(-0.006, 0.008);
    return [dryer, { name: 'weight', unit: 'kg', value: rounded(weight, 0.0001), timeMs }, bags];
  }
}
