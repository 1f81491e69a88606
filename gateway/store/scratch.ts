import Database from 'better-sqlite3';
import type { Db } from './database.ts';
import { SCHEMA } from './schema.ts';

/** An empty store that SQLite keeps in memory while it is small, then in a nameless temporary file. */
export function openScratch(): Db {
  const db = new Database('');
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  db.exec(SCHEMA);
  return db;
}
