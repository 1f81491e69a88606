import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { CONFIG_NAME } from '../config.ts';
import { type DataFolder, dataFolder } from '../data-folder.ts';
import { LedgerStore } from '../ledger/ledger-store.ts';
import { openDatabase, StoreError } from './database.ts';
import { copyDurably, syncPath, writeDurably } from './durable-files.ts';
import { describeFile, MANIFEST_NAME, type Manifest } from './manifest.ts';

export const BACKUP_LEDGER = 'ledger.db';
export const BACKUP_CHECKPOINT = 'checkpoint';
const PAGES_A_STEP = 1_000;

export interface BackupOptions {
  /** Copies the member's secret keys too: whoever has them is this member. */
  withKeys?: boolean;
  onProgress?: (progress: { done: number; total: number }) => void;
  nowMs?: () => number;
}

/**
 * Copies the store of a running or stopped gateway, as it was at one instant, into a new folder.
 * Tokens are left out (restoring them would revive revoked ones) and so is the signed tip, whose
 * whole use is to be newer than any backup; the engine's folder too: a vote state that is put back
 * would vote twice.
 */
export async function backup(
  dataDir: string,
  destination: string,
  options: BackupOptions = {},
): Promise<Manifest> {
  const folder = dataFolder(dataDir);
  const target = resolve(destination);
  if (existsSync(target)) {
    throw new StoreError('store_unwritable', `${target} exists; a backup never overwrites`);
  }
  if (!existsSync(folder.ledger)) {
    throw new StoreError('store_corrupt', `${folder.ledger} does not exist`);
  }
  const partial = `${target}.partial`;
  try {
    if (existsSync(partial)) rmSync(partial, { recursive: true });
    mkdirSync(partial, { recursive: true, mode: 0o700 });
    const copied = await copyStore(folder.ledger, partial, options);
    const others = copyFiles(folder, partial, options.withKeys ?? false);
    const files = [...copied, ...others].map((path) => describeFile(partial, path));
    const manifest = { ...describeLedger(partial, options.nowMs ?? Date.now), files };
    writeDurably(join(partial, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`);
    renameSync(partial, target);
    syncPath(dirname(target));
    return manifest;
  } catch (error) {
    if (existsSync(partial)) rmSync(partial, { recursive: true });
    throw unwritable(error, target);
  }
}

/** SQLite starts the copy again at every commit of another process, so one snapshot is held. */
async function copyStore(ledger: string, into: string, options: BackupOptions): Promise<string[]> {
  const db = openDatabase(ledger, { readonly: true });
  const copy = join(into, BACKUP_LEDGER);
  try {
    db.exec('BEGIN');
    const newest = db.prepare('SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1').pluck();
    const note = newest.get() as string | undefined;
    await db.backup(copy, {
      progress: ({ totalPages, remainingPages }) => {
        options.onProgress?.({ done: totalPages - remainingPages, total: totalPages });
        return PAGES_A_STEP;
      },
    });
    chmodSync(copy, 0o600);
    syncPath(copy);
    if (note === undefined) return [BACKUP_LEDGER];
    writeDurably(join(into, BACKUP_CHECKPOINT), note);
    return [BACKUP_LEDGER, BACKUP_CHECKPOINT];
  } finally {
    db.close();
  }
}

/** What anybody may see, and by wish what makes this member: keys, retired ones too, and its CA. */
function copyFiles(
  { root, founding, invitation, card, keys, tls }: DataFolder,
  into: string,
  withKeys: boolean,
): string[] {
  const open = [join(root, CONFIG_NAME), founding, invitation, card];
  const paths = open.filter(existsSync).map((file) => basename(file));
  if (withKeys) {
    for (const folder of [keys, tls].filter(existsSync)) {
      const names = readdirSync(folder).filter((name) => name.endsWith('.pem'));
      paths.push(...names.sort().map((name) => `${basename(folder)}/${name}`));
    }
  }
  for (const path of paths) {
    mkdirSync(dirname(join(into, path)), { recursive: true, mode: 0o700 });
    copyDurably(join(root, path), join(into, path));
  }
  return paths;
}

/** Read from the copy, so that a copy that can't be opened is no backup. */
function describeLedger(folder: string, nowMs: () => number): Omit<Manifest, 'files'> {
  const db = openDatabase(join(folder, BACKUP_LEDGER), { readonly: true });
  try {
    const store = new LedgerStore(db);
    const { ledgerId, charter, size } = store.loadState();
    if (!ledgerId || !charter) throw new StoreError('store_corrupt', 'the store has no charter');
    const newest = db.prepare('SELECT max(size) FROM checkpoint').pluck().get();
    return {
      v: 1,
      createdMs: nowMs(),
      ledgerId: toHex(ledgerId),
      origin: `${charter.ledgerName}/${toHex(ledgerId)}`,
      size,
      root: toHex(store.loadTree(size).root()),
      checkpointSize: newest as number | null,
    };
  } finally {
    db.close();
  }
}

function unwritable(error: unknown, target: string): unknown {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR'].includes(code)) return error;
  return new StoreError('store_unwritable', `${target} can't be written: ${message}`, {
    cause: error,
  });
}
