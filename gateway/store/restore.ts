import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { dataFolder } from '../data-folder.ts';
import { BACKUP_CHECKPOINT, BACKUP_LEDGER } from './backup.ts';
import { StoreError } from './database.ts';
import { copyDurably, moveInto } from './durable-files.ts';
import { lockFolder } from './lock.ts';
import { type Manifest, verifyBackup } from './manifest.ts';

export interface RestoreOptions {
  /** Replaces a store that is there. */
  force?: boolean;
  /** Size of the newest checkpoint this member signed, by the tip files; null where there is none. */
  signedSize: number | null;
  onFile?: (path: string) => void;
}

export interface RestoreReport {
  manifest: Manifest;
  restored: string[];
  /** The store is older than what was signed: nothing will be signed until it has caught up. */
  behindSignedTip: boolean;
  explanation: string[];
}

/**
 * Puts a verified backup in a data folder. Keys, configuration and the like are written only where
 * there are none; the signed tip is left alone always (DESIGN §7).
 */
export function restore(
  backupDir: string,
  dataDir: string,
  options: RestoreOptions,
): RestoreReport {
  const from = resolve(backupDir);
  const folder = dataFolder(dataDir);
  const manifest = verifyBackup(from, options.onFile);
  const held = lockFolder(folder.lock);
  try {
    if (existsSync(folder.ledger) && !options.force) {
      const message = `${folder.ledger} exists; --force replaces it, and what it has and the backup has not is lost`;
      throw new StoreError('store_unwritable', message);
    }
    const paths = manifest.files.map(({ path }) => path);
    const restored = putMissing(from, folder.root, paths);
    putLedger(join(from, BACKUP_LEDGER), folder.ledger);
    const { signedSize } = options;
    return {
      manifest,
      restored: [BACKUP_LEDGER, ...restored],
      behindSignedTip: signedSize !== null && signedSize > manifest.size,
      explanation: explain(manifest, signedSize),
    };
  } finally {
    held.release();
  }
}

/**
 * The old WAL goes first: it must never be played into the new file. A crash in between leaves the
 * old store without its last commits, which were about to be replaced.
 */
function putLedger(from: string, to: string): void {
  const temporary = `${to}.restored`;
  copyDurably(from, temporary);
  for (const suffix of ['-wal', '-shm']) rmSync(`${to}${suffix}`, { force: true });
  moveInto(temporary, to);
}

/** Only what is not there: a key that is there may be newer. */
function putMissing(from: string, root: string, paths: readonly string[]): string[] {
  return paths.filter((path) => {
    const target = join(root, path);
    if (ONLY_IN_BACKUPS.has(path) || existsSync(target)) return false;
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    copyDurably(join(from, path), target);
    return true;
  });
}

const ONLY_IN_BACKUPS = new Set([BACKUP_LEDGER, BACKUP_CHECKPOINT]);

function explain({ size, createdMs }: Manifest, signedSize: number | null): string[] {
  const lines = [`The store now has ${size} entries, as of ${new Date(createdMs).toISOString()}.`];
  if (signedSize === null) {
    lines.push(
      'No signed tip was found in this folder or its copies. If this member signed anything after ' +
        'the backup, put its newest checkpoint there as `signed-tip` before you start: without it ' +
        'nothing stops the gateway from signing a second history.',
    );
  } else if (signedSize > size) {
    lines.push(
      `This member has signed a log of ${signedSize} entries, ${signedSize - size} more than the backup has.`,
      'The gateway signs no checkpoint and no receipt until its tree extends that one: bring the ' +
        'missing entries back from a newer backup or a copy of the log. Devices keep what was not receipted.',
      'Do not delete the signed tip: a second history under the same keys can be proved by ' +
        'everybody who holds one of its checkpoints.',
    );
  }
  lines.push('Contents erased after the backup are in the store again: erase them again.');
  return lines;
}
