import { EMPTY_ROOT, nodeHash } from '@truegrain/device-sdk/formats/merkle.js';

export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;
const HASH_BYTES = 32;

/** One row of the tile table: `level` counts in steps of eight, `width` hashes of 32 bytes. */
export interface TileRow {
  level: number;
  index: number;
  hashes: Uint8Array;
}

/**
 * The growing RFC 9162 tree of one log: the right edge in memory, the rest in tiles (C2SP
 * tlog-tiles), which are its storage and its API at once.
 */
export class Tree {
  size = 0;
  /** Roots of the complete subtrees along the right edge, largest first (a compact range). */
  #edge: { level: number; hash: Uint8Array }[] = [];
  /** The tile being filled at each tile level. */
  #open: { index: number; width: number; hashes: Uint8Array }[] = [];
  #dirty = new Map<string, TileRow>();

  /** Continues a stored tree; `readTile` gives the open (rightmost, partial) tile of a level. */
  static load(size: number, readTile: (level: number, index: number) => Uint8Array): Tree {
    const tree = new Tree();
    const widths: number[] = [];
    for (let n = size; n > 0; n = Math.floor(n / TILE_WIDTH)) widths.push(n);
    for (const [level, count] of widths.entries()) {
      const index = Math.floor(count / TILE_WIDTH);
      const width = count % TILE_WIDTH;
      const hashes = new Uint8Array(TILE_WIDTH * HASH_BYTES);
      if (width > 0) hashes.set(readTile(level, index).subarray(0, width * HASH_BYTES));
      tree.#open.push({ index, width, hashes });
    }
    for (let level = widths.length - 1; level >= 0; level -= 1) tree.#restoreEdge(level);
    tree.size = size;
    return tree;
  }

  /** The same tree, to try a block on. */
  fork(): Tree {
    const tree = new Tree();
    tree.size = this.size;
    tree.#edge = [...this.#edge];
    tree.#open = this.#open.map((open) => ({ ...open, hashes: open.hashes.slice() }));
    tree.#dirty = new Map(this.#dirty);
    return tree;
  }

  append(leafHash: Uint8Array): void {
    let level = 0;
    let hash = leafHash;
    this.#store(0, hash);
    let last = this.#edge.at(-1);
    while (last && last.level === level) {
      this.#edge.pop();
      hash = nodeHash(last.hash, hash);
      level += 1;
      if (level % TILE_HEIGHT === 0) this.#store(level / TILE_HEIGHT, hash);
      last = this.#edge.at(-1);
    }
    this.#edge.push({ level, hash });
    this.size += 1;
  }

  root(): Uint8Array {
    let root: Uint8Array | null = null;
    for (let i = this.#edge.length - 1; i >= 0; i -= 1) {
      const left = this.#edge[i]?.hash;
      if (left) root = root ? nodeHash(left, root) : left;
    }
    return root ?? EMPTY_ROOT;
  }

  /** Tiles changed since the last call, whole or partial, for the transaction that commits them. */
  takeDirty(): TileRow[] {
    const rows = [...this.#dirty.values()];
    this.#dirty.clear();
    return rows;
  }

  #store(level: number, hash: Uint8Array): void {
    let open = this.#open[level];
    if (!open) {
      open = { index: 0, width: 0, hashes: new Uint8Array(TILE_WIDTH * HASH_BYTES) };
      this.#open[level] = open;
    }
    open.hashes.set(hash, open.width * HASH_BYTES);
    open.width += 1;
    const hashes = open.hashes.subarray(0, open.width * HASH_BYTES);
    this.#dirty.set(`${level}/${open.index}`, { level, index: open.index, hashes });
    if (open.width === TILE_WIDTH) {
      this.#open[level] = {
        index: open.index + 1,
        width: 0,
        hashes: new Uint8Array(TILE_WIDTH * HASH_BYTES),
      };
    }
  }

  #restoreEdge(level: number): void {
    const open = this.#open[level];
    if (!open) return;
    let start = 0;
    for (let height = TILE_HEIGHT - 1; height >= 0; height -= 1) {
      const span = 1 << height;
      if ((open.width & span) === 0) continue;
      const hash = subtree(open.hashes, start, span);
      this.#edge.push({ level: level * TILE_HEIGHT + height, hash });
      start += span;
    }
  }
}

/** Root of `span` (a power of two) hashes of a tile, from position `start`. */
export function subtree(hashes: Uint8Array, start: number, span: number): Uint8Array {
  if (span === 1) return hashes.slice(start * HASH_BYTES, (start + 1) * HASH_BYTES);
  const half = span / 2;
  return nodeHash(subtree(hashes, start, half), subtree(hashes, start + half, half));
}
