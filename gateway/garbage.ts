import type { RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';

/** Frames nobody signed for: a sample for whoever looks for their sender, and never more. */
const RING_BYTES_MAX = 16 * 1024 * 1024;
const SAMPLE_BYTES_MAX = 4 * 1024;
/** What one sample costs beside its bytes. */
const SAMPLE_OVERHEAD_BYTES = 128;

export interface Garbage {
  code: RefusalCode;
  receivedMs: number;
  length: number;
  head: Uint8Array;
}

export class GarbageRing {
  /** By arrival number: a Map forgets its oldest at no cost, an array would move all others. */
  readonly #samples = new Map<number, Garbage>();
  #oldest = 0;
  #next = 0;
  #bytes = 0;

  add(code: RefusalCode, frame: Uint8Array, receivedMs: number): void {
    // A copy: a Buffer's slice would keep the whole frame, and what it arrived in, alive.
    const head = new Uint8Array(frame.subarray(0, SAMPLE_BYTES_MAX));
    this.#samples.set(this.#next, { code, receivedMs, length: frame.length, head });
    this.#next += 1;
    this.#bytes += head.length + SAMPLE_OVERHEAD_BYTES;
    while (this.#bytes > RING_BYTES_MAX) {
      const oldest = this.#samples.get(this.#oldest);
      this.#samples.delete(this.#oldest);
      this.#oldest += 1;
      this.#bytes -= (oldest?.head.length ?? 0) + SAMPLE_OVERHEAD_BYTES;
    }
  }

  get count(): number {
    return this.#samples.size;
  }

  samples(): readonly Garbage[] {
    return [...this.#samples.values()];
  }
}
