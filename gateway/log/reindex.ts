import { existsSync, rmSync } from 'node:fs';
import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import Database from 'better-sqlite3';
import { useNodeCrypto } from '../admit/native-verify.ts';
import { dataFolder } from '../data-folder.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import { type Db, openDatabase, type Query, StoreError } from '../store/database.ts';
import { moveInto } from '../store/durable-files.ts';
import { lockFolder } from '../store/lock.ts';
import { SCHEMA, SCHEMA_VERSION } from '../store/schema.ts';
import { FindingList, isDamage } from './findings.ts';
import { type KeptNote, readCheckpoints, readTips } from './fsck-notes.ts';
import { LeafReader } from './leaf-reader.ts';
import { Proofs } from './proofs.ts';
import { Rebuild } from './rebuild.ts';

/** What can't be computed again is carried over as it is. */
const KEPT_TABLES = [
  'content',
  'checkpoint',
  'refused_frame',
  'credential',
  'enrolment',
  'inbox',
  'block',
  'snapshot_point',
  'wanted_content',
  'capture_job',
  'named_query',
  'subscription',
  'derive_point',
  'derived_event',
  'finding_webhook',
] as const;

export interface ReindexReport {
  size: number;
  root: string;
  statements: number;
  seconds: number;
  /** Tables some of whose rows could not be read and were left behind. */
  dropped: string[];
}

export interface ReindexOptions {
  onProgress?: (progress: { done: number; total: number }) => void;
  /** Copies of the signed tip on other disks. */
  tipCopies?: readonly string[];
  /** Leaves behind rows of contents and local tables that can't be read; never entries. */
  dropUnreadable?: boolean;
}

/**
 * Writes a new store from the entries alone and puts it in the old one's place; needs as much free
 * disk as the store has. The gateway must be stopped. Throws StoreError where an entry can't be read
 * or is missing, or does not follow from those before it; the old store is untouched then.
 */
export function reindex(dataDir: string, options: ReindexOptions = {}): ReindexReport {
  useNodeCrypto();
  const { ledger, lock, signedTip } = dataFolder(dataDir);
  if (!existsSync(ledger)) throw new StoreError('store_corrupt', `${ledger} does not exist`);
  const held = lockFolder(lock);
  try {
    const tips = readTips([signedTip, ...(options.tipCopies ?? [])], new FindingList());
    return rewrite(ledger, tips, options);
  } catch (error) {
    if (error instanceof StoreError || !isDamage(error)) throw error;
    throw corrupt(ledger, (error as Error).message, error);
  } finally {
    held.release();
  }
}

function rewrite(
  ledger: string,
  tips: readonly KeptNote[],
  options: ReindexOptions,
): ReindexReport {
  const startMs = performance.now();
  const next = `${ledger}.reindexed`;
  rmSync(next, { force: true });
  const old = openDatabase(ledger);
  const fresh = openFresh(next);
  try {
    fresh.exec('BEGIN');
    const rebuild = refold({ old, fresh, file: ledger }, options);
    requireSigned(rebuild, { tips, old, file: ledger });
    const dropped = KEPT_TABLES.filter((table) => !copyRows(table, { old, fresh }));
    if (dropped.length > 0 && !options.dropUnreadable) {
      throw corrupt(ledger, `table ${dropped.join(', ')} has rows that can't be read`);
    }
    indexContents(rebuild.store);
    fresh.exec('COMMIT');
    // Empties the WAL: one left beside the new file would be played into it.
    const [busy] = old.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    if (busy?.busy !== 0) throw new StoreError('store_locked', `${ledger} is in use`);
    // Kept in the file's header: a store of another mode can't be opened read-only by fsck.
    fresh.pragma('journal_mode = WAL');
    fresh.close();
    old.close();
    putInPlace(next, ledger);
    return {
      size: rebuild.tree.size,
      root: toHex(rebuild.tree.root()),
      statements: rebuild.statements,
      seconds: (performance.now() - startMs) / 1_000,
      dropped,
    };
  } finally {
    if (old.open) old.close();
    if (fresh.open) fresh.close();
    rmSync(next, { force: true });
  }
}

const PAGE_CACHE_KIB = 128 * 1024;

function openFresh(file: string): Db {
  const db = new Database(file);
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  db.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
  db.exec(SCHEMA);
  db.pragma(`user_version = ${SCHEMA_VERSION}`);
  return db;
}

