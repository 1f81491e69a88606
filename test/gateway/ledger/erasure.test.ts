import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SoloLedger } from '../../../gateway/ledger/solo.ts';
import { openDatabase } from '../../../gateway/store/database.ts';
import { type SignedFrame, SoloRig } from '../../support/solo-ledger.ts';

let rig: SoloRig;
beforeEach(() => {
  rig = new SoloRig({ retentionDays: 0 });
});
afterEach(() => rig.close());

function contentOf({ frame }: SignedFrame): Buffer {
  const parts = parseFrame(frame);
  if (!parts.ok) throw new Error(parts.code);
  return Buffer.from(parts.value.content);
}

/** Salt and readings: neither may be found in any file of the store. */
function isOnDisk(sent: SignedFrame, file = rig.folder.ledger): boolean {
  const content = contentOf(sent);
  const parts = [content.subarray(9, 25), content.subarray(-24)];
  return [file, `${file}-wal`, `${file}-shm`]
    .filter((each) => existsSync(each))
    .some((each) => parts.some((part) => readFileSync(each).includes(part)));
}

async function erase(...sent: SignedFrame[]): Promise<void> {
  const done = await rig.registrar.erase(
    sent.map(({ id }) => id),
    'law',
    'asked',
  );
  if (!done.ok) throw new Error(done.detail);
}

test('erased contents leave file and WAL, in whatever order, whatever lies beside them', async () => {
  const device = await rig.enrol('a');
  const sent: SignedFrame[] = [];
  for (let i = 0; i < 240; i += 1) {
    rig.nowMs += 1_000;
    // From one record to several pages.
    const count = i % 40 === 0 ? 700 : 1 + ((i * 7) % 30);
    const values = Array.from({ length: count }, (_, k) => ((i * 31 + k * 17) % 800) / 10);
    sent.push(rig.temperatures(device, rig.nowMs - count * 10_000, values));
    if (sent.length % 20 === 0) rig.commit(...sent.slice(-20));
  }
  for (const each of sent) expect(isOnDisk(each)).toBe(true);
  const gone: SignedFrame[] = [];
  const order = sent.map((each, i) => ({ each, at: (i * 97) % sent.length }));
  order.sort((a, b) => a.at - b.at);
  while (order.length > 60) {
    const some = order.splice(0, 1 + (order.length % 9)).map(({ each }) => each);
    await erase(...some);
    gone.push(...some);
  }
  expect(gone.filter((each) => isOnDisk(each))).toEqual([]);
  for (const { each } of order) expect(isOnDisk(each)).toBe(true);
  rig.expectSound();
}, 60_000);

test('a refused frame goes with its content', async () => {
  const device = await rig.enrol('a');
  const bad = rig.temperatures(device, rig.nowMs - 1_000, [99]);
  expect(rig.commit(bad)).toEqual([{ kind: 'refused', code: 'range' }]);
  expect(isOnDisk(bad)).toBe(true);
  await erase(bad);
  expect(isOnDisk(bad)).toBe(false);
});

test('a backup that reads meanwhile puts the cutting of the WAL off, not the erasure', async () => {
  const device = await rig.enrol('a');
  const sent = rig.temperatures(device, rig.nowMs - 1_000, [4]);
  rig.commit(sent);
  const reader = openDatabase(rig.folder.ledger, { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM leaf').get();
  const startedMs = performance.now();
  await erase(sent);
  expect(performance.now() - startedMs).toBeLessThan(4_000);
  expect(rig.ledger.store.leaves.content(2)).toBeNull();
  reader.exec('COMMIT');
  reader.close();
  for (let i = 0; i < 64 && isOnDisk(sent); i += 1) {
    rig.commit(rig.temperatures(device, rig.nowMs - 1_000, [5]));
  }
  expect(isOnDisk(sent)).toBe(false);
});

test('a crash between COMMIT and the cutting of the WAL is made good at the next start', async () => {
  const device = await rig.enrol('a');
  const sent = rig.temperatures(device, rig.nowMs - 1_000, [4]);
  rig.commit(sent);
  const reader = openDatabase(rig.folder.ledger, { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM leaf').get();
  await erase(sent);
  const copy = mkdtempSync(join(tmpdir(), 'truegrain-crash-'));
  const file = join(copy, 'ledger.db');
  for (const end of ['', '-wal']) cpSync(`${rig.folder.ledger}${end}`, `${file}${end}`);
  reader.close();
  expect(isOnDisk(sent, file)).toBe(true);
  const again = new SoloLedger(openDatabase(file));
  expect(again.state.erased.size).toBe(1);
  expect(isOnDisk(sent, file)).toBe(false);
  again.store.db.close();
  rmSync(copy, { recursive: true, force: true });
});

test('what was erased does not come back with its frame', async () => {
  const device = await rig.enrol('a');
  const sent = rig.temperatures(device, rig.nowMs - 1_000, [4]);
  rig.commit(sent);
  await erase(sent);
  expect(rig.commit(sent)).toEqual([{ kind: 'duplicate' }]);
  expect(isOnDisk(sent)).toBe(false);
});
