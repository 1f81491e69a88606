import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataFolder } from '../../../gateway/data-folder.ts';
import { fsck } from '../../../gateway/log/fsck.ts';
import { reindex } from '../../../gateway/log/reindex.ts';
import { StoreError } from '../../../gateway/store/database.ts';
import { FOLD_TABLES } from '../../../gateway/store/schema.ts';
import {
  copyFolder,
  discard,
  dump,
  flipBit,
  livedInLedger,
  overwrite,
  stop,
  truncate,
} from '../../support/lived-in-ledger.ts';

const CHECKED = [...FOLD_TABLES, 'leaf', 'content', 'checkpoint'];

let sound = '';
let bytes = 0;
let original: Record<string, string[]> = {};
beforeAll(async () => {
  sound = stop(await livedInLedger({ batches: 30 }));
  bytes = statSync(dataFolder(sound).ledger).size;
  original = dump(dataFolder(sound).ledger, CHECKED);
});
afterAll(() => discard(sound));

/** Fsck of a copy damaged below SQLite, with what it holds where it is found sound. */
function inspect(damage: (ledger: string) => void) {
  const folder = dataFolder(copyFolder(sound, `${sound}-damaged`));
  try {
    damage(folder.ledger);
    const report = fsck(folder.root);
    if (report.ok) expect(dump(folder.ledger, CHECKED)).toEqual(original);
    return { report, repaired: repair(folder.root) };
  } finally {
    discard(folder.root);
  }
}

/** Either the store is as it was before the damage, or reindex says what it can't do. */
function repair(folder: string): boolean {
  try {
    const { dropped } = reindex(folder, { dropUnreadable: true });
    if (dropped.length > 0) return false;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    expect(error.message).toMatch(/ledger\.db/);
    return false;
  }
  return FOLD_TABLES.every(
    (table) =>
      JSON.stringify(dump(dataFolder(folder).ledger, [table])[table]) ===
      JSON.stringify(original[table]),
  );
}

describe('damage below SQLite', () => {
  test.each([0, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])(
    'a file cut at %d of its length',
    (fraction) => {
      const { report } = inspect((ledger) => truncate(ledger, fraction));
      expect(report.ok).toBe(false);
      expect(report.file).toMatch(/ledger\.db$/);
      expect(report.advice.length).toBeGreaterThan(0);
    },
  );

  test('a bit flipped anywhere is found, or was in no row', () => {
    let found = 0;
    let repaired = 0;
    const step = Math.floor(bytes / 60);
    for (let offset = 17; offset < bytes; offset += step) {
      const outcome = inspect((ledger) => flipBit(ledger, offset, offset % 8));
      found += outcome.report.ok ? 0 : 1;
      repaired += outcome.repaired ? 1 : 0;
    }
    expect(found).toBeGreaterThan(10);
    expect(repaired).toBeGreaterThan(10);
  });

  test('a page of zeros', () => {
    for (let page = 0; page < bytes / 4096; page += 5) {
      inspect((ledger) => overwrite(ledger, page * 4096, new Uint8Array(4096)));
    }
  });
});
