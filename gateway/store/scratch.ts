import Database from 'better-sqlite3';
import type { Db } from './database.ts';
import { SCHEMA } from './schema.ts';

const PAGE_CACHE_KIB = 128 * 1024;
/** The one index that replay asks: has this key used this number? */
const NEEDED_INDEX = 'pack_seq';

/**
 * An empty store that SQLite keeps in memory while it is small, then in a nameless temporary file.
 * It is written once and read once in key order, so that indexes of the read side would only cost.
 */
export function openScratch(): Db {
  const db = new Database('');
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  db.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
  db.exec(SCHEMA);
  const indexes = db
    .prepare(`SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`)
    .pluck()
    .all() as string[];
  for (const name of indexes) if (name !== NEEDED_INDEX) db.exec(`DROP INDEX ${name}`);
  return db;
}
