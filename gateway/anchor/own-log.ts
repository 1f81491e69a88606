import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 10;

/** What `log/proofs.ts` computes from the tiles on disk. */
export interface TreeProofs {
  root(size: number): Uint8Array;
  consistency(size1: number, size2: number): Uint8Array[];
}

/** The committed tree of this member's own node: all that it signs is read from here. */
export class OwnLog {
  readonly #size: () => number;
  readonly #proofs: TreeProofs;

  /** `size`: leaves committed and durable, never those of a block still being applied. */
  constructor({ size, proofs }: { size: () => number; proofs: TreeProofs }) {
    this.#size = size;
    this.#proofs = proofs;
  }

  size(): number {
    return this.#size();
  }

  root(size: number): Uint8Array {
    return this.#proofs.root(size);
  }

  consistency(size1: number, size2: number): Uint8Array[] {
    return this.#proofs.consistency(size1, size2);
  }

  /** Whether the tree has grown to `size` within that time. */
  async whenSize(size: number, timeoutMs: number): Promise<boolean> {
    const endMs = performance.now() + timeoutMs;
    while (this.#size() < size) {
      if (performance.now() >= endMs) return false;
      await pause(POLL_MS, undefined, { ref: false });
    }
    return true;
  }
}
