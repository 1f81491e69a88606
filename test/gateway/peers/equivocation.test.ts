import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { verifyConsistency } from '@truegrain/device-sdk/formats/merkle.js';
import { parseVkey } from '@truegrain/device-sdk/formats/note.js';
import { signReceipt } from '@truegrain/device-sdk/formats/receipt.js';
import { parseTilePath } from '@truegrain/device-sdk/formats/tiles.js';
import { evaluatePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  contradictionsBetween,
  contradictionsOf,
  type Equivocation,
  forkBeyond,
  type ReadNote,
  readNote,
  receiptContradiction,
} from '../../../gateway/peers/equivocation.ts';
import { EquivocationEvidence } from '../../../gateway/peers/equivocation-evidence.ts';
import { extensionOf } from '../../../gateway/peers/equivocation-tiles.ts';
import {
  AllianceRig,
  type CosignerRig,
  type Keys,
  keysOf,
  ORIGIN,
  signatoriesOfKeys,
  signNote,
} from '../../support/cosigner-rig.ts';
import { TestTree } from '../../support/test-tree.ts';

let alliance: AllianceRig;
/** Judges; its own tree has 300 leaves. */
let a: CosignerRig;
let c: Keys;
let d: Keys;
const other = new TestTree(600, { name: 1, forkAt: 90 });
beforeEach(() => {
  alliance = new AllianceRig(['a', 'b', 'c', 'd'], 3);
  const rigs = alliance.keys.map((keys) => alliance.add(keys, { tree: new TestTree(300) }));
  a = rigs[0]!;
  [, , c, d] = alliance.keys as [Keys, Keys, Keys, Keys];
});
afterEach(() => alliance.close());

function read(text: string): ReadNote {
  const note = readNote(text, a.view);
  if (!note.ok) throw new Error(note.detail);
  return note.value;
}

/** What anybody can check with the file alone: keys, signatures, and the proof between the sides. */
function expectProof(found: Equivocation): void {
  for (const side of found.sides) {
    if (side.what !== 'note') continue;
    const keys = side.vkeys.map((vkey) => parseVkey(vkey));
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      if (!key.ok) throw new Error(key.detail);
      const log = { key: key.value, url: null };
      const policy = {
        logs: key.value.type === 1 ? [log] : [],
        witnesses: key.value.type === 4 ? [{ ...log, name: 'w' }] : [],
        groups: [],
        quorum: 'none',
      };
      const verdict = evaluatePolicy(policy, side.signed!);
      if (!verdict.ok) throw new Error(verdict.detail);
      expect(toHex(verdict.value.checkpoint.root)).toBe(side.root);
      expect(verdict.value.checkpoint.size).toBe(side.size);
    }
  }
  const [smaller, larger] = [...found.sides].sort((x, y) => x.size - y.size);
  if (!found.consistency) {
    expect(smaller!.size).toBe(larger!.size);
    expect(smaller!.root).not.toBe(larger!.root);
    return;
  }
  const { size1, root1, size2, path } = found.consistency;
  expect([size1, size2]).toEqual([smaller!.size, larger!.size]);
  expect(root1).not.toBe(smaller!.root);
  const root2 = fromHex(larger!.root)!;
  const claim = { size1, size2, root1: fromHex(root1)!, root2, path: path.map((h) => fromHex(h)!) };
  expect(verifyConsistency(claim)).toBe(true);
}

/** a anchors its tree of this size, so that it holds a note cosigned by all. */
async function anchoredByAll(size: number): Promise<void> {
  a.anchor.anchor(a.tree.tree(size));
  await vi.waitFor(() => {
    const { signedBy } = read(a.anchor.newest!.note);
    expect(new Set(signedBy.map(({ member }) => member)).size).toBe(4);
  });
}

