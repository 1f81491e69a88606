// The PUBACKs owed on one network connection. They leave in the order of their PUBLISHes, as MQTT
// 3.1.1 §4.6 demands, though frames settle in any order; those of one group commit leave together.

/** @module pubacks */
import type { Writable } from 'node:stream';

export interface OwedPuback {
  readonly packetId: number;
  settled: boolean;
}

export class Pubacks {
  readonly #stream: Pick<Writable, 'write' | 'destroyed'>;
  readonly #owed: OwedPuback[] = [];
  #head = 0;
  #due: number[] = [];

  constructor(stream: Pick<Writable, 'write' | 'destroyed'>) {
    this.#stream = stream;
  }

  expect(packetId: number): OwedPuback {
    const owed = { packetId, settled: false };
    this.#owed.push(owed);
    return owed;
  }

  /** Returns how many PUBACKs this one let go; 0 also where the connection is gone. */
  settle(owed: OwedPuback): number {
    owed.settled = true;
    if (this.#stream.destroyed) return 0;
    const before = this.#due.length;
    let next = this.#owed[this.#head];
    while (next?.settled) {
      this.#due.push(next.packetId);
      next = this.#owed[++this.#head];
    }
    if (this.#head === this.#owed.length || this.#head > 1_024) {
      this.#owed.splice(0, this.#head);
      this.#head = 0;
    }
    if (before === 0 && this.#due.length > 0) process.nextTick(() => this.flush());
    return this.#due.length - before;
  }

  /** One write of whole packets, so it falls between those of the MQTT library, never into one. */
  flush(): void {
    const due = this.#due;
    if (due.length === 0 || this.#stream.destroyed) return;
    this.#due = [];
    const packets = Buffer.allocUnsafe(due.length * 4);
    let at = 0;
    for (const packetId of due) {
      // Remaining length 2: success in MQTT 5 (§3.4.2.1) as in 3.1.1 (§3.4).
      at = packets.writeUInt16BE(0x4002, at);
      at = packets.writeUInt16BE(packetId, at);
    }
    this.#stream.write(packets);
  }
}
