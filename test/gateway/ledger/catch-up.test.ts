// A store that was written before there were sums, aliases and places of broken rules.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SoloLedger } from '../../../gateway/ledger/solo.ts';
import { fsck } from '../../../gateway/log/fsck.ts';
import { type Db, openDatabase } from '../../../gateway/store/database.ts';
import { MIGRATIONS } from '../../../gateway/store/schema.ts';
import { SoloRig, T0_MS } from '../../support/solo-ledger.ts';

const BEFORE = 3;
const TABLES = ['subject_alias', 'sensor_series', 'sensor_span', 'sensor_subject', 'ruled_pack'];

let rig: SoloRig;
beforeEach(() => {
  rig = new SoloRig();
});
afterEach(() => rig.close());

const rowsOf = (db: Db) =>
  TABLES.map((table) => db.prepare(`SELECT * FROM ${table}`).raw().all().map(String).sort());

/** As the program of that version left it. */
function agedStore(): void {
  const { db } = rig.ledger.store;
  const made = MIGRATIONS.slice(BEFORE)
    .join('')
    .matchAll(/CREATE (TABLE|INDEX) IF NOT EXISTS (\w+)/g);
  for (const [, kind, name] of [...made].reverse()) db.exec(`DROP ${kind} IF EXISTS ${name}`);
  db.pragma(`user_version = ${BEFORE}`);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

async function history(): Promise<void> {
  const device = await rig.enrol('a');
  rig.commit(
    rig.temperatures(device, T0_MS - 90_000, [4, 5, 6]),
    rig.temperatures(device, T0_MS - 30_000, [7], {
      sub: 'urn:epc:id:sscc:0614141.1234567890',
    }),
  );
  rig.anchor();
}

test('is given all of it at its first start, once, and is sound then', async () => {
  await history();
  const before = rowsOf(rig.ledger.store.db);
  expect(before[0]).toHaveLength(2);
  const { size } = rig.ledger.state;
  agedStore();
  for (let start = 0; start < 2; start += 1) {
    const db = openDatabase(rig.folder.ledger);
    const ledger = new SoloLedger(db);
    expect(ledger.state.size).toBe(size);
    expect(rowsOf(db)).toEqual(before);
    db.close();
  }
  expect(fsck(rig.root).findings).toEqual([]);
});

test('is not checked before that, and is not called damaged', async () => {
  await history();
  agedStore();
  const report = fsck(rig.root);
  expect(report.findings).toMatchObject([{ code: 'store_older' }]);
  expect(report.advice.join()).toContain('Start the gateway once');
  expect(report.advice.join()).not.toContain('damaged');
});