describe('a note against the own tree', () => {
  test('of the same history is none, nor is one beyond the own tree', () => {
    for (const size of [1, 90, 300]) {
      expect(contradictionsOf(read(signNote(a.tree.tree(size), c, [c])), a.view)).toEqual([]);
    }
    expect(contradictionsOf(read(signNote(other.tree(400), c, [c])), a.view)).toEqual([]);
  });

  test('at an equal size, log signature and cosignature: both signers, both notes', async () => {
    await anchoredByAll(200);
    const found = contradictionsOf(read(signNote(other.tree(200), c, [d])), a.view);
    expect(found.map(({ member }) => member)).toEqual(['c', 'd']);
    for (const one of found) {
      expect(one).toMatchObject({ size: 200, consistency: null, origin: ORIGIN });
      expect(one.sides.map(({ what }) => what)).toEqual(['note', 'note']);
      expectProof(one);
    }
  });

  test('at a smaller size than what it stands by: with the proof between them', async () => {
    await anchoredByAll(250);
    const [found] = contradictionsOf(read(signNote(other.tree(130), c, [])), a.view);
    expect(found).toMatchObject({ member: 'c', size: 250 });
    expect(found!.sides.map(({ size }) => size)).toEqual([130, 250]);
    expectProof(found!);
  });

  test('of a member that stands by nothing here: against the own tree, and it says so', () => {
    const [found] = contradictionsOf(read(signNote(other.tree(130), c, [])), a.view);
    expect(found!.sides[1]).toMatchObject({ what: 'own tree', size: 130, signed: null });
    expect(found!.words).toContain("this member's own tree");
  });

  test('a stranger’s and a retired key’s signatures accuse nobody; a bad line is told', () => {
    const stranger = keysOf('stranger');
    const note = read(signNote(other.tree(130), stranger, [stranger]));
    expect([note.signedBy, contradictionsOf(note, a.view)]).toEqual([[], []]);
    const retired = signatoriesOfKeys([c]).map(({ member, keys }) => ({
      member,
      keys: keys.map(({ key }) => ({ key, untilSize: 129 })),
    }));
    const view = { ...a.view, signatories: () => retired };
    const late = readNote(signNote(other.tree(130), c, [c]), view);
    expect(late).toMatchObject({ ok: true, value: { signedBy: [], bad: [] } });
    const moved = read(signNote(other.tree(130), c, [c]).replace('\n130\n', '\n131\n'));
    expect(moved.signedBy).toEqual([]);
    expect(moved.bad.map(({ member }) => member)).toEqual(['c', 'c']);
  });
});

describe('two notes beyond the own tree', () => {
  test('at one size contradict each other, for who signed both', () => {
    const one = read(signNote(other.tree(400), c, [d]));
    const two = read(signNote(new TestTree(400).tree(), d, [c]));
    const found = contradictionsBetween(one, two, a.view);
    expect(found.map(({ member }) => member)).toEqual(['c', 'd']);
    for (const each of found) expectProof(each);
    expect(contradictionsBetween(one, one, a.view)).toEqual([]);
    expect(contradictionsBetween(one, read(signNote(other.tree(401), c, [])), a.view)).toEqual([]);
  });
});

describe('a larger tree, from its tiles', () => {
  const fetchFrom = (tree: TestTree) => async (path: string) => {
    const tile = parseTilePath(path);
    if (!tile.ok || tile.value.level === 'entries') throw new Error(path);
    return tree.tile({ ...tile.value, level: tile.value.level });
  };
  const own = () => a.tree.tree();

  test.each([301, 400, 511, 512, 600, 70_000])(
    'of %i leaves that extends the own one',
    async (size) => {
      const longer = new TestTree(size);
      const trees = { own: own(), theirs: longer.tree(), fetchTile: fetchFrom(longer) };
      expect(await extensionOf(trees)).toEqual({ kind: 'extends' });
    },
  );

  test('that forked: the proof is of the signed tree, and of another root at the own size', async () => {
    await anchoredByAll(300);
    const theirs = other.tree(600);
    const extension = await extensionOf({ own: own(), theirs, fetchTile: fetchFrom(other) });
    if (extension.kind !== 'forked') throw new Error(extension.kind);
    const note = read(signNote(theirs, c, [d]));
    const found = forkBeyond(note, a.view, { ...extension, size1: 300 });
    expect(found.map(({ member }) => member)).toEqual(['c', 'd']);
    for (const each of found) {
      expect(each.size).toBe(600);
      expectProof(each);
    }
  });

  test('tiles of another tree than the signed one hide nothing', async () => {
    const honest = new TestTree(600);
    const forked = other.tree(600);
    const theirs = { own: own(), theirs: forked, fetchTile: fetchFrom(honest) };
    expect(await extensionOf(theirs)).toEqual({ kind: 'not_its_tiles' });
    // Level by level: the lowest tiles as the own tree has them, the upper ones as signed.
    const mixed = async (path: string) =>
      fetchFrom(path.startsWith('tile/0/') ? honest : other)(path);
    const trees = { own: own(), theirs: forked, fetchTile: mixed };
    expect(await extensionOf(trees)).toEqual({ kind: 'not_its_tiles' });
  });

  test('no tiles, short tiles: nothing is known', async () => {
    for (const fetchTile of [async () => null, async () => new Uint8Array(31)]) {
      const trees = { own: own(), theirs: other.tree(600), fetchTile };
      expect(await extensionOf(trees)).toEqual({ kind: 'no_tiles' });
    }
  });
});

