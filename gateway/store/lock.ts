import { accessSync, constants, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError } from './database.ts';

export interface FolderLock {
  release(): void;
}

/**
 * One writer a data folder. SQLite holds the operating system's file lock for us: it ends with the
 * process, also after kill -9, so no stale lock has to be judged by its age or process id.
 */
export function lockFolder(file: string): FolderLock {
  const folder = dirname(file);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    const db = new Database(file, { timeout: 0 });
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
    return { release: () => db.close() };
  } catch (error) {
    throw refusalOf(error as Error & { code?: string }, folder);
  }
}

function refusalOf(cause: Error & { code?: string }, folder: string): StoreError {
  if (cause.code?.startsWith('SQLITE_BUSY')) {
    const message = `${folder} is in use by another truegrain process; stop it first`;
    return new StoreError('store_locked', message, { cause });
  }
  return new StoreError('store_unwritable', `${folder} can't be written: ${cause.message}`, {
    cause,
  });
}
