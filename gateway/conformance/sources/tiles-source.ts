import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TileId, tilePath } from '@truegrain/device-sdk/formats/tiles.js';
import { HttpReader, type HttpReaderOptions } from '../http-reader.ts';
import type { LedgerSource, ReadLeaves, ServiceKey, TimedRead } from '../ledger-source.ts';
import { type Seen, seen, unseen } from '../seen.ts';
import { leavesOfBundles } from './bundles.ts';

/** A C2SP tlog-tiles log: `checkpoint` and `tile/…` under one prefix, on the web or on disk. */
export class TilesSource implements LedgerSource {
  readonly kind = 'tiles';
  readonly where: string;
  readonly timed: readonly TimedRead[];
  readonly #read: (path: string) => Promise<Seen<Uint8Array>>;

  private constructor(
    where: string,
    read: (path: string) => Promise<Seen<Uint8Array>>,
    timed: readonly string[],
  ) {
    this.where = where;
    this.#read = read;
    this.timed = timed.map((path) => ({ name: `GET ${path}`, read: () => read(path) }));
  }

  static atUrl(url: string, options: HttpReaderOptions = {}): TilesSource {
    const reader = new HttpReader(url, options);
    return new TilesSource(reader.base, (path) => reader.bytes(path), ['/checkpoint']);
  }

  static inFolder(folder: string): TilesSource {
    return new TilesSource(folder, async (path) => fileIn(folder, path), []);
  }

  async checkpoint(): Promise<Seen<string>> {
    const got = await this.#read('/checkpoint');
    if (!got.seen) return got;
    try {
      return seen(new TextDecoder('utf-8', { fatal: true }).decode(got.value));
    } catch {
      return unseen('malformed', '/checkpoint: not UTF-8 text');
    }
  }

  tile(tile: TileId): Promise<Seen<Uint8Array>> {
    return this.#read(`/${tilePath(tile)}`);
  }

  leaves(size: number): Promise<Seen<ReadLeaves>> {
    return leavesOfBundles(this, size);
  }

  async keys(): Promise<Seen<readonly ServiceKey[]>> {
    return unseen('not-asked', 'a tile log publishes no key set: its keys stand in the policy');
  }

  close(): void {}
}

/** Paths are the checker's own (`tilePath`), never the log's. */
function fileIn(folder: string, path: string): Seen<Uint8Array> {
  const file = join(folder, path);
  if (!existsSync(file)) return unseen('absent', `${file} is not there`);
  try {
    return seen(new Uint8Array(readFileSync(file)));
  } catch (error) {
    return unseen('unreachable', `${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}
