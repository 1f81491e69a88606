import { type Instrument, type Reading, wordSensor } from './instrument.ts';

/** A gate with a scanner: it reads what passes and knows nothing else. */
export class ReadPoint implements Instrument {
  readonly name: string;
  readonly intervalMs = 30_000;
  readonly sensors = [
    wordSensor('code', 'identifier read', 'scanner'),
    wordSensor('door', 'door open', 'gpio'),
  ];
  readonly #passing: { code: string; atMs: number }[] = [];
  #doorOpen = false;

  constructor(name: string) {
    this.name = name;
  }

  /** A thing with this code will go through at that time. */
  passes(code: string, atMs: number): void {
    this.#passing.push({ code, atMs });
    this.#passing.sort((a, b) => a.atMs - b.atMs);
  }

  sample(timeMs: number): Reading[] {
    const readings: Reading[] = [];
    for (let next = this.#passing[0]; next && next.atMs <= timeMs; next = this.#passing[0]) {
      this.#passing.shift();
      readings.push({ name: 'code', unit: null, value: next.code, timeMs: next.atMs });
    }
    const doorOpen = readings.length > 0;
    if (doorOpen !== this.#doorOpen) {
      readings.push({ name: 'door', unit: null, value: doorOpen, timeMs });
    }
    this.#doorOpen = doorOpen;
    return readings;
  }
}
