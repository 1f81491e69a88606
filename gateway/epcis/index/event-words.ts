import type { Db, Query } from '../../store/database.ts';

const CACHED_MAX = 100_000;

/** Tables of the texts that rows of the index share; each text has a number. */
const TABLES = {
  event_word: {
    columns: ['word'],
    users: ['SELECT 1 FROM event_item WHERE item = ? LIMIT 1'],
  },
  event_phrase: {
    columns: ['name', 'value'],
    users: [
      'SELECT 1 FROM event_term WHERE phrase = ? LIMIT 1',
      'SELECT 1 FROM event_number WHERE phrase = ? LIMIT 1',
    ],
  },
} as const;

/**
 * Numbers of texts. Nothing counts how often one is used: whether any row still has it is one look
 * at the beginning of a primary key, and asked only when an event is erased.
 */
export class EventWords {
  readonly #find: Query;
  readonly #insert: Query;
  readonly #delete: Query;
  readonly #next: Query;
  readonly #users: readonly Query[];
  readonly #cache = new Map<string, number>();
  #nextNo: number;

  constructor(db: Db, table: keyof typeof TABLES) {
    const { columns, users } = TABLES[table];
    const where = columns.map((column) => `${column} = ?`).join(' AND ');
    this.#find = db.prepare(`SELECT no FROM ${table} WHERE ${where}`).pluck();
    this.#insert = db.prepare(`INSERT INTO ${table} VALUES (?, ${columns.map(() => '?').join()})`);
    this.#delete = db.prepare(`DELETE FROM ${table} WHERE no = ?`);
    this.#next = db.prepare(`SELECT coalesce(max(no) + 1, 0) FROM ${table}`).pluck();
    this.#users = users.map((sql) => db.prepare(sql).pluck());
    this.#nextNo = this.#next.get() as number;
  }

  /** After a rollback: numbers given out in the transaction were never written. */
  forget(): void {
    this.#cache.clear();
    this.#nextNo = this.#next.get() as number;
  }

  /** Number of a text, given out where it has none. */
  number(...texts: string[]): number {
    const known = this.find(...texts);
    if (known !== null) return known;
    const no = this.#nextNo;
    this.#nextNo += 1;
    this.#insert.run(no, ...texts);
    this.#keep(keyOf(texts), no);
    return no;
  }

  find(...texts: string[]): number | null {
    const key = keyOf(texts);
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    const no = this.#find.get(...texts) as number | undefined;
    if (no === undefined) return null;
    this.#keep(key, no);
    return no;
  }

  /** After rows that used it are gone: so is the text, where they were the last. */
  release(...texts: string[]): void {
    const no = this.find(...texts);
    if (no === null || this.#users.some((query) => query.get(no) !== undefined)) return;
    this.#delete.run(no);
    this.#cache.delete(keyOf(texts));
  }

  #keep(key: string, no: number): void {
    if (this.#cache.size >= CACHED_MAX) this.#cache.clear();
    this.#cache.set(key, no);
  }
}

function keyOf(texts: readonly string[]): string {
  return texts.length === 1 ? (texts[0] ?? '') : JSON.stringify(texts);
}
