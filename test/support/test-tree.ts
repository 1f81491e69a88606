import { leafHash, nodeHash } from '@truegrain/device-sdk/formats/merkle.js';
import {
  consistencyPath,
  encodeTile,
  type HashAt,
  inclusionPath,
  treeRoot,
} from '@truegrain/device-sdk/formats/tiles.js';

/** A growing tree of made-up leaves; histories of other names differ from `forkAt` on. */
export class TestTree {
  readonly #rows: Uint8Array[][] = [[]];
  readonly #history: { name: number; forkAt: number };

  constructor(size = 0, { name = 0, forkAt = 0 } = {}) {
    this.#history = { name, forkAt };
    this.grow(size);
  }

  size(): number {
    return this.#rows[0]!.length;
  }

  entry(i: number): Uint8Array {
    const { name, forkAt } = this.#history;
    return Uint8Array.of(i >> 16, (i >> 8) & 255, i & 255, i >= forkAt ? name : 0);
  }

  grow(count: number): void {
    for (let k = 0; k < count; k += 1) this.#push(0, leafHash(this.entry(this.size())));
  }

  root(size: number): Uint8Array {
    return treeRoot({ size, hashAt: this.#hashAt });
  }

  consistency(size1: number, size2: number): Uint8Array[] {
    return consistencyPath({ size1, size2, hashAt: this.#hashAt });
  }

  inclusion(index: number, size: number): Uint8Array[] {
    return inclusionPath({ index, size, hashAt: this.#hashAt });
  }

  tree(size = this.size()) {
    return { size, root: this.root(size) };
  }

  tile({
    level,
    index,
    width,
  }: {
    level: number;
    index: number;
    width: number;
  }): Uint8Array | null {
    const row = this.#rows[level * 8]?.slice(index * 256, index * 256 + width) ?? [];
    return row.length === width ? encodeTile(row) : null;
  }

  readonly #hashAt: HashAt = (level, i) => {
    const hash = this.#rows[level]?.[i];
    if (!hash) throw new RangeError(`no subtree ${i} at level ${level}`);
    return hash;
  };

  #push(level: number, hash: Uint8Array): void {
    this.#rows[level] ??= [];
    const row = this.#rows[level];
    row.push(hash);
    if (row.length % 2 === 0) this.#push(level + 1, nodeHash(row.at(-2)!, row.at(-1)!));
  }
}
