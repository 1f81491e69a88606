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
  readonly #samples: Garbage[] = [];
  #bytes = 0;

  add(code: RefusalCode, frame: Uint8Array, receivedMs: number): void {
    const head = frame.slice(0, SAMPLE_BYTES_MAX);
    this.#samples.push({ code, receivedMs, length: frame.length, head });
    this.#bytes += head.length + SAMPLE_OVERHEAD_BYTES;
    while (this.#bytes > RING_BYTES_MAX) {
      const oldest = this.#samples.shift();
      this.#bytes -= (oldest?.head.length ?? 0) + SAMPLE_OVERHEAD_BYTES;
    }
  }

  samples(): readonly Garbage[] {
    return this.#samples;
  }
}
