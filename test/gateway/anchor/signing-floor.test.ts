import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { nativeVerify } from '../../../gateway/admit/native-verify.ts';
import { OwnLog } from '../../../gateway/anchor/own-log.ts';
import { SignedTip } from '../../../gateway/anchor/signed-tip.ts';
import { answersNeeded, type OwnKey, SigningFloor } from '../../../gateway/anchor/signing-floor.ts';
import {
  AllianceRig,
  cosigningKeyOf,
  type Keys,
  logKeyOf,
  ORIGIN,
  signNote,
} from '../../support/cosigner-rig.ts';
import { TestTree } from '../../support/test-tree.ts';

let alliance: AllianceRig;
let a: Keys;
let c: Keys;
let file = '';
beforeEach(() => {
  alliance = new AllianceRig(['a', 'b', 'c', 'd'], 3);
  [a, , c] = alliance.keys as [Keys, Keys, Keys, Keys];
  file = join(alliance.folder, 'a-tip');
});
afterEach(() => alliance.close());

function floorOf(
  tree: TestTree,
  options: { needed?: number | (() => number); keys?: OwnKey[]; files?: string[] } = {},
): SigningFloor {
  const own = [logKeyOf(a), cosigningKeyOf(a)].map((key) => ({ key, untilSize: null }));
  return new SigningFloor({
    origin: ORIGIN,
    tip: new SignedTip(options.files ?? [file]),
    log: new OwnLog({ size: () => tree.size(), proofs: tree }),
    ownKeys: () => options.keys ?? own,
    answersNeeded: () =>
      typeof options.needed === 'function' ? options.needed() : (options.needed ?? 0),
    native: nativeVerify,
  });
}

/** What a peer shows: the other's checkpoint, cosigned by this member. */
const cosignedByA = (tree: TestTree, size: number) => signNote(tree.tree(size), c, [c, a]);
const loggedByA = (tree: TestTree, size: number) => signNote(tree.tree(size), a, [c]);

test('n − f members, without oneself, must answer', () => {
  expect([1, 2, 3, 4, 5, 7, 10].map(answersNeeded)).toEqual([0, 1, 2, 3, 4, 5, 7]);
});

describe('without any copy of the tip', () => {
  test('it asks, and signs once enough have answered and hold nothing of it', () => {
    const floor = floorOf(new TestTree(50), { needed: 3 });
    expect(floor.state()).toEqual({ state: 'asking', answered: 0, needed: 3 });
    floor.heard('b', []);
    floor.heard('b', []);
    expect(floor.state()).toEqual({ state: 'asking', answered: 1, needed: 3 });
    floor.heard('c', [signNote(new TestTree(50).tree(40), c, [c])]);
    expect(floor.state()).toEqual({ state: 'asking', answered: 2, needed: 3 });
    floor.heard('d', ['garbage', '']);
    expect(floor.state()).toEqual({ state: 'ready' });
    expect(floor.newest()).toBeNull();
  });

  test('what has been answered is not asked again when a member more has come', () => {
    let needed = 1;
    const floor = floorOf(new TestTree(50), { needed: () => needed });
    floor.heard('b', []);
    expect(floor.state()).toEqual({ state: 'ready' });
    needed = 4;
    expect(floor.state()).toEqual({ state: 'ready' });
  });

  test.each([
    ['cosignature', cosignedByA],
    ['log signature', loggedByA],
  ])('a %s of it shows how far it was, and what it waits for', (_name, signed) => {
    const tree = new TestTree(50);
    const floor = floorOf(tree, { needed: 1 });
    floor.heard('b', [signed(new TestTree(80), 70)]);
    expect(floor.state()).toEqual({ state: 'waiting', size: 70, from: 'b' });
    tree.grow(19);
    expect(floor.state()).toMatchObject({ state: 'waiting' });
    tree.grow(1);
    expect(floor.state()).toEqual({ state: 'ready' });
    expect(floor.newest()).toMatchObject({ size: 70 });
  });

  test('what a peer showed is kept: after a restart the peer is not needed', () => {
    floorOf(new TestTree(50), { needed: 1 }).heard('b', [cosignedByA(new TestTree(80), 70)]);
    const again = floorOf(new TestTree(50), { needed: 3 });
    expect(again.state()).toEqual({ state: 'waiting', size: 70, from: 'the signed tip' });
    expect(floorOf(new TestTree(70), { needed: 3 }).state()).toEqual({ state: 'ready' });
  });

  test('the largest of several is waited for, and every one must be extended', () => {
    const tree = new TestTree(50);
    const floor = floorOf(tree, { needed: 1 });
    floor.heard('b', [cosignedByA(new TestTree(80), 60)]);
    floor.heard('c', [cosignedByA(new TestTree(80), 75)]);
    floor.heard('d', [cosignedByA(new TestTree(80), 65)]);
    expect(floor.state()).toEqual({ state: 'waiting', size: 75, from: 'c' });
    tree.grow(30);
    expect(floor.state()).toEqual({ state: 'ready' });
    expect(floor.newest()).toMatchObject({ size: 75 });
  });
});

