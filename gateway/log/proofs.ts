import { nodeHash } from '@truegrain/device-sdk/formats/merkle.js';
import {
  consistencyPath,
  type HashAt,
  inclusionPath,
  rangeRoot,
  tileHash,
  treeRoot,
} from '@truegrain/device-sdk/formats/tiles.js';

const TILE_HEIGHT = 8;
const TILE_WIDTH = 256;
/** Hashes kept per level; complete subtrees never change, so only memory limits them. */
const HASHES_KEPT_MAX = 32_768;

/** Inclusion and consistency paths of a stored tree, from its tiles. */
export class Proofs {
  readonly #tile: (level: number, index: number) => Uint8Array | null;
  readonly #kept: Map<number, Uint8Array>[] = [];

  constructor(tile: (level: number, index: number) => Uint8Array | null) {
    this.#tile = tile;
  }

  inclusion(index: number, size: number): Uint8Array[] {
    return inclusionPath({ index, size, hashAt: this.#hashAt });
  }

  consistency(size1: number, size2: number): Uint8Array[] {
    return consistencyPath({ size1, size2, hashAt: this.#hashAt });
  }

  /** Root over the leaves of one aligned range: a subtree of the log, whole or its right edge. */
  range(start: number, end: number): Uint8Array {
    return rangeRoot({ start, end, hashAt: this.#hashAt });
  }

  root(size: number): Uint8Array {
    return treeRoot({ size, hashAt: this.#hashAt });
  }

  readonly #hashAt: HashAt = (level, i) => {
    const kept = this.#level(level);
    const known = kept.get(i);
    if (known) return known;
    if (kept.size >= HASHES_KEPT_MAX) kept.clear();
    if (level % TILE_HEIGHT === 0) return this.#readTile(level, i, kept);
    const hash = nodeHash(this.#hashAt(level - 1, 2 * i), this.#hashAt(level - 1, 2 * i + 1));
    kept.set(i, hash);
    return hash;
  };

  /** One read fills in the whole tile: its neighbours are asked for next. */
  #readTile(level: number, i: number, kept: Map<number, Uint8Array>): Uint8Array {
    const index = Math.floor(i / TILE_WIDTH);
    const tile = this.#tile(level / TILE_HEIGHT, index);
    if (!tile) throw new RangeError(`tile ${level / TILE_HEIGHT}/${index} is missing`);
    for (let k = 0; k < tile.length / 32; k += 1)
      kept.set(index * TILE_WIDTH + k, tileHash(tile, k));
    return tileHash(tile, i % TILE_WIDTH);
  }

  #level(level: number): Map<number, Uint8Array> {
    let kept = this.#kept[level];
    if (!kept) {
      kept = new Map();
      this.#kept[level] = kept;
    }
    return kept;
  }
}
