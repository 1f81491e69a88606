import { HASH_BYTES } from '@truegrain/device-sdk/formats/merkle.js';
import {
  parseTile,
  TILE_WIDTH_MAX,
  type TileId,
  tileWidth,
} from '@truegrain/device-sdk/formats/tiles.js';
import { Proofs } from '../log/proofs.ts';
import type { LedgerSource } from './ledger-source.ts';
import { type Seen, seen, unseen } from './seen.ts';

class MissingTile extends Error {
  readonly level: number;
  readonly index: number;
  constructor(level: number, index: number) {
    super(`tile ${level}/${index}`);
    this.level = level;
    this.index = index;
  }
}

/**
 * Proofs about a tree of one size, from tiles that are fetched as they are asked for. A tile is
 * taken as it comes: whoever uses a path verifies it against a signed root.
 */
export class TileTree {
  readonly size: number;
  readonly #source: Pick<LedgerSource, 'tile'>;
  readonly #tiles = new Map<string, Uint8Array>();
  readonly #proofs = new Proofs((level, index) => {
    const tile = this.#tiles.get(`${level}/${index}`);
    if (tile === undefined) throw new MissingTile(level, index);
    return tile;
  });

  constructor(source: Pick<LedgerSource, 'tile'>, size: number) {
    this.#source = source;
    this.size = size;
  }

  root(): Promise<Seen<Uint8Array>> {
    return this.#fetching(() => this.#proofs.root(this.size));
  }

  leafHash(index: number): Promise<Seen<Uint8Array>> {
    return this.#fetching(() => this.#proofs.range(index, index + 1));
  }

  inclusion(index: number): Promise<Seen<Uint8Array[]>> {
    return this.#fetching(() => this.#proofs.inclusion(index, this.size));
  }

  /** From an older tree of `size1` leaves, at least one, to this one. */
  consistency(size1: number): Promise<Seen<Uint8Array[]>> {
    return this.#fetching(() => this.#proofs.consistency(size1, this.size));
  }

  /** The computation runs again with each tile it lacked; a path needs a few. */
  async #fetching<T>(compute: () => T): Promise<Seen<T>> {
    for (;;) {
      try {
        return seen(compute());
      } catch (error) {
        if (!(error instanceof MissingTile)) throw error;
        const fetched = await this.#fetch(error.level, error.index);
        if (!fetched.seen) return fetched;
      }
    }
  }

  async #fetch(level: number, index: number): Promise<Seen<Uint8Array>> {
    const width = tileWidth({ level, index, size: this.size });
    const got = await fetchTile(this.#source, { level, index, width });
    if (!got.seen) return got;
    const parsed = parseTile(got.value, width);
    if (!parsed.ok) return unseen('malformed', `tile ${level}/${index}: ${parsed.detail}`);
    this.#tiles.set(`${level}/${index}`, got.value);
    return got;
  }
}

/** A tile of hashes; where the log dropped a partial one, the beginning of the full one. */
export async function fetchTile(
  source: Pick<LedgerSource, 'tile'>,
  tile: TileId,
): Promise<Seen<Uint8Array>> {
  const got = await source.tile(tile);
  if (got.seen || got.why !== 'absent' || tile.width === TILE_WIDTH_MAX) return got;
  // C2SP tlog-tiles: a log may drop a partial tile once the full one is there.
  const full = await source.tile({ ...tile, width: TILE_WIDTH_MAX });
  return full.seen ? seen(full.value.subarray(0, tile.width * HASH_BYTES)) : got;
}
