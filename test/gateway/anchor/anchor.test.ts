import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policyOfCharter } from '@truegrain/device-sdk/formats/evidence-checkpoint.js';
import { leafHash, rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { evaluatePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Anchor } from '../../../gateway/anchor/anchor.ts';
import { SignedTip } from '../../../gateway/anchor/signed-tip.ts';
import { SoloLedger } from '../../../gateway/ledger/solo.ts';
import { openDatabase } from '../../../gateway/store/database.ts';
import { openScratch } from '../../../gateway/store/scratch.ts';
import { fixedSigner, SoloRig, T0_MS } from '../../support/solo-ledger.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'truegrain-anchor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A tree of leaves 0, 1, 2 …; a history of another name has other leaves from `forkAt` on. */
function tree(size: number, { name = 0, forkAt = 0 } = {}) {
  const leaf = (i: number) => leafHash(Uint8Array.of(i >> 8, i & 255, i >= forkAt ? name : 0));
  const root = (n: number) => rootOf(Array.from({ length: n }, (_, i) => leaf(i)));
  return { size: () => size, root };
}

function anchorOf(grown: ReturnType<typeof tree>, files = [join(folder, 'tip')]): Anchor {
  return new Anchor({
    db: openScratch(),
    origin: `ledger.example/${'00'.repeat(32)}`,
    log: fixedSigner('log'),
    cosigner: { name: 'ledger.example/witness', signer: fixedSigner('cosigner') },
    tip: new SignedTip(files),
    tree: grown,
  });
}

const signed = (grown: ReturnType<typeof tree>, size = grown.size()) => ({
  size,
  root: grown.root(size),
});

test('what is signed satisfies the policy of the charter, and is found again', () => {
  const rig = new SoloRig();
  rig.anchor();
  const { note, size } = rig.anchorer.newest!;
  expect(size).toBe(1);
  const policy = policyOfCharter(rig.ledger.state.charter!, rig.origin);
  expect(evaluatePolicy(policy, note)).toMatchObject({ ok: true });
  expect(new SignedTip([rig.folder.signedTip]).newest()).toMatchObject({ size, note });
  const row = rig.ledger.store.db.prepare('SELECT note FROM checkpoint WHERE size = 1').pluck();
  expect(row.get()).toBe(note);
  rig.close();
});

test('a tree that grew goes on from the tip, one that did not shows it again', () => {
  anchorOf(tree(5)).anchor(signed(tree(5)), T0_MS);
  const again = anchorOf(tree(5));
  expect(again.refusal()).toBeNull();
  expect(again.newest).toMatchObject({ size: 5 });
  const grown = anchorOf(tree(9));
  expect(grown.refusal()).toBeNull();
  expect(grown.anchor(signed(tree(9)), T0_MS)).toMatchObject({ size: 9 });
});

test('a tree behind the tip signs nothing', () => {
  anchorOf(tree(5)).anchor(signed(tree(5)), T0_MS);
  const behind = anchorOf(tree(4));
  expect(behind.refusal()).toBe('behind_signed_tip');
  expect(behind.newest).toBeNull();
});

test('a forked tree signs nothing, whichever copy knows better', () => {
  const copies = [join(folder, 'tip'), join(folder, 'copy')];
  anchorOf(tree(5), copies.slice(0, 1)).anchor(signed(tree(5)), T0_MS);
  const other = tree(9, { name: 1, forkAt: 3 });
  expect(anchorOf(other).refusal()).toBe('forked_from_signed_tip');
  // The copy is newer and agrees; the older file does not.
  anchorOf(other, copies.slice(1)).anchor(signed(other), T0_MS);
  expect(anchorOf(other, copies).refusal()).toBe('forked_from_signed_tip');
  expect(anchorOf(tree(9, { name: 1, forkAt: 5 })).refusal()).toBeNull();
});

test('never two roots for a size, never a smaller size, never what the tiles do not have', () => {
  const anchor = anchorOf(tree(9));
  anchor.anchor(signed(tree(9), 5), T0_MS);
  const before = new SignedTip([join(folder, 'tip')]).newest();
  const other = tree(9, { name: 1 });
  for (const wrong of [signed(other, 5), signed(other, 9), signed(tree(9), 4)]) {
    expect(() => anchor.anchor(wrong, T0_MS)).toThrow();
  }
  expect(new SignedTip([join(folder, 'tip')]).newest()).toEqual(before);
  anchor.anchor(signed(tree(9), 9), T0_MS);
});

test('the store set back to before the checkpoint is caught', async () => {
  const rig = new SoloRig();
  const device = await rig.enrol('a');
  rig.anchor();
  const earlier = join(folder, 'earlier.db');
  await rig.ledger.store.db.backup(earlier);
  rig.commit(rig.temperatures(device, rig.nowMs, [4]));
  rig.anchor();
  const old = new SoloLedger(openDatabase(earlier));
  const { size } = old.state;
  const tip = [rig.folder.signedTip];
  const at = { size: () => old.state.size, root: () => old.root() };
  expect(size).toBeLessThan(rig.ledger.state.size);
  expect(anchorOf(at, tip).refusal()).toBe('behind_signed_tip');
  old.store.db.close();
  rig.close();
});

test('a thousand sizes are kept', () => {
  const grown = {
    size: () => 3_000,
    root: (n: number) => leafHash(Uint8Array.of(n >> 8, n & 255)),
  };
  const db = openScratch();
  const anchor = new Anchor({
    db,
    origin: `ledger.example/${'00'.repeat(32)}`,
    log: fixedSigner('log'),
    cosigner: { name: 'ledger.example/witness', signer: fixedSigner('cosigner') },
    tip: new SignedTip([]),
    tree: grown,
  });
  for (const size of [1, 2, 1_001, 2_000]) anchor.anchor({ size, root: grown.root(size) }, T0_MS);
  const kept = db.prepare('SELECT size FROM checkpoint ORDER BY size').pluck().all();
  expect(kept).toEqual([1_001, 2_000]);
});
