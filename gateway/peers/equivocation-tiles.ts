// C2SP tlog-tiles v0.1.0: whether a peer's larger tree extends the own one, from the peer's tiles.
import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { consistencyRoot } from '@truegrain/device-sdk/formats/merkle.js';
import {
  consistencyPath,
  type HashAt,
  subtreeHash,
  tilePath,
  tileWidth,
  treeRoot,
} from '@truegrain/device-sdk/formats/tiles.js';

/** The bytes of `tile/<L>/<N>[.p/<W>]`, or why there are none. */
export type TileFetch = (path: string) => Promise<Uint8Array | null>;

export type Extension =
  | { kind: 'extends' }
  /** `path` proves the root that the larger tree has at the own size: another than the own one. */
  | { kind: 'forked'; root1: Uint8Array; path: Uint8Array[] }
  /** The tiles are not those of the signed root. */
  | { kind: 'not_its_tiles' }
  | { kind: 'no_tiles' };

/** A tree of 2^53 leaves has 7 tile levels; a path touches at most two tiles of each. */
const TILES_MAX = 64;

export async function extensionOf(trees: {
  own: { size: number; root: Uint8Array };
  theirs: { size: number; root: Uint8Array };
  fetchTile: TileFetch;
}): Promise<Extension> {
  const { own, theirs, fetchTile } = trees;
  if (own.size === 0) return { kind: 'extends' };
  const tiles = new FetchedTiles(theirs.size, fetchTile);
  const path = await tiles.compute((hashAt) =>
    consistencyPath({ size1: own.size, size2: theirs.size, hashAt }),
  );
  const root1 = await tiles.compute((hashAt) => treeRoot({ size: own.size, hashAt }));
  if (!path || !root1) return { kind: 'no_tiles' };
  // Tiles of several levels need not be of one tree: only the proof ties them to what was signed.
  const reached = consistencyRoot({ size1: own.size, size2: theirs.size, root1, path });
  if (!reached || !equal(reached, theirs.root)) return { kind: 'not_its_tiles' };
  if (equal(root1, own.root)) return { kind: 'extends' };
  return { kind: 'forked', root1, path };
}

class MissingTile extends Error {
  readonly level: number;
  readonly index: number;
  constructor(level: number, index: number) {
    super(`tile ${level}/${index}`);
    this.level = level;
    this.index = index;
  }
}

/** Proofs are computed synchronously: what a computation lacks is fetched, and it is run again. */
class FetchedTiles {
  readonly #size: number;
  readonly #fetch: TileFetch;
  readonly #tiles = new Map<string, Uint8Array>();

  constructor(size: number, fetch: TileFetch) {
    this.#size = size;
    this.#fetch = fetch;
  }

  async compute<T>(work: (hashAt: HashAt) => T): Promise<T | null> {
    const hashAt: HashAt = (level, i) => subtreeHash({ level, i, tile: this.#tile });
    while (this.#tiles.size <= TILES_MAX) {
      try {
        return work(hashAt);
      } catch (error) {
        if (!(error instanceof MissingTile)) throw error;
        if (!(await this.#get(error))) return null;
      }
    }
    return null;
  }

  readonly #tile = (level: number, index: number): Uint8Array => {
    const tile = this.#tiles.get(`${level}/${index}`);
    if (!tile) throw new MissingTile(level, index);
    return tile;
  };

  async #get({ level, index }: MissingTile): Promise<boolean> {
    const width = tileWidth({ level, index, size: this.#size });
    if (width === 0) return false;
    const bytes = await this.#fetch(tilePath({ level, index, width }));
    if (bytes?.length !== width * 32) return false;
    this.#tiles.set(`${level}/${index}`, bytes);
    return true;
  }
}
