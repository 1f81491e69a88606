import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { TILE_WIDTH_MAX, tileHash } from '@truegrain/device-sdk/formats/tiles.js';
import type { Db, Query } from '../store/database.ts';
import { isDamage } from './findings.ts';
import { Tree } from './tree.ts';

const HASH_BYTES = 32;

/**
 * Leaf hashes as the tiles have them. Where a signed checkpoint commits to them, they tell a damaged
 * entry from a damaged tile.
 */
export class StoredHashes {
  readonly #tile: Query;
  /** Hashes held by tiles of level 0, without a hole. */
  readonly count: number;
  /** The first so many are vouched for by a checkpoint. */
  vouchedSize = 0;
  #at = -1;
  #hashes: Uint8Array | null = null;

  constructor(db: Db, sizeMax: number) {
    this.#tile = db.prepare('SELECT hashes FROM tile WHERE level = 0 AND idx = ?').pluck();
    let count = 0;
    for (let index = 0; count < sizeMax || index === 0; index += 1) {
      const width = (this.#read(index)?.length ?? 0) / HASH_BYTES;
      count += width;
      if (width < TILE_WIDTH_MAX) break;
    }
    this.count = count;
  }

  /** Finds the largest checkpoint whose root these hashes have. */
  vouch(checkpoints: readonly { size: number; root: Uint8Array }[]): void {
    const sorted = checkpoints.toSorted((a, b) => a.size - b.size);
    const tree = new Tree();
    for (const { size, root } of sorted) {
      for (; tree.size < size; ) {
        const hash = this.at(tree.size);
        if (!hash) return;
        tree.append(hash);
        if (tree.size % TILE_WIDTH_MAX === 0) tree.takeDirty();
      }
      if (equal(tree.root(), root)) this.vouchedSize = size;
    }
  }

  at(leafIndex: number): Uint8Array | null {
    const hashes = this.#read(Math.floor(leafIndex / TILE_WIDTH_MAX));
    const i = leafIndex % TILE_WIDTH_MAX;
    return hashes && (i + 1) * HASH_BYTES <= hashes.length ? tileHash(hashes, i) : null;
  }

  #read(index: number): Uint8Array | null {
    if (this.#at === index) return this.#hashes;
    this.#at = index;
    this.#hashes = this.#readRow(index);
    return this.#hashes;
  }

  #readRow(index: number): Uint8Array | null {
    try {
      const row: unknown = this.#tile.get(index);
      const sound = row instanceof Uint8Array && row.length % HASH_BYTES === 0;
      return sound ? row : null;
    } catch (error) {
      if (isDamage(error)) return null;
      throw error;
    }
  }
}
