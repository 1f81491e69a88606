import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { MIGRATIONS, SCHEMA_VERSION } from './schema.ts';

export type Db = Database.Database;
export type Query = Database.Statement;

export type StoreErrorCode =
  | 'store_unwritable'
  | 'store_corrupt'
  | 'store_newer'
  | 'store_older'
  | 'store_locked';

/** The store can't be used as it is; the message says which file and what can be done. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const PAGE_CACHE_KIB = 64 * 1024;
/** 64 MiB: the indexes touch the same pages again and again, and each checkpoint writes them once. */
const WAL_PAGES_BEFORE_CHECKPOINT = 16_000;

/**
 * Opens a store, creating or migrating it. Every open sets synchronous=FULL and reads it back:
 * better-sqlite3 reopens a WAL file at NORMAL, under which a power cut loses acknowledged rows.
 */
export function openDatabase(file: string, options: { readonly?: boolean } = {}): Db {
  try {
    if (!options.readonly) prepareFolder(file);
    const db = new Database(file, { readonly: options.readonly ?? false, timeout: 5_000 });
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    if (db.pragma('synchronous', { simple: true }) !== 2)
      throw new Error('synchronous is not FULL');
    db.pragma('secure_delete = ON');
    db.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
    db.pragma(`wal_autocheckpoint = ${WAL_PAGES_BEFORE_CHECKPOINT}`);
    migrate(db, file);
    return db;
  } catch (error) {
    throw asStoreError(error, file);
  }
}

function prepareFolder(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  accessSync(dirname(file), constants.W_OK);
  if (existsSync(file)) accessSync(file, constants.W_OK);
}

/** A crash inside leaves the older version whole: schema and version change in one transaction. */
function migrate(db: Db, file: string): void {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      'store_newer',
      `${file} was written by a newer version (store ${version}, this program knows ${SCHEMA_VERSION})`,
    );
  }
  if (db.readonly && version < SCHEMA_VERSION) {
    throw new StoreError(
      'store_older',
      `${file} was written by an earlier version (store ${version}, this program has ${SCHEMA_VERSION}): start the gateway once, which brings it up to date`,
    );
  }
  for (let from = version; from < SCHEMA_VERSION; from += 1) {
    const sql = MIGRATIONS[from];
    if (sql === undefined) throw new Error(`no migration from store version ${from}`);
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${from + 1}`);
    })();
  }
}

function asStoreError(error: unknown, file: string): Error {
  if (error instanceof StoreError || !(error instanceof Error)) return error as Error;
  const code = (error as { code?: string }).code ?? '';
  if (
    ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'SQLITE_CANTOPEN', 'SQLITE_READONLY'].includes(code)
  ) {
    return new StoreError('store_unwritable', `${file} can't be written: ${error.message}`, {
      cause: error,
    });
  }
  if (code === 'SQLITE_BUSY') {
    return new StoreError('store_locked', `${file} is in use by another process`, { cause: error });
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return new StoreError(
      'store_corrupt',
      `${file} is damaged (${error.message}); run \`truegrain fsck\` to see what is left, \`truegrain restore\` to go back to a backup`,
      { cause: error },
    );
  }
  return error;
}
