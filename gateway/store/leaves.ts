import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { Db, Query } from './database.ts';

/** Entries by position and by statement id, with what may be erased beside them. */
export class Leaves {
  readonly #insert: Query;
  readonly #insertRef: Query;
  readonly #insertContent: Query;
  readonly #entry: Query;
  readonly #range: Query;
  readonly #refs: Query;
  readonly #content: Query;
  readonly #deleteContent: Query;
  readonly #contentsFrom: Query;
  readonly #size: Query;

  constructor(db: Db) {
    this.#insert = db.prepare('INSERT INTO leaf VALUES (?, ?)');
    this.#insertRef = db.prepare('INSERT INTO statement_ref VALUES (?, ?)');
    this.#insertContent = db.prepare('INSERT OR IGNORE INTO content VALUES (?, ?)');
    this.#entry = db.prepare('SELECT entry FROM leaf WHERE leaf_index = ?').pluck();
    this.#range = db
      .prepare(
        'SELECT entry FROM leaf WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index',
      )
      .pluck();
    this.#refs = db.prepare('SELECT leaf_index FROM statement_ref WHERE id48 = ?').pluck();
    this.#content = db.prepare('SELECT bytes FROM content WHERE leaf_index = ?').pluck();
    this.#contentsFrom = db.prepare(
      `SELECT leaf_index AS leafIndex, bytes FROM content WHERE leaf_index >= ?
       ORDER BY leaf_index LIMIT ?`,
    );
    this.#deleteContent = db.prepare('DELETE FROM content WHERE leaf_index = ?');
    this.#size = db.prepare('SELECT coalesce(max(leaf_index) + 1, 0) FROM leaf').pluck();
  }

  size(): number {
    return this.#size.get() as number;
  }

  append(leafIndex: number, entry: Uint8Array): void {
    this.#insert.run(leafIndex, entry);
  }

  refer(leafIndex: number, id: Uint8Array): void {
    this.#insertRef.run(id48(id), leafIndex);
  }

  /** False where there is one already. */
  keepContent(leafIndex: number, bytes: Uint8Array): boolean {
    return this.#insertContent.run(leafIndex, bytes).changes === 1;
  }

  entry(leafIndex: number): Uint8Array | null {
    return (this.#entry.get(leafIndex) as Uint8Array | undefined) ?? null;
  }

  /** Entries from `start` up to, not including, `end`. */
  entries(start: number, end: number): Uint8Array[] {
    return this.#range.all(start, end) as Uint8Array[];
  }

  iterate(start: number, end: number): IterableIterator<Uint8Array> {
    return this.#range.iterate(start, end) as IterableIterator<Uint8Array>;
  }

  find(id: Uint8Array): number | null {
    for (const leafIndex of this.#refs.all(id48(id)) as number[]) {
      const entry = this.entry(leafIndex);
      const parsed = entry ? parseStatement(entry) : null;
      if (parsed?.ok && equal(parsed.value.id, id)) return leafIndex;
    }
    return null;
  }

  content(leafIndex: number): Uint8Array | null {
    return (this.#content.get(leafIndex) as Uint8Array | undefined) ?? null;
  }

  /** Contents that are kept, ascending. */
  contentsFrom(leafIndex: number, limit: number): { leafIndex: number; bytes: Uint8Array }[] {
    return this.#contentsFrom.all(leafIndex, limit) as { leafIndex: number; bytes: Uint8Array }[];
  }

  /** What another statement left at this place is removed: a ledger was taken over anew. */
  holdsContent(leafIndex: number, digest: Uint8Array): boolean {
    const content = this.content(leafIndex);
    if (content === null) return false;
    if (equal(sha256(content), digest)) return true;
    this.eraseContent(leafIndex);
    return false;
  }

  eraseContent(leafIndex: number): void {
    this.#deleteContent.run(leafIndex);
  }
}

function id48(id: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < 6; i += 1) value = value * 256 + (id[i] ?? 0);
  return value;
}
