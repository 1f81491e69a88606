/** Refusals of one device listed per minute: each is a row for ever, and a broken device repeats. */
export const LISTED_PER_MINUTE_MAX = 120;

export class RefusalQuota {
  readonly #nowMs: () => number;
  #minute = -1;
  readonly #taken = new Map<string, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** False once the device has used up this minute's share. */
  take(device: string): boolean {
    const minute = Math.floor(this.#nowMs() / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#taken.clear();
    }
    const taken = this.#taken.get(device) ?? 0;
    this.#taken.set(device, taken + 1);
    return taken < LISTED_PER_MINUTE_MAX;
  }
}
