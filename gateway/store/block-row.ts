import type { Db, Query } from './database.ts';

export interface BlockPosition {
  height: number;
  appHash: Uint8Array;
}

/** The consensus block this store is at, written in the COMMIT that brought it there. */
export class BlockRow {
  readonly #read: Query;
  readonly #write: Query;

  constructor(db: Db) {
    this.#read = db.prepare('SELECT height, app_hash AS appHash FROM block');
    this.#write = db.prepare('INSERT OR REPLACE INTO block VALUES (1, ?, ?)');
  }

  read(): BlockPosition | null {
    return (this.#read.get() as BlockPosition | undefined) ?? null;
  }

  write({ height, appHash }: BlockPosition): void {
    this.#write.run(height, appHash);
  }
}
