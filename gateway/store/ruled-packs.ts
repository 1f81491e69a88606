import type { Db, Query } from './database.ts';
import type { PackRow } from './packs.ts';

/** Statements of the log that broke a rule, to be found by device and time. */
export const RULED_SCHEMA = `
CREATE TABLE IF NOT EXISTS ruled_pack(
  key_no INTEGER NOT NULL, first_ms INTEGER NOT NULL, leaf_index INTEGER NOT NULL,
  PRIMARY KEY(key_no, first_ms, leaf_index)) WITHOUT ROWID;
`;

export class RuledPacks {
  readonly #insert: Query;
  readonly #range: Query;

  constructor(db: Db) {
    this.#insert = db.prepare('INSERT OR IGNORE INTO ruled_pack VALUES (?, ?, ?)');
    this.#range = db
      .prepare(
        `SELECT leaf_index FROM ruled_pack
         WHERE key_no = ? AND first_ms >= ? AND first_ms < ? ORDER BY first_ms, leaf_index LIMIT ?`,
      )
      .pluck();
  }

  add({ keyNo, firstMs, leafIndex }: PackRow): void {
    this.#insert.run(keyNo, firstMs, leafIndex);
  }

  /** Leaves of packs that begin in [fromMs, toMs), in the order of that. */
  leavesOf(keyNo: number, range: { fromMs: number; toMs: number; limit: number }): number[] {
    return this.#range.all(keyNo, range.fromMs, range.toMs, range.limit) as number[];
  }
}