describe('a receipt', () => {
  const receiptOf = (tree: TestTree, size: number, claimed = size, iss = `https://${ORIGIN}`) =>
    signReceipt({
      signer: c.log,
      fields: { iss, sub: 'urn:x', root: tree.root(size) },
      proofs: [{ size: claimed, index: 0, path: tree.inclusion(0, size) }],
    });
  const judge = (receipt: Uint8Array, knownSizes: number[] = []) =>
    receiptContradiction(
      { receipt, entry: a.tree.entry(0), member: 'c', logKey: c.log.key, knownSizes },
      a.view,
    );

  test('under a root the own tree does not have, with what the size is worth', () => {
    const found = judge(receiptOf(other, 200), [100, 256]);
    expect(found).toMatchObject({ member: 'c', size: 200, sides: [{ what: 'receipt' }, {}] });
    expect(found!.words).toContain('under no signature');
    expect(found!.words).toContain('2 sizes');
  });

  test('of this history, or beyond the own tree, or of another log is none', () => {
    expect(judge(receiptOf(a.tree, 200))).toBeNull();
    expect(judge(receiptOf(other, 400))).toBeNull();
    expect(judge(receiptOf(other, 200, 200, 'https://other.example'))).toBeNull();
    const changed = receiptOf(other, 200);
    changed[changed.length - 1]! ^= 1;
    expect(judge(changed)).toBeNull();
  });

  test('whose size a carrier changed is none where the root is known at its real one', () => {
    // The tree of 256 and that of 200 have paths of one shape for leaf 0.
    const carried = receiptOf(a.tree, 256, 200);
    expect(judge(carried, [256])).toBeNull();
    expect(judge(carried, [])).not.toBeNull();
  });
});

describe('the files', () => {
  const files = () => readdirSync(join(alliance.folder, 'evidence'));

  test('hold both notes verbatim, once each, whoever shows them', () => {
    const evidence = new EquivocationEvidence(join(alliance.folder, 'evidence'));
    const one = signNote(other.tree(130), c, [c]);
    const [found] = contradictionsOf(read(one), a.view);
    const file = evidence.keep(found!)!;
    expect(file).toMatch(/evidence\/equivocation-c-130-[0-9a-f]{8}\.json$/);
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Equivocation & { format: string };
    expect(kept).toMatchObject({ ...found, format: 'truegrain-equivocation@1' });
    expect(kept.sides[0].signed).toBe(one);
    // The same roots under more lines are the same thing.
    const [again] = contradictionsOf(read(signNote(other.tree(130), c, [c, d])), a.view);
    expect(evidence.keep(again!)).toBeNull();
    expect(files()).toHaveLength(1);
  });

  test('a member fills no disk, and its name is no path', () => {
    const evidence = new EquivocationEvidence(join(alliance.folder, 'evidence'));
    const [found] = contradictionsOf(read(signNote(other.tree(130), c, [])), a.view);
    for (let i = 0; i < 80; i += 1) {
      const side = { ...found!.sides[0], root: i.toString(16).padStart(64, '0') };
      evidence.keep({ ...found!, member: 'https://x.example/../..', sides: [side, side] });
    }
    expect(files()).toHaveLength(64);
    expect(files().every((name) => /^equivocation-x\.example_\.+_\.+-130-/.test(name))).toBe(true);
    expect(evidence.keep(found!)).not.toBeNull();
  });
});
