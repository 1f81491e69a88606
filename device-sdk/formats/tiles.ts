// C2SP tlog-tiles v0.1.0: paths, widths and contents of the tiles that a log stores and serves.
/**
 * A tile is up to 256 hashes of one row: at tile level L the hashes of complete subtrees of
 * 256^L leaves (level 0 is the leaf hashes). Rows between two tile levels are not stored; they
 * are hashed from the row below. Proofs (RFC 9162 §2.1.3.1, §2.1.4.1) are built from the hashes of
 * complete subtrees, wherever they come from: a database, fetched tiles, or an array.
 *
 * @module
 */
import {
  consistencyRanges,
  EMPTY_ROOT,
  HASH_BYTES,
  inclusionRanges,
  nodeHash,
  splitPoint,
} from './merkle.ts';
import { fail, ok, type Result } from './result.ts';
import { ENTRY_BYTES_MAX } from './statement-limits.ts';

/** Hashes in a full tile, and log entries in a full bundle. */
export const TILE_WIDTH_MAX = 256;
/** Tile level 6 begins at 2^48 leaves; a size within 2^53 has no row above it. */
export const TILE_LEVEL_MAX = 6;

/** A tile of hashes at level 0…6, or the bundle of entries beside a level 0 tile. */
export interface TileId {
  level: number | 'entries';
  index: number;
  /** 256 for a full tile; 1…255 for the partial tile of a growing row. */
  width: number;
}

