import type { Db, Query } from './database.ts';

/** The content of a statement in the log that this member has not. */
export interface WantedContent {
  leafIndex: number;
  /** SHA-256 of the content, as the statement says it. */
  digest: Uint8Array;
  /** The member whose gateway batched it. */
  owner: string;
}

export interface WantedRow extends WantedContent {
  /** How often its owner was asked and had no such content, nor anybody else. */
  tries: number;
}

export interface WantedCount {
  owner: string;
  count: number;
  /** Of these, refused by who decides; not asked for again before `wake`. */
  sealed: number;
}

/** Filled in the COMMIT of the block that brought the statement: a crash forgets nothing. */
export const WANTED_SCHEMA = `
CREATE TABLE IF NOT EXISTS wanted_content(
  leaf_index INTEGER PRIMARY KEY, digest BLOB NOT NULL, owner TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  -- Not asked for before this time; 2^53 - 1 = sealed.
  retry_ms INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS wanted_next ON wanted_content(owner, retry_ms);
`;

const SEALED_MS = Number.MAX_SAFE_INTEGER;

/** What is to be fetched from other members. A row goes in the COMMIT that keeps its content. */
export class Wanted {
  readonly #db: Db;
  readonly #insert: Query;
  readonly #nextOwner: Query;
  readonly #next: Query;
  readonly #done: Query;
  readonly #postpone: Query;
  readonly #seal: Query;
  readonly #wake: Query;
  readonly #has: Query;
  readonly #count: Query;
  readonly #countByOwner: Query;

  constructor(db: Db) {
    this.#db = db;
    this.#insert = db.prepare(
      'INSERT OR IGNORE INTO wanted_content(leaf_index, digest, owner, retry_ms) VALUES (?, ?, ?, ?)',
    );
    // One step in the index, where DISTINCT would read all of it.
    this.#nextOwner = db
      .prepare('SELECT owner FROM wanted_content WHERE owner > ? ORDER BY owner LIMIT 1')
      .pluck();
    this.#next = db.prepare(
      `SELECT leaf_index AS leafIndex, digest, owner, tries FROM wanted_content
       WHERE owner = ? AND retry_ms <= ? ORDER BY retry_ms, leaf_index LIMIT ?`,
    );
    this.#done = db.prepare('DELETE FROM wanted_content WHERE leaf_index = ?');
    this.#postpone = db.prepare(
      'UPDATE wanted_content SET retry_ms = ?, tries = tries + ? WHERE leaf_index = ?',
    );
    this.#seal = db.prepare(
      `UPDATE wanted_content SET retry_ms = ${SEALED_MS} WHERE leaf_index = ?`,
    );
    this.#wake = db.prepare(
      `UPDATE wanted_content SET retry_ms = 0 WHERE owner = ? AND retry_ms = ${SEALED_MS}`,
    );
    this.#has = db.prepare('SELECT 1 FROM wanted_content WHERE leaf_index = ?').pluck();
    this.#count = db.prepare('SELECT count(*) FROM wanted_content').pluck();
    this.#countByOwner = db.prepare(
      `SELECT owner, count(*) AS count, sum(retry_ms = ${SEALED_MS}) AS sealed
       FROM wanted_content GROUP BY owner ORDER BY owner`,
    );
  }

  /** `isSealed`: who decides would refuse it; it waits for a grant. */
  add({ leafIndex, digest, owner }: WantedContent, { isSealed = false } = {}): void {
    this.#insert.run(leafIndex, digest, owner, isSealed ? SEALED_MS : 0);
  }

  /** Of everything that is wanted, due or not. */
  owners(): string[] {
    const owners: string[] = [];
    for (let owner = ''; ; owners.push(owner)) {
      const next = this.#nextOwner.get(owner) as string | undefined;
      if (next === undefined) return owners;
      owner = next;
    }
  }

  /** What is due, in the order in which it fell due. */
  next(owner: string, { nowMs, limit }: { nowMs: number; limit: number }): WantedRow[] {
    return this.#next.all(owner, nowMs, limit) as WantedRow[];
  }

  /** False where it was not wanted any more: kept by another way, or erased meanwhile. */
  done(leafIndex: number): boolean {
    return this.#done.run(leafIndex).changes > 0;
  }

  /** `isTry`: it counts for how long the next wait is. */
  postpone(leafIndex: number, { untilMs, isTry }: { untilMs: number; isTry: boolean }): void {
    this.#postpone.run(untilMs, isTry ? 1 : 0, leafIndex);
  }

  seal(leafIndex: number): void {
    this.#seal.run(leafIndex);
  }

  /** After a grant or a change of the charter: what was sealed may be had now. */
  wake(): void {
    for (const owner of this.owners()) this.#wake.run(owner);
  }

  has(leafIndex: number): boolean {
    return this.#has.get(leafIndex) !== undefined;
  }

  count(): number {
    return this.#count.get() as number;
  }

  countByOwner(): WantedCount[] {
    return this.#countByOwner.all() as WantedCount[];
  }

  /** One COMMIT for what `run` does. */
  transaction(run: () => void): void {
    this.#db.transaction(run)();
  }
}
