import type { Db, Query } from './database.ts';

/** A content that this member may hold and has not. */
export interface WantedContent {
  leafIndex: number;
  /** SHA-256 of the content, as the statement says it. */
  digest: Uint8Array;
  /** The member whose gateway batched it. */
  owner: string;
}

/** Filled in the COMMIT of the block that brought the statement: a crash forgets nothing. */
export const WANTED_SCHEMA = `
CREATE TABLE IF NOT EXISTS wanted_content(
  leaf_index INTEGER PRIMARY KEY, digest BLOB NOT NULL, owner TEXT NOT NULL,
  not_before_ms INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS wanted_owner ON wanted_content(owner, leaf_index);
`;

export class Wanted {
  readonly #insert: Query;
  readonly #next: Query;
  readonly #done: Query;
  readonly #postpone: Query;
  readonly #wake: Query;
  readonly #count: Query;
  readonly #countByOwner: Query;

  constructor(db: Db) {
    this.#insert = db.prepare(
      'INSERT OR IGNORE INTO wanted_content(leaf_index, digest, owner) VALUES (?, ?, ?)',
    );
    this.#next = db.prepare(
      `SELECT leaf_index AS leafIndex, digest, owner FROM wanted_content
       WHERE owner = ? AND not_before_ms <= ? ORDER BY leaf_index LIMIT ?`,
    );
    this.#done = db.prepare('DELETE FROM wanted_content WHERE leaf_index = ?');
    this.#postpone = db.prepare('UPDATE wanted_content SET not_before_ms = ? WHERE leaf_index = ?');
    this.#wake = db.prepare('UPDATE wanted_content SET not_before_ms = 0 WHERE not_before_ms > 0');
    this.#count = db.prepare('SELECT count(*) FROM wanted_content').pluck();
    this.#countByOwner = db.prepare(
      'SELECT owner, count(*) AS count FROM wanted_content GROUP BY owner ORDER BY owner',
    );
  }

  add({ leafIndex, digest, owner }: WantedContent): void {
    this.#insert.run(leafIndex, digest, owner);
  }

  next(owner: string, { nowMs, limit }: { nowMs: number; limit: number }): WantedContent[] {
    return this.#next.all(owner, nowMs, limit) as WantedContent[];
  }

  done(leafIndex: number): void {
    this.#done.run(leafIndex);
  }

  postpone(leafIndex: number, untilMs: number): void {
    this.#postpone.run(untilMs, leafIndex);
  }

  /** A grant or a change of the charter: what was sealed may be had now. */
  wake(): void {
    this.#wake.run();
  }

  count(): number {
    return this.#count.get() as number;
  }

  countByOwner(): { owner: string; count: number }[] {
    return this.#countByOwner.all() as { owner: string; count: number }[];
  }
}