/**
 * A crash before the rename leaves the old store and a stray file that the next run removes; after
 * it, the new store.
 */
function putInPlace(next: string, ledger: string): void {
  for (const suffix of ['-wal', '-shm']) rmSync(`${ledger}${suffix}`, { force: true });
  moveInto(next, ledger);
}

function refold(
  { old, fresh, file }: { old: Db; fresh: Db; file: string },
  options: ReindexOptions,
): Rebuild {
  const insert = fresh.prepare('INSERT INTO leaf VALUES (?, ?)');
  const reader = new LeafReader(old);
  const rebuild: Rebuild = new Rebuild(fresh, { entryAt: (i) => rebuild.store.leaves.entry(i) });
  const total = reader.size() ?? 0;
  for (const { leafIndex, entry, why } of reader.leaves(total)) {
    if (!entry) throw corrupt(file, `leaf ${leafIndex} can't be read (${why})`);
    insert.run(leafIndex, entry);
    const replayed = rebuild.push(entry);
    if (replayed.kind === 'fault') {
      const { code, detail } = replayed.fault;
      throw corrupt(file, `leaf ${leafIndex} is not sound (${code}: ${detail})`);
    }
    if (leafIndex % PROGRESS_EVERY === 0) options.onProgress?.({ done: leafIndex, total });
  }
  const open = rebuild.end();
  if (open) throw corrupt(file, `leaf ${open.leafIndex}: ${open.detail}`);
  return rebuild;
}

/** What is found by contents; by now they stand beside their entries. */
function indexContents(store: LedgerStore): void {
  // Read whole pages at a time: a statement that iterates keeps the connection from writing.
  const page = store.db
    .prepare(
      'SELECT leaf_index, bytes FROM content WHERE leaf_index > ? ORDER BY leaf_index LIMIT ?',
    )
    .raw();
  let after = -1;
  for (;;) {
    const contents = page.all(after, CONTENTS_PAGE) as [number, Uint8Array][];
    for (const [leafIndex, bytes] of contents) store.indexContent(leafIndex, bytes);
    const last = contents.at(-1);
    if (!last) return;
    [after] = last;
  }
}

const CONTENTS_PAGE = 1_000;

/** A store that lost its last entries still folds: only what was signed knows that there were more. */
function requireSigned(
  { tree, store }: Rebuild,
  { tips, old, file }: { tips: readonly KeptNote[]; old: Db; file: string },
): void {
  const proofs = new Proofs((level, index) => store.tiles.get(level, index));
  for (const { checkpoint, where } of [...tips, ...readCheckpoints(old, new FindingList())]) {
    const { size, root } = checkpoint;
    if (size > tree.size) throw corrupt(file, `${tree.size} entries, but ${where} signed ${size}`);
    if (!equal(proofs.root(size), root)) {
      throw corrupt(
        file,
        `the entries are not those of the checkpoint of size ${size} in ${where}`,
      );
    }
  }
}

/** False where rows were lost: it then reads from both ends, so that a bad page costs its own rows only. */
function copyRows(table: string, { old, fresh }: { old: Db; fresh: Db }): boolean {
  const columns = fresh.pragma(`table_info(${table})`) as { name: string; pk: number }[];
  const key = columns.find(({ pk }) => pk === 1)?.name;
  const marks = columns.map(() => '?').join(', ');
  const insert = fresh.prepare(`INSERT OR IGNORE INTO ${table} VALUES (${marks})`);
  if (copyInOrder(old, { sql: `SELECT * FROM ${table} ORDER BY ${key}`, insert })) return true;
  copyInOrder(old, { sql: `SELECT * FROM ${table} ORDER BY ${key} DESC`, insert });
  return false;
}

function copyInOrder(old: Db, { sql, insert }: { sql: string; insert: Query }): boolean {
  try {
    for (const row of old.prepare(sql).raw().iterate() as Iterable<unknown[]>) insert.run(...row);
    return true;
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

const PROGRESS_EVERY = 256;

function corrupt(file: string, what: string, cause?: unknown): StoreError {
  const message = `${file}: ${what}; nothing was changed. \`truegrain fsck\` says what can be done`;
  return new StoreError('store_corrupt', message, { cause });
}
