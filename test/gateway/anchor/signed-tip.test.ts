import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signCheckpoint } from '@truegrain/device-sdk/formats/checkpoint.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { softSigner } from '@truegrain/device-sdk/formats/signer.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SignedTip } from '../../../gateway/anchor/signed-tip.ts';

/** Counts the calls that reach the disk; the one numbered `failAt` is the power cut. */
const disk = vi.hoisted(() => ({ calls: 0, failAt: 0, persists: false }));
vi.mock('node:fs', async (load) => {
  const real = await load<typeof import('node:fs')>();
  const cut =
    <A extends unknown[], R>(call: (...args: A) => R, half?: (...args: A) => unknown) =>
    (...args: A): R => {
      disk.calls += 1;
      if (disk.calls !== disk.failAt) return call(...args);
      if (disk.persists) (half ?? call)(...args);
      throw new Error('power cut');
    };
  return {
    ...real,
    openSync: cut(real.openSync),
    fsyncSync: cut(real.fsyncSync),
    renameSync: cut(real.renameSync),
    // What was written before the cut is the first half.
    writeFileSync: cut(real.writeFileSync, (fd, text) =>
      real.writeFileSync(fd, String(text).slice(0, 20)),
    ),
  };
});

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'truegrain-tip-'));
  Object.assign(disk, { calls: 0, failAt: 0, persists: false });
});
afterEach(() => {
  disk.failAt = 0;
  rmSync(folder, { recursive: true, force: true });
});

const signer = softSigner(-8, new Uint8Array(32).fill(1));
const origin = `ledger.example/${'00'.repeat(32)}`;
const noteOf = (size: number) =>
  signCheckpoint({ checkpoint: { origin, size, root: sha256(Uint8Array.of(size)) }, signer });

describe('a power cut at every call', () => {
  test.each([false, true])('that fails, and (%s) leaves what it did', (persists) => {
    const files = [join(folder, 'tip'), join(folder, 'copy')];
    const tip = new SignedTip(files);
    tip.keep(noteOf(1));
    const callsOfOne = disk.calls;
    expect(callsOfOne).toBeGreaterThan(8);
    for (let failAt = 1; failAt <= callsOfOne; failAt += 1) {
      Object.assign(disk, { calls: 0, failAt: 0 });
      tip.keep(noteOf(1));
      Object.assign(disk, { calls: 0, failAt, persists });
      expect(() => tip.keep(noteOf(2))).toThrow('power cut');
      disk.failAt = 0;
      // Every copy is whole: the old one or the new one.
      const found = new SignedTip(files).all();
      expect(found).toHaveLength(2);
      for (const { size, note } of found) expect(note).toBe(noteOf(size));
      tip.keep(noteOf(2));
      expect(new SignedTip(files).all().map(({ size }) => size)).toEqual([2, 2]);
    }
  });
});

test('the largest of the copies that are there', () => {
  const files = [join(folder, 'tip'), join(folder, 'copy'), join(folder, 'unmounted')];
  expect(new SignedTip(files).newest()).toBeNull();
  writeFileSync(files[0]!, noteOf(3));
  writeFileSync(files[1]!, noteOf(5));
  expect(new SignedTip(files).newest()).toMatchObject({ size: 5, root: sha256(Uint8Array.of(5)) });
  expect(existsSync(files[2]!)).toBe(false);
});

test('a damaged copy stops everything and says which file', () => {
  const file = join(folder, 'tip');
  for (const text of ['', 'x', noteOf(3).slice(0, 50), noteOf(3).replace('\n3\n', '\n03\n')]) {
    writeFileSync(file, text);
    expect(() => new SignedTip([file]).newest()).toThrow(file);
  }
  expect(readFileSync(file, 'utf8')).toContain('03');
});
