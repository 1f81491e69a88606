import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataFolder } from '../../../gateway/data-folder.ts';
import { SoloLedger } from '../../../gateway/ledger/solo.ts';
import { fsck } from '../../../gateway/log/fsck.ts';
import { reindex } from '../../../gateway/log/reindex.ts';
import { readsOf } from '../../../gateway/reads/reads.ts';
import { openDatabase } from '../../../gateway/store/database.ts';
import { lockFolder } from '../../../gateway/store/lock.ts';
import { FOLD_TABLES } from '../../../gateway/store/schema.ts';
import {
  copyFolder,
  discard,
  dump,
  flipInRow,
  livedInLedger,
  stop,
  tamper,
} from '../../support/lived-in-ledger.ts';

let sound = '';
let original: Record<string, string[]> = {};
const copies: string[] = [];
beforeAll(async () => {
  // More than one tile of leaves, so that the tree has two levels of them.
  const rig = await livedInLedger({ batches: 85 });
  expect(rig.ledger.state.size).toBeGreaterThan(256);
  sound = stop(rig);
  original = dump(dataFolder(sound).ledger);
});
afterAll(() => {
  for (const folder of [sound, ...copies]) discard(folder);
});

function copy() {
  const folder = copyFolder(sound, `${sound}-${copies.length}`);
  copies.push(folder);
  return dataFolder(folder);
}

/** What devices, completeness and readings, page by page, answer over this store. */
async function answers(file: string) {
  const ledger = new SoloLedger(openDatabase(file));
  const nowMs = () => ledger.state.logTimeMs;
  const reads = readsOf({ store: ledger.store, state: () => ledger.state, nowMs });
  const devices = await reads.devices();
  const completeness = await Promise.all(devices.map(({ urn }) => reads.completeness(urn)));
  const readings: unknown[][] = [];
  for (const { urn } of devices) {
    let cursor: string | null = '';
    while (cursor !== null) {
      const query = { device: urn, limit: 50, ...(cursor === '' ? {} : { cursor }) };
      const page = await reads.readings(query);
      if (!page.ok) throw new Error(page.code);
      readings.push([...page.value.rows]);
      cursor = page.value.next;
    }
  }
  ledger.store.db.close();
  return { devices, completeness, readings };
}

describe('reindex', () => {
  test('keeps what a member of an alliance was promised and where its chain is', () => {
    const { root, ledger } = copy();
    for (const [table, row] of [
      ['inbox', "1, x'01', 'urn:dev:ops:32473-x', x'02'"],
      ['block', "1, 7, x'03'"],
      ['snapshot_point', "5, 256, x'04'"],
      ['wanted_content', "9, x'05', 'https://mill.example', 2, 8"],
    ]) {
      tamper(ledger, `INSERT INTO ${table} VALUES (${row})`);
    }
    const before = dump(ledger);
    reindex(root);
    expect(dump(ledger)).toEqual(before);
  });

  test('from the entries alone every table is what it was', () => {
    const { root, ledger } = copy();
    for (const table of FOLD_TABLES) tamper(ledger, `DELETE FROM ${table}`);
    const progress: number[] = [];
    const report = reindex(root, { onProgress: ({ done }) => progress.push(done) });
    expect(dump(ledger)).toEqual(original);
    expect(report).toMatchObject({ dropped: [], size: original['leaf']?.length });
    expect(progress.length).toBeGreaterThan(1);
    expect(fsck(root)).toMatchObject({ ok: true, findings: [], root: report.root });
    expect(existsSync(`${ledger}.reindexed`)).toBe(false);
  });

  test('of a sound store it changes nothing, and the gateway goes on from it', () => {
    const { root, ledger } = copy();
    reindex(root);
    expect(dump(ledger)).toEqual(original);
    const before = new SoloLedger(openDatabase(dataFolder(sound).ledger));
    const after = new SoloLedger(openDatabase(ledger));
    expect(after.state).toEqual(before.state);
    expect(after.root()).toEqual(before.root());
    before.store.db.close();
    after.store.db.close();
  });

  test('every read of the API answers as before', async () => {
    const { root, ledger } = copy();
    const before = await answers(dataFolder(sound).ledger);
    for (const table of FOLD_TABLES) tamper(ledger, `DELETE FROM ${table}`);
    reindex(root);
    expect(before.readings.flat().length).toBeGreaterThan(100);
    expect(await answers(ledger)).toEqual(before);
  });

  test('tables whose very schema is gone come back', () => {
    const { root, ledger } = copy();
    for (const table of ['pack', 'tile', 'stream']) tamper(ledger, `DROP TABLE ${table}`);
    expect(fsck(root).ok).toBe(false);
    reindex(root);
    expect(dump(ledger)).toEqual(original);
  });

  test('a bad entry stops it, names the leaf and leaves the store alone', () => {
    const { root, ledger } = copy();
    flipInRow(ledger, ['leaf', 'entry', 'leaf_index = 20']);
    const bytes = readFileSync(ledger);
    expect(() => reindex(root)).toThrow(/ledger\.db: leaf 20 is not sound .* nothing was changed/);
    expect(readFileSync(ledger).equals(bytes)).toBe(true);
  });

  test('entries lost from the end are not forgotten', () => {
    const { root, ledger } = copy();
    tamper(ledger, 'DELETE FROM leaf WHERE leaf_index >= 101');
    expect(() => reindex(root)).toThrow(/101 entries, but .*signed-tip signed/);
  });

  test('not beside a running gateway, and not without a store', () => {
    const { root, lock, ledger } = copy();
    const held = lockFolder(lock);
    expect(() => reindex(root)).toThrow(/in use by another truegrain process/);
    held.release();
    discard(ledger);
    expect(() => reindex(root)).toThrow(/ledger\.db does not exist/);
  });
});
