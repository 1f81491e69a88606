import type { Db, Query } from './database.ts';

/** Tiles of hashes (C2SP tlog-tiles); the rightmost of each level grows until it has 256. */
export class Tiles {
  readonly #put: Query;
  readonly #get: Query;

  constructor(db: Db) {
    this.#put = db.prepare('INSERT OR REPLACE INTO tile VALUES (?, ?, ?)');
    this.#get = db.prepare('SELECT hashes FROM tile WHERE level = ? AND idx = ?').pluck();
  }

  put(row: { level: number; index: number; hashes: Uint8Array }): void {
    this.#put.run(row.level, row.index, row.hashes);
  }

  get(level: number, index: number): Uint8Array | null {
    return (this.#get.get(level, index) as Uint8Array | undefined) ?? null;
  }
}
