/** Refusals of one device listed per minute: each is a row for ever, and a broken device repeats. */
export const LISTED_PER_MINUTE_MAX = 120;

export class RefusalQuota {
  readonly #nowMs: () => number;
  #minute = -1;
  readonly #taken = new Map<string, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** How many more of this device's refusals may be listed in this minute. */
  left(device: string): number {
    const minute = Math.floor(this.#nowMs() / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#taken.clear();
    }
    return LISTED_PER_MINUTE_MAX - (this.#taken.get(device) ?? 0);
  }

  /** One was listed and committed: a batch that failed takes nothing from anybody. */
  take(device: string): void {
    this.#taken.set(device, (this.#taken.get(device) ?? 0) + 1);
  }
}
