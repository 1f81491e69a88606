// The bytes all connections together may have in flight between socket and COMMIT. A full budget
// refuses nobody: sockets are left unread until it has room, and TCP slows the devices down.

/** @module pending-budget */

export class PendingBudget {
  readonly #bytesMax: number;
  #bytes = 0;
  #waiting = new Set<() => void>();
  #wakeScheduled = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** One frame always fits into an empty budget, however small it was configured. */
  reserve(bytes: number): boolean {
    if (this.#bytes > 0 && this.#bytes + bytes > this.#bytesMax) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#waiting.size === 0 || this.#wakeScheduled) return;
    this.#wakeScheduled = true;
    setImmediate(() => this.#wake());
  }

  /** Calls `wake` once there may be room; first come, first served. */
  wait(wake: () => void): void {
    this.#waiting.add(wake);
  }

  forget(wake: () => void): void {
    this.#waiting.delete(wake);
  }

  #wake(): void {
    this.#wakeScheduled = false;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }
}