/** `tile/0/x001/x234/067` or `tile/entries/000.p/12`, to be joined to the log's prefix. */
export function tilePath({ level, index, width }: TileId): string {
  if (!isTileId({ level, index, width })) {
    throw new RangeError(`no tile ${level}/${index} of width ${width}`);
  }
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g) ?? [];
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${width === TILE_WIDTH_MAX ? '' : `.p/${width}`}`;
}

const TILE_PATH = /^tile\/(entries|\d)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/;

/** Accepts exactly what `tilePath` writes: no leading zeroes, groups or widths of its own. */
export function parseTilePath(path: string): Result<TileId> {
  const match = TILE_PATH.exec(path);
  const [, level, groups, width] = match ?? [];
  if (level === undefined || groups === undefined) return fail('tile_path', path.slice(0, 100));
  const tile: TileId = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replaceAll(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH_MAX : Number(width),
  };
  if (!isTileId(tile) || tilePath(tile) !== path) return fail('tile_path', path);
  return ok(tile);
}

function isTileId({ level, index, width }: TileId): boolean {
  if (level !== 'entries' && !(Number.isInteger(level) && level >= 0 && level <= TILE_LEVEL_MAX)) {
    return false;
  }
  if (!Number.isSafeInteger(index) || index < 0) return false;
  return Number.isInteger(width) && width >= 1 && width <= TILE_WIDTH_MAX;
}

/** Hashes in the whole row of a tile level: the complete subtrees of 256^level leaves. */
export function rowLength({ level, size }: { level: number; size: number }): number {
  return Math.floor(size / TILE_WIDTH_MAX ** level);
}

/** Width of a tile in the tree of `size` leaves; 0 where the tree has no such tile. */
export function tileWidth(tile: { level: number; index: number; size: number }): number {
  const left = rowLength(tile) - tile.index * TILE_WIDTH_MAX;
  return Math.max(0, Math.min(left, TILE_WIDTH_MAX));
}

export function encodeTile(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  for (const [i, hash] of hashes.entries()) {
    if (hash.length !== HASH_BYTES) throw new TypeError('a tile holds hashes of 32 bytes');
    bytes.set(hash, i * HASH_BYTES);
  }
  return bytes;
}

/** The hashes of a tile fetched at `width`; views of the given bytes, not copies. */
export function parseTile(bytes: Uint8Array, width: number): Result<Uint8Array[]> {
  if (bytes.length !== width * HASH_BYTES) {
    return fail('tile_size', `${bytes.length} bytes for a tile of width ${width}`);
  }
  return ok(Array.from({ length: width }, (_, i) => tileHash(bytes, i)));
}

/** The i-th hash of a tile, as a view. */
export function tileHash(tile: Uint8Array, i: number): Uint8Array {
  if ((i + 1) * HASH_BYTES > tile.length) {
    throw new RangeError(`hash ${i} of a tile of ${tile.length / HASH_BYTES}`);
  }
  return tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES);
}

/** An entry bundle: for every entry its length in 16 bits, big-endian, and its bytes. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  const length = entries.reduce((sum, entry) => sum + 2 + entry.length, 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > ENTRY_BYTES_MAX) throw new RangeError('entry above 65,535 bytes');
    view.setUint16(at, entry.length);
    bytes.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bytes;
}

/** The entries of a bundle fetched at `width`; views of the given bytes, not copies. */
export function parseEntryBundle(bytes: Uint8Array, width: number): Result<Uint8Array[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length && entries.length < width) {
    if (at + 2 > bytes.length) return fail('tile_bundle', 'length cut short');
    const end = at + 2 + view.getUint16(at);
    if (end > bytes.length) return fail('tile_bundle', `entry ${entries.length} cut short`);
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  if (at !== bytes.length) return fail('tile_bundle', `bytes after entry ${width - 1}`);
  if (entries.length !== width)
    return fail('tile_bundle', `${entries.length} entries, not ${width}`);
  return ok(entries);
}

/** The hash of the complete subtree over the leaves [i·2^level, (i+1)·2^level). */
export type HashAt = (level: number, i: number) => Uint8Array;

/**
 * Such a hash from tiles. The row of a tile level is stored; a level between two rows is hashed
 * from at most 128 neighbours in one tile. `tile(level, index)` gives the hashes of a tile, at
 * least as wide as the tree being proved has it; a shorter one throws a RangeError.
 */
export function subtreeHash(at: {
  level: number;
  i: number;
  tile: (level: number, index: number) => Uint8Array;
}): Uint8Array {
  const tileLevel = Math.floor(at.level / 8);
  const count = 2 ** (at.level % 8);
  const first = at.i * count;
  const bytes = at.tile(tileLevel, Math.floor(first / TILE_WIDTH_MAX));
  const offset = first % TILE_WIDTH_MAX;
  let row = Array.from({ length: count }, (_, k) => tileHash(bytes, offset + k));
  while (row.length > 1) row = parentsOf(row);
  return row[0] ?? EMPTY_ROOT;
}

/** The complete subtrees of a row of complete subtrees; an odd last hash has no parent yet. */
function parentsOf(row: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = [];
  let left: Uint8Array | null = null;
  for (const hash of row) {
    if (left === null) {
      left = hash;
    } else {
      parents.push(nodeHash(left, hash));
      left = null;
    }
  }
  return parents;
}

/** All complete subtrees over an array of leaf hashes, hashed once: for many proofs of one batch. */
export function completeSubtrees(leafHashes: readonly Uint8Array[]): HashAt {
  const rows: Uint8Array[][] = [[...leafHashes]];
  for (let row = rows[0]; row !== undefined && row.length > 1; row = rows.at(-1)) {
    rows.push(parentsOf(row));
  }
  return (level, i) => {
    const hash = rows[level]?.[i];
    if (hash === undefined) throw new RangeError(`no subtree ${i} at level ${level}`);
    return hash;
  };
}

/**
 * MTH(D[start:end]), where `start` is a multiple of the power of two at or above the length: the
 * ranges into which RFC 9162 §2.1 splits a tree are all of that kind.
 */
export function rangeRoot(range: { start: number; end: number; hashAt: HashAt }): Uint8Array {
  const { start, end, hashAt } = range;
  const length = end - start;
  const half = length === 1 ? 1 : splitPoint(length);
  if (half * 2 === length || length === 1) return hashAt(Math.log2(length), start / length);
  const middle = start + half;
  return nodeHash(hashAt(Math.log2(half), start / half), rangeRoot({ start: middle, end, hashAt }));
}

/** The root of the tree of `size` leaves. */
export function treeRoot({ size, hashAt }: { size: number; hashAt: HashAt }): Uint8Array {
  return size === 0 ? EMPTY_ROOT : rangeRoot({ start: 0, end: size, hashAt });
}

/** PATH(index, D_size), RFC 9162 §2.1.3.1, from the leaf's sibling upward. */
export function inclusionPath(at: { index: number; size: number; hashAt: HashAt }): Uint8Array[] {
  const { hashAt } = at;
  return inclusionRanges(at).map(({ start, end }) => rangeRoot({ start, end, hashAt }));
}

/** PROOF(size1, D_size2), RFC 9162 §2.1.4.1; empty for equal sizes. */
export function consistencyPath(at: {
  size1: number;
  size2: number;
  hashAt: HashAt;
}): Uint8Array[] {
  const { hashAt } = at;
  return consistencyRanges(at).map(({ start, end }) => rangeRoot({ start, end, hashAt }));
}
