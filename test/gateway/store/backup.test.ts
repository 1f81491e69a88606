import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataFolder } from '../../../gateway/data-folder.ts';
import { createMemberKeys } from '../../../gateway/keys.ts';
import { fsck } from '../../../gateway/log/fsck.ts';
import { backup } from '../../../gateway/store/backup.ts';
import { lockFolder } from '../../../gateway/store/lock.ts';
import { restore } from '../../../gateway/store/restore.ts';
import { discard, dump, flipBit, livedInLedger, truncate } from '../../support/lived-in-ledger.ts';
import type { SoloRig } from '../../support/solo-ledger.ts';

let rig: SoloRig;
let size = 0;
let original: Record<string, string[]> = {};
const made: string[] = [];
const NONE = { signedSize: null };

const place = (name: string) => {
  const path = `${rig.root}-${name}`;
  made.push(path);
  return path;
};

beforeAll(async () => {
  rig = await livedInLedger();
  createMemberKeys(rig.folder.keys);
  writeFileSync(join(rig.root, 'truegrain.json'), '{}');
  size = rig.ledger.state.size;
  original = dump(rig.folder.ledger);
  await backup(rig.root, place('saved'), { withKeys: true });
});
afterAll(() => {
  rig.close();
  for (const folder of made) discard(folder);
});

describe('backup', () => {
  test('of a store in use: store, checkpoint, configuration, keys by wish, all in the manifest', async () => {
    const folder = place('plain');
    const progress: number[] = [];
    const manifest = await backup(rig.root, folder, {
      onProgress: ({ done }) => progress.push(done),
    });
    expect(manifest.files.map(({ path }) => path)).toEqual([
      'ledger.db',
      'checkpoint',
      'truegrain.json',
    ]);
    expect(manifest).toMatchObject({ v: 1, size, checkpointSize: size, origin: rig.origin });
    expect(progress.length).toBeGreaterThan(0);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'ledger.db')).mode & 0o777).toBe(0o600);
    expect(dump(join(folder, 'ledger.db'))).toEqual(original);
    const note = readFileSync(rig.folder.signedTip, 'utf8');
    expect(readFileSync(join(folder, 'checkpoint'), 'utf8')).toBe(note);
    expect(existsSync(join(folder, 'tokens.json'))).toBe(false);
  });

  test('is one instant of a store that goes on', async () => {
    const busy = await livedInLedger({ batches: 20 });
    const device = await busy.enrol('late');
    const before = busy.ledger.state.size;
    const folder = place('busy');
    let commits = 0;
    const manifest = await backup(busy.root, folder, {
      onProgress: () => {
        commits += 1;
        busy.commit(busy.temperatures(device, busy.nowMs - 20_000, [4]));
      },
    });
    expect(commits).toBeGreaterThan(0);
    expect(manifest.size).toBe(before);
    expect(fsck(folder)).toMatchObject({ ok: true, size: before });
    busy.close();
  });

  test('never overwrites, and leaves nothing half done', async () => {
    await expect(backup(rig.root, `${rig.root}-saved`)).rejects.toThrow(/never overwrites/);
    const empty = place('empty');
    mkdirSync(empty);
    await expect(backup(empty, place('none'))).rejects.toThrow(/ledger\.db does not exist/);
    const under = join(rig.root, 'truegrain.json', 'saved');
    await expect(backup(rig.root, under)).rejects.toThrow(/can't be written/);
    expect(existsSync(`${rig.root}-none`)).toBe(false);
  });
});

describe('restore', () => {
  test('into an empty folder: equal tables, keys and configuration', () => {
    const folder = dataFolder(place('back'));
    const report = restore(`${rig.root}-saved`, folder.root, NONE);
    expect(dump(folder.ledger)).toEqual(original);
    expect(report).toMatchObject({ behindSignedTip: false });
    expect(report.restored).toEqual([
      'ledger.db',
      'truegrain.json',
      ...['cosigner', 'gateway', 'log', 'member'].map((name) => `keys/${name}.pem`),
    ]);
    expect(report.explanation.join(' ')).toMatch(/No signed tip was found/);
    expect(statSync(join(folder.keys, 'log.pem')).mode & 0o777).toBe(0o600);
    expect(fsck(folder.root)).toMatchObject({ ok: true, size });
  });

  test('an older store is put in place by force alone, and the signed tip still knows more', async () => {
    const own = await livedInLedger({ batches: 2 });
    const device = await own.enrol('more');
    const saved = place('older');
    await backup(own.root, saved);
    const old = own.ledger.state.size;
    own.commit(own.temperatures(device, own.nowMs - 20_000, [4]));
    own.anchor();
    const tip = readFileSync(own.folder.signedTip);
    own.ledger.store.db.close();
    expect(() => restore(saved, own.root, { signedSize: old })).toThrow(/--force replaces it/);
    const report = restore(saved, own.root, { force: true, signedSize: old + 2 });
    expect(report).toMatchObject({ behindSignedTip: true });
    expect(report.explanation.join(' ')).toMatch(/signs no checkpoint and no receipt until/);
    expect(readFileSync(own.folder.signedTip).equals(tip)).toBe(true);
    const { findings } = fsck(own.root);
    expect(findings.map(({ code }) => code)).toContain('behind_signed_tip');
    discard(own.root);
  });

  test('a damaged backup is named and nothing is touched', async () => {
    for (const damage of [
      (folder: string) => flipBit(join(folder, 'ledger.db'), 9_000),
      (folder: string) => truncate(join(folder, 'ledger.db'), 0.5),
      (folder: string) => discard(join(folder, 'ledger.db')),
    ]) {
      const folder = place(`bad-${made.length}`);
      await backup(rig.root, folder);
      damage(folder);
      const target = place(`target-${made.length}`);
      expect(() => restore(folder, target, NONE)).toThrow(/ledger\.db is /);
      expect(existsSync(target)).toBe(false);
    }
    expect(() => restore(rig.root, place('x'), NONE)).toThrow(
      /manifest\.json is not a backup's manifest/,
    );
  });

  test('a manifest leads nowhere but into its folder', async () => {
    const folder = place('evil');
    await backup(rig.root, folder);
    const file = join(folder, 'manifest.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"checkpoint"', '"../../etc/passwd"'));
    expect(() => restore(folder, place('y'), NONE)).toThrow(/not a manifest of version 1/);
  });

  test('not under a running gateway', () => {
    const folder = dataFolder(place('running'));
    const held = lockFolder(folder.lock);
    expect(() => restore(`${rig.root}-saved`, folder.root, NONE)).toThrow(/in use/);
    held.release();
  });
});
