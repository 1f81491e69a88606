import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policyOfCharter } from '@truegrain/device-sdk/formats/evidence-checkpoint.js';
import { formatVkey } from '@truegrain/device-sdk/formats/note.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import { evaluatePolicy, parsePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Anchor } from '../../../gateway/anchor/anchor.ts';
import { openAnchor } from '../../../gateway/anchor/open-anchor.ts';
import { SignedTip } from '../../../gateway/anchor/signed-tip.ts';
import { SoloLedger } from '../../../gateway/ledger/solo.ts';
import { openDatabase } from '../../../gateway/store/database.ts';
import { openScratch } from '../../../gateway/store/scratch.ts';
import { fixedSigner, SoloRig, T0_MS } from '../../support/solo-ledger.ts';
import { TestTree } from '../../support/test-tree.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'truegrain-anchor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const origin = `ledger.example/${'00'.repeat(32)}`;
const log = fixedSigner('log');
const cosigner = { name: 'ledger.example/witness', signer: fixedSigner('cosigner') };

/** The one member of a solo ledger. */
const policy = parsePolicy(
  `log ${formatVkey(origin, 1, keyBytes(log))}
witness own ${formatVkey(cosigner.name, 4, keyBytes(cosigner.signer))}
quorum own
`,
);

function anchorOf(grown: TestTree, files = [join(folder, 'tip')], db = openScratch()): Anchor {
  if (!policy.ok) throw new Error(policy.detail);
  const { value } = policy;
  const { anchor } = openAnchor({
    db,
    origin,
    log,
    cosigner,
    tipFiles: files,
    size: () => grown.size(),
    proofs: grown,
    policy: () => value,
    nowMs: () => T0_MS,
  });
  return anchor;
}

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
  anchorOf(new TestTree(5)).anchor(new TestTree(5).tree());
  const again = anchorOf(new TestTree(5));
  expect(again.refusal()).toBeNull();
  expect(again.newest).toMatchObject({ size: 5 });
  const grown = anchorOf(new TestTree(9));
  expect(grown.refusal()).toBeNull();
  grown.anchor(new TestTree(9).tree());
  expect(grown.newest).toMatchObject({ size: 9 });
});

test('a tree behind the tip signs nothing', () => {
  anchorOf(new TestTree(5)).anchor(new TestTree(5).tree());
  const behind = anchorOf(new TestTree(4));
  expect(behind.refusal()).toBe('behind_signed_tip');
  expect(behind.newest).toBeNull();
});

test('a forked tree signs nothing, whichever copy knows better', () => {
  const copies = [join(folder, 'tip'), join(folder, 'copy')];
  anchorOf(new TestTree(5), copies.slice(0, 1)).anchor(new TestTree(5).tree());
  const other = new TestTree(9, { name: 1, forkAt: 3 });
  expect(anchorOf(other).refusal()).toBe('forked_from_signed_tip');
  // The copy is newer and agrees; the older file does not.
  anchorOf(other, copies.slice(1)).anchor(other.tree());
  expect(anchorOf(other, copies).refusal()).toBe('forked_from_signed_tip');
  expect(anchorOf(new TestTree(9, { name: 1, forkAt: 5 })).refusal()).toBeNull();
});

test('never two roots for a size, never a smaller size, never what the tiles do not have', () => {
  const anchor = anchorOf(new TestTree(9));
  anchor.anchor(new TestTree(9).tree(5));
  const before = new SignedTip([join(folder, 'tip')]).newest();
  const other = new TestTree(9, { name: 1 });
  for (const wrong of [other.tree(5), other.tree(9), new TestTree(9).tree(4)]) {
    expect(() => anchor.anchor(wrong)).toThrow();
  }
  expect(new SignedTip([join(folder, 'tip')]).newest()).toEqual(before);
  anchor.anchor(new TestTree(9).tree());
  expect(anchor.newest).toMatchObject({ size: 9 });
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
  const refused = openAnchor({
    db: openScratch(),
    origin,
    log,
    cosigner,
    tipFiles: tip,
    size: () => old.state.size,
    proofs: { root: () => old.root(), consistency: () => [] },
    policy: () => policyOfCharter(old.state.charter!, origin),
    nowMs: () => T0_MS,
  }).anchor.refusal();
  expect(size).toBeLessThan(rig.ledger.state.size);
  expect(refused).toBe('behind_signed_tip');
  old.store.db.close();
  rig.close();
});

test('a thousand sizes are kept', () => {
  const grown = new TestTree(2_000);
  const db = openScratch();
  const anchor = anchorOf(grown, [], db);
  for (const size of [1, 2, 1_001, 2_000]) anchor.anchor(grown.tree(size));
  const kept = db.prepare('SELECT size FROM checkpoint ORDER BY size').pluck().all();
  expect(kept).toEqual([1_001, 2_000]);
});

test('the newest row is shown again where the tip is another member’s note', () => {
  const grown = new TestTree(5);
  const db = openScratch();
  anchorOf(grown, [join(folder, 'tip')], db).anchor(grown.tree());
  const { note } = anchorOf(grown, [join(folder, 'other')], db).newest!;
  expect(note).toBe(readFileSync(join(folder, 'tip'), 'utf8'));
});

function keyBytes({ key }: Signer): Uint8Array {
  if (key.kty !== 'OKP') throw new Error('not Ed25519');
  return key.x;
}
