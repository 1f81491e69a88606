import { setTimeout as delay } from 'node:timers/promises';

/** The world's time: real for a live gateway, or as fast as the events come. */
export interface WorldClock {
  nowMs(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export class RealClock implements WorldClock {
  nowMs(): number {
    return Date.now();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await delay(ms, undefined, signal ? { signal } : {});
  }
}

/** Moves only by sleeping: six hours on the road take no time at all. */
export class VirtualClock implements WorldClock {
  #nowMs: number;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    this.#nowMs += Math.max(0, ms);
    return Promise.resolve();
  }
}

/**
 * One seed gives one world: every value, fault and key in it. Each part draws from a stream of its
 * own name, so that a device added to a scenario leaves what the others do as it was.
 */
export class World {
  readonly seed: number;
  readonly clock: WorldClock;
  readonly #next: () => number;

  constructor(seed: number, clock: WorldClock = new RealClock(), stream = '') {
    this.seed = seed;
    this.clock = clock;
    this.#next = mulberry32(mixed(seed, stream));
  }

  part(name: string): World {
    return new World(this.seed, this.clock, name);
  }

  /** In [0, 1). */
  random(): number {
    return this.#next();
  }

  between(min: number, max: number): number {
    return min + (max - min) * this.random();
  }

  integer(min: number, max: number): number {
    return Math.floor(this.between(min, max + 1));
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** Reproducible, hence good for a simulation's keys and salts and for nothing else. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.integer(0, 255));
  }

  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    const out: T[] = [];
    while (rest.length > 0) out.push(...rest.splice(this.integer(0, rest.length - 1), 1));
    return out;
  }
}

export function rounded(value: number, resolution: number): number {
  const steps = Math.round(value / resolution);
  return Number((steps * resolution).toFixed(6));
}

/** FNV-1a over seed and name. */
function mixed(seed: number, name: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  }
  return hash;
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