describe('with its tip', () => {
  test('it starts at once, and stops where a peer shows a larger size', async () => {
    const tree = new TestTree(50);
    const rig = alliance.add(a, { tree, file, answersNeeded: 3 });
    const { floor, cosigner } = rig.anchorage;
    for (const peer of ['b', 'c', 'd']) floor.heard(peer, []);
    expect(cosigner.cosign({ ...tree.tree(), logLines: [] })).toMatchObject({ ok: true });
    const again = alliance.add(a, { tree, file, answersNeeded: 3 });
    expect(again.anchorage.floor.state()).toEqual({ state: 'ready' });
    again.anchorage.floor.heard('b', [cosignedByA(new TestTree(80), 70)]);
    expect(again.anchorage.floor.state()).toMatchObject({ state: 'waiting', size: 70 });
    // Nothing is signed meanwhile: no checkpoint, no cosignature, no receipt.
    alliance.policy = { ...alliance.policy, quorum: 'none' };
    again.anchorNow();
    expect(again.shown).toEqual([]);
    expect(again.anchor.newest).toBeNull();
    expect(again.anchor.refusal()).toBe('behind_signed_tip');
    expect(again.anchorage.cosigner.cosign({ ...tree.tree(), logLines: [] })).toMatchObject({
      code: 'not_ready',
    });
    tree.grow(30);
    again.anchorNow();
    await vi.waitFor(() => expect(again.anchor.newest).toMatchObject({ size: 80 }));
  });

  test('a smaller size shown of the same history changes nothing', () => {
    const tree = new TestTree(50);
    const floor = floorOf(tree);
    floor.keep({ ...tree.tree(), note: loggedByA(tree, 50) });
    floor.heard('b', [cosignedByA(tree, 30)]);
    expect(floor.state()).toEqual({ state: 'ready' });
    expect(floor.newest()).toMatchObject({ size: 50 });
    expect(readFileSync(file, 'utf8')).toBe(loggedByA(tree, 50));
  });
});

describe('another history under its own keys', () => {
  const other = new TestTree(80, { name: 1, forkAt: 20 });

  test('at a size the tree has: it signs nothing ever again, after a restart too', () => {
    const floor = floorOf(new TestTree(50));
    floor.heard('b', [cosignedByA(other, 40)]);
    expect(floor.state()).toEqual({ state: 'forked', size: 40, from: 'b' });
    expect(floorOf(new TestTree(90)).state()).toMatchObject({ state: 'forked', size: 40 });
  });

  test('at a larger size: it shows when the tree gets there', () => {
    const tree = new TestTree(50);
    const floor = floorOf(tree);
    floor.heard('b', [cosignedByA(other, 70)]);
    expect(floor.state()).toMatchObject({ state: 'waiting', size: 70 });
    tree.grow(20);
    expect(floor.state()).toEqual({ state: 'forked', size: 70, from: 'b' });
    tree.grow(20);
    expect(floor.state()).toMatchObject({ state: 'forked' });
  });
});

describe('what is no signature of this member', () => {
  test('another’s note, another origin, a moved line, a changed size', () => {
    const tree = new TestTree(80);
    const floor = floorOf(new TestTree(50), { needed: 1 });
    const good = cosignedByA(tree, 70);
    const lineOfA = good.trimEnd().split('\n').at(-1)!;
    floor.heard('b', [
      signNote(tree.tree(70), c, [c]),
      good.replace(ORIGIN, ORIGIN.replace('rice', 'corn')),
      `${signNote(tree.tree(75), c, [c])}${lineOfA}\n`,
      good.replace('\n70\n', '\n75\n'),
    ]);
    expect(floor.state()).toEqual({ state: 'ready' });
    expect(existsSync(file)).toBe(false);
  });

  test('a key vouches for no size after its retirement', () => {
    const keys = [{ key: cosigningKeyOf(a), untilSize: 60 }];
    const floor = floorOf(new TestTree(50), { keys });
    floor.heard('b', [cosignedByA(new TestTree(80), 61)]);
    expect(floor.state()).toEqual({ state: 'ready' });
    floor.heard('b', [cosignedByA(new TestTree(80), 60)]);
    expect(floor.state()).toMatchObject({ state: 'waiting', size: 60 });
  });
});

test('a disk that fails leaves the size signed all the same', () => {
  const tree = new TestTree(50);
  const { cosigner, floor } = alliance.add(a, { tree, file }).anchorage;
  const keep = vi.spyOn(SignedTip.prototype, 'keep').mockImplementationOnce(() => {
    throw new Error('no space left on device');
  });
  const at = (size: number) => cosigner.cosign({ ...tree.tree(size), logLines: [] });
  expect(() => at(40)).toThrow('no space');
  expect(floor.isDurable()).toBe(false);
  // Perhaps it is on the disk: nothing smaller is signed, and the same is written again.
  expect(at(30)).toMatchObject({ code: 'smaller_than_signed' });
  expect(at(40)).toMatchObject({ ok: true });
  expect(new SignedTip([file]).newest()).toMatchObject({ size: 40 });
  keep.mockRestore();
});
