/**
 * A cold room for the demo: a compressor with hysteresis, doors that open, a humid draught. The
 * same seed gives the same series, whatever the clock does. Registered as `simulated`.
 *
 * @module generator
 */
import { type Clock, SystemClock } from '../clock.ts';
import { Plausibility } from './plausibility.ts';
import type { Sample, Sensor } from './sensor.ts';

export interface ColdRoomOptions {
  readonly name: string;
  readonly seed: number;
  /** Simulated seconds between two samples. */
  readonly stepSeconds?: number;
  readonly setpointCel?: number;
  readonly ambientCel?: number;
  readonly doorOpeningsPerHour?: number;
  readonly clock?: Clock;
}

export interface ColdRoomState {
  readonly temperatureCel: number;
  readonly humidityPercent: number;
  readonly compressorOn: boolean;
  readonly doorOpen: boolean;
}

/** mulberry32: four lines, 2^32 period, good enough for weather in a cold room. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const HYSTERESIS_CEL = 0.8;
/** Time constants: walls leak over hours, an open door over minutes. */
const LEAK_PER_SECOND = 1 / 14_400;
const DOOR_PER_SECOND = 1 / 900;
const COOLING_CEL_PER_SECOND = 0.006;
const DOOR_SECONDS = { min: 20, max: 180 };

export class ColdRoom {
  readonly #random: () => number;
  readonly #options: Required<Omit<ColdRoomOptions, 'clock' | 'name' | 'seed'>>;
  #temperature: number;
  #humidity = 70;
  #compressorOn = false;
  #doorSecondsLeft = 0;

  constructor(options: Omit<ColdRoomOptions, 'clock' | 'name'>) {
    this.#random = seededRandom(options.seed);
    this.#options = {
      stepSeconds: options.stepSeconds ?? 1,
      setpointCel: options.setpointCel ?? 4,
      ambientCel: options.ambientCel ?? 24,
      doorOpeningsPerHour: options.doorOpeningsPerHour ?? 4,
    };
    this.#temperature = this.#options.setpointCel + (this.#random() - 0.5) * HYSTERESIS_CEL;
  }

  step(): ColdRoomState {
    const { stepSeconds, setpointCel, ambientCel, doorOpeningsPerHour } = this.#options;
    const draw = this.#random();
    if (this.#doorSecondsLeft <= 0 && draw < (doorOpeningsPerHour * stepSeconds) / 3600) {
      const spread = DOOR_SECONDS.max - DOOR_SECONDS.min;
      this.#doorSecondsLeft = DOOR_SECONDS.min + this.#random() * spread;
    }
    const doorOpen = this.#doorSecondsLeft > 0;
    this.#doorSecondsLeft -= stepSeconds;
    if (this.#temperature > setpointCel + HYSTERESIS_CEL) this.#compressorOn = true;
    if (this.#temperature < setpointCel - HYSTERESIS_CEL) this.#compressorOn = false;
    // Exact decay over the step, so that a long step cannot overshoot.
    const leak = 1 - Math.exp(-stepSeconds * (doorOpen ? DOOR_PER_SECOND : LEAK_PER_SECOND));
    const cooling = this.#compressorOn ? COOLING_CEL_PER_SECOND * stepSeconds : 0;
    this.#temperature += (ambientCel - this.#temperature) * leak;
    this.#temperature = Math.max(this.#temperature - cooling, setpointCel - 2 * HYSTERESIS_CEL);
    const drawsTo = doorOpen ? 88 : this.#compressorOn ? 62 : 72;
    this.#humidity += (drawsTo - this.#humidity) * (1 - Math.exp(-stepSeconds / 300));
    return {
      temperatureCel: tenth(this.#temperature + (this.#random() - 0.5) * 0.1),
      humidityPercent: tenth(this.#humidity + (this.#random() - 0.5) * 0.6),
      compressorOn: this.#compressorOn,
      doorOpen,
    };
  }
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

export class ColdRoomSensor implements Sensor {
  readonly name: string;
  readonly #room: ColdRoom;
  readonly #clock: Clock;
  readonly #temperature = new Plausibility({ min: -40, max: 80 });
  readonly #humidity = new Plausibility({ min: 0, max: 100 });

  constructor(options: ColdRoomOptions) {
    this.name = options.name;
    this.#clock = options.clock ?? new SystemClock();
    this.#room = new ColdRoom(options);
  }

  sample(signal: AbortSignal): Promise<Sample> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const { temperatureCel, humidityPercent } = this.#room.step();
    const monotonicMs = this.#clock.monotonicMs();
    const measurements = [
      this.#temperature.judge({
        name: 'temperature',
        unit: 'Cel',
        value: temperatureCel,
        monotonicMs,
      }),
      this.#humidity.judge({ name: 'humidity', unit: '%RH', value: humidityPercent, monotonicMs }),
    ];
    return Promise.resolve({ measurements });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
