import { encodeEntryBundle, type TileId } from '@truegrain/device-sdk/formats/tiles.js';
import { type Db, openDatabase } from '../../store/database.ts';
import { Leaves } from '../../store/leaves.ts';
import { Tiles } from '../../store/tiles.ts';
import {
  type LedgerSource,
  type ReadLeaves,
  type ServiceKey,
  type TimedRead,
  WHOLE_LEAVES_MAX,
} from '../ledger-source.ts';
import { type Seen, seen, unseen } from '../seen.ts';

/** The data folder of a member on this machine, read only; its gateway may be running. */
export class FolderSource implements LedgerSource {
  readonly kind = 'data-folder';
  readonly where: string;
  readonly timed: readonly TimedRead[] = [];
  readonly #db: Db;
  readonly #tiles: Tiles;
  readonly #leaves: Leaves;

  constructor(file: string) {
    this.where = file;
    this.#db = openDatabase(file, { readonly: true });
    this.#tiles = new Tiles(this.#db);
    this.#leaves = new Leaves(this.#db);
  }

  async checkpoint(): Promise<Seen<string>> {
    const query = this.#db.prepare('SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1');
    const note = query.pluck().get();
    return typeof note === 'string' ? seen(note) : unseen('absent', 'nothing was signed yet');
  }

  async tile({ level, index, width }: TileId): Promise<Seen<Uint8Array>> {
    if (level === 'entries') {
      const entries = this.#leaves.entries(index * 256, index * 256 + width);
      return entries.length === width
        ? seen(encodeEntryBundle(entries))
        : unseen('absent', `entry bundle ${index} is not whole`);
    }
    const hashes = this.#tiles.get(level, index);
    return hashes !== null && hashes.length >= width * 32
      ? seen(hashes.subarray(0, width * 32))
      : unseen('absent', `tile ${level}/${index} is not there`);
  }

  /** Of a large ledger the law alone, which its own table lists: then nobody says it is whole. */
  async leaves(size: number): Promise<Seen<ReadLeaves>> {
    const isWhole = size <= WHOLE_LEAVES_MAX;
    const indexes = isWhole ? Array.from({ length: size }, (_, i) => i) : this.#listed(size);
    const leaves = indexes.flatMap((leafIndex) => {
      const entry = this.#leaves.entry(leafIndex);
      return entry === null ? [] : [{ leafIndex, entry }];
    });
    return seen({ leaves, isWhole: isWhole && leaves.length === size });
  }

  async keys(): Promise<Seen<readonly ServiceKey[]>> {
    return unseen('not-asked', 'the keys of a data folder stand in its log');
  }

  close(): void {
    this.#db.close();
  }

  #listed(size: number): number[] {
    const query = this.#db.prepare(
      'SELECT leaf_index FROM governance WHERE leaf_index < ? ORDER BY leaf_index',
    );
    return query.pluck().all(size) as number[];
  }
}
