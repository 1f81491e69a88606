// One look at a log that may lie: a table of what it shows and what is made of it.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex } from '@truegrain/device-sdk/formats/bytes.js';
import { formatCheckpointBody, signCheckpoint } from '@truegrain/device-sdk/formats/checkpoint.js';
import { cosign } from '@truegrain/device-sdk/formats/cosignature.js';
import { consistencyRoot } from '@truegrain/device-sdk/formats/merkle.js';
import { noteKey } from '@truegrain/device-sdk/formats/note.js';
import type { TileId } from '@truegrain/device-sdk/formats/tiles.js';
import { evaluatePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nativeVerify, useNodeCrypto } from '../../../gateway/admit/native-verify.ts';
import { type Seen, seen, unseen } from '../../../gateway/conformance/seen.ts';
import { readMemory } from '../../../gateway/watch/memory.ts';
import { Watcher, type WatcherOptions } from '../../../gateway/watch/watcher.ts';
import { keysOf, ORIGIN, policyOfKeys, rawKey } from '../../support/cosigner-rig.ts';
import { TestTree } from '../../support/test-tree.ts';

useNodeCrypto();

const T0_MS = Date.UTC(2026, 10, 29, 9);
const members = ['acme', 'bolt', 'cargo'].map(keysOf);
const policy = policyOfKeys(members, 2);

interface NoteWishes {
  readonly origin?: string;
  readonly by?: number;
  readonly cosigners?: readonly number[];
  readonly timeSeconds?: number;
}

function noteOf({ size, root }: { size: number; root: Uint8Array }, wishes: NoteWishes = {}) {
  const { origin = ORIGIN, by = 0, cosigners = [0, 1], timeSeconds = 1_793_600_000 } = wishes;
  const checkpoint = { origin, size, root };
  const body = formatCheckpointBody(checkpoint);
  const lines = cosigners.map((i) => {
    const { cosignerName: name, cosigner: signer } = members[i]!;
    return cosign(body, { name, signer, timeSeconds });
  });
  return signCheckpoint({ checkpoint, signer: members[by]!.log }) + lines.join('');
}

/** A log that shows what the test sets. */
class Log {
  note: Seen<string> = unseen('unreachable', 'nobody answers');
  tree = new TestTree(0);
  hidesTiles = false;
  asked: TileId[] = [];

  show(tree: TestTree, wishes: NoteWishes & { size?: number } = {}): void {
    this.tree = tree;
    this.note = seen(noteOf(tree.tree(wishes.size ?? tree.size()), wishes));
  }

  checkpoint = async () => this.note;
  tile = async (tile: TileId): Promise<Seen<Uint8Array>> => {
    this.asked.push(tile);
    if (this.hidesTiles || tile.level === 'entries') return unseen('absent', 'no such tile');
    const bytes = this.tree.tile({ ...tile, level: tile.level });
    return bytes ? seen(bytes) : unseen('absent', 'no such tile');
  };
}

let folder = '';
let log: Log;
let nowMs = T0_MS;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tg-watch-'));
  log = new Log();
  nowMs = T0_MS;
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = () => join(folder, 'memory.json');

function watcher(given: Partial<WatcherOptions> = {}): Watcher {
  const memory = readMemory(file());
  if (!memory.seen) throw new Error(memory.detail);
  return new Watcher({
    ...{ file: file(), source: log, policy, remembered: memory.value, staleMs: null },
    native: nativeVerify,
    ...given,
  });
}

/** Each look by a program started anew, as cron would. */
const lookOnce = (given: Partial<WatcherOptions> = {}) => watcher(given).look(nowMs);
const kindsOf = ({ alarms }: { alarms: readonly { kind: string }[] }) =>
  alarms.map(({ kind }) => kind);

describe('an honest log', () => {
  it('is remembered as it grows, over tiles full and partial', async () => {
    const tree = new TestTree(0);
    let size = 0;
    for (const grown of [1, 1, 5, 249, 1, 300, 7]) {
      tree.grow(grown);
      size += grown;
      log.show(tree);
      const report = await lookOnce();
      expect(report).toMatchObject({ alarms: [], isNews: true, evidence: null });
      expect(report.remembered).toMatchObject({ size, seenMs: nowMs });
      nowMs += 1_000;
    }
    expect(log.asked.length).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual(['memory.json']);
  });

  it('that shows the same tree again is no news, whoever signed it', async () => {
    const tree = new TestTree(9);
    log.show(tree);
    await lookOnce();
    const before = readFileSync(file(), 'utf8');
    nowMs += 60_000;
    log.show(tree, { by: 1, cosigners: [1, 2], timeSeconds: 1_793_600_060 });
    expect(await lookOnce()).toMatchObject({ alarms: [], isNews: false });
    expect(readFileSync(file(), 'utf8')).toBe(before);
  });

  it('may drop partial tiles that are full by now', async () => {
    const tree = new TestTree(100);
    log.show(tree);
    await lookOnce();
    log.show(tree, { size: 100 });
    tree.grow(200);
    log.show(tree, { size: 250 });
    const all = log.tile;
    log.tile = async (tile) =>
      tile.width < 256 && tile.index === 0 ? unseen('absent', 'dropped') : all(tile);
    expect(kindsOf(await lookOnce())).toEqual([]);
  });
});

describe('what is not believed', () => {
  const wishes: [string, NoteWishes][] = [
    ['too few cosignatures', { cosigners: [1] }],
    ['none', { cosigners: [] }],
  ];
  it.each(wishes)('%s: policy_not_met, and the memory stays', async (_name, wish) => {
    const tree = new TestTree(4);
    log.show(tree, wish);
    expect(await lookOnce()).toMatchObject({ isNews: false, remembered: null });
    log.show(tree);
    await lookOnce();
    tree.grow(3);
    log.show(tree, wish);
    const report = await lookOnce();
    expect(kindsOf(report)).toEqual(['policy_not_met']);
    expect(report).toMatchObject({ remembered: { size: 4 }, shown: { size: 7 } });
  });

  it('a key nobody listed, a bad signature, no note at all', async () => {
    const tree = new TestTree(4);
    log.show(tree);
    const stranger = policyOfKeys([keysOf('else')], 1);
    expect(kindsOf(await lookOnce({ policy: stranger }))).toEqual(['policy_not_met']);
    const good = noteOf(tree.tree());
    const body = good.slice(0, good.indexOf('\n\n'));
    log.note = seen(good.replace(body, body.replace('\n4\n', '\n5\n')));
    expect(kindsOf(await lookOnce())).toEqual(['policy_not_met']);
    log.note = seen('<html>');
    expect(kindsOf(await lookOnce())).toEqual(['policy_not_met']);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('a forged note by no log key convicts nobody', async () => {
    const tree = new TestTree(4);
    log.show(tree);
    await lookOnce();
    const forged = noteOf(new TestTree(4, { name: 1 }).tree());
    const lines = forged.split('\n');
    // The log's own line is gone; cosignatures of an unsigned tree are the cosigners' affair.
    log.note = seen([...lines.slice(0, 4), ...lines.slice(5)].join('\n'));
    const report = await lookOnce();
    expect(kindsOf(report)).toEqual(['policy_not_met']);
    expect(report.evidence).toBeNull();
  });

  it('another log of the same keys', async () => {
    log.show(new TestTree(4));
    await lookOnce();
    const origin = `other.example/${'6b'.repeat(32)}`;
    const key = noteKey(origin, 1, rawKey(members[0]!.log));
    log.show(new TestTree(9), { origin });
    expect(kindsOf(await lookOnce())).toEqual(['policy_not_met']);
    const both = { ...policy, logs: [...policy.logs, { key, url: null }] };
    const report = await lookOnce({ policy: both });
    expect(kindsOf(report)).toEqual(['other_log']);
    expect(report).toMatchObject({ remembered: { size: 4 }, evidence: null });
  });

  it('a larger tree without tiles, or with those of another', async () => {
    const tree = new TestTree(300);
    log.show(tree);
    await lookOnce();
    tree.grow(10);
    log.show(tree);
    log.hidesTiles = true;
    const hidden = await lookOnce();
    expect(kindsOf(hidden)).toEqual(['unproved']);
    expect(hidden.alarms[0]?.text).toMatch(/can't be compared: no such tile/);
    log.hidesTiles = false;
    log.tree = new TestTree(310, { name: 1, forkAt: 305 });
    const foreign = await lookOnce();
    expect(kindsOf(foreign)).toEqual(['unproved']);
    expect(foreign.evidence).toBeNull();
    log.tree = tree;
    expect(await lookOnce()).toMatchObject({ alarms: [], remembered: { size: 310 } });
  });
});

describe('two histories', () => {
  const evidenceIn = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

  it('of one size: both notes are the evidence, and they verify', async () => {
    log.show(new TestTree(6));
    await lookOnce();
    log.show(new TestTree(6, { name: 1, forkAt: 5 }));
    const report = await lookOnce();
    expect(kindsOf(report)).toEqual(['inconsistent']);
    const evidence = evidenceIn(report.evidence!);
    expect(evidence).toMatchObject({ format: 'truegrain-watch-evidence@1', consistency: null });
    const [a, b] = [evidence.remembered, evidence.shown].map((note: string) =>
      evaluatePolicy(policy, note, nativeVerify),
    );
    expect(a).toMatchObject({ ok: true, value: { satisfied: true, checkpoint: { size: 6 } } });
    expect(b).toMatchObject({ ok: true, value: { satisfied: true, checkpoint: { size: 6 } } });
    expect(report.remembered?.size).toBe(6);
  });

  it.each([
    [6, 9, 5],
    [256, 700, 0],
    [300, 301, 299],
    [513, 1_025, 512],
  ])('of sizes %i and %i, forked at %i: with the proof', async (size1, size2, forkAt) => {
    const honest = new TestTree(size1);
    log.show(honest);
    await lookOnce();
    const other = new TestTree(size2, { name: 1, forkAt });
    // One log key and no cosigner: it signed two histories all the same.
    log.show(other, { by: 2, cosigners: [] });
    const report = await lookOnce();
    expect(kindsOf(report)).toEqual(['inconsistent']);
    const { consistency } = evidenceIn(report.evidence!);
    const path = consistency.path.map((hash: string) => fromHex(hash));
    const root1 = fromHex(consistency.root1)!;
    // Who checks the file needs no tiles: the path leads to the signed root from another one.
    expect(consistencyRoot({ size1, size2, root1, path })).toEqual(other.root(size2));
    expect(root1).not.toEqual(honest.root(size1));
    expect(root1).toEqual(other.root(size1));
  });

  it('the same again is one file; another is another', async () => {
    log.show(new TestTree(6));
    await lookOnce();
    log.show(new TestTree(6, { name: 1 }));
    const first = await lookOnce();
    log.show(new TestTree(6, { name: 1 }), { timeSeconds: 1_793_600_777 });
    expect((await lookOnce()).evidence).toBe(first.evidence);
    log.show(new TestTree(6, { name: 2 }));
    expect((await lookOnce()).evidence).not.toBe(first.evidence);
    expect(readdirSync(folder)).toHaveLength(3);
  });

  it('a log that goes on growing does not fill the disk, and is alarmed at all the same', async () => {
    log.show(new TestTree(6));
    await lookOnce();
    for (let size = 7; size < 80; size += 1) {
      log.show(new TestTree(size, { name: 1 }));
      expect(kindsOf(await lookOnce())).toEqual(['inconsistent']);
    }
    expect(readdirSync(folder)).toHaveLength(65);
  });

  it('a smaller tree than was shown is rolled back, even an honest old one', async () => {
    const tree = new TestTree(20);
    log.show(tree);
    await lookOnce();
    log.show(tree, { size: 19 });
    const report = await lookOnce();
    expect(kindsOf(report)).toEqual(['rolled_back']);
    expect(report).toMatchObject({ remembered: { size: 20 }, shown: { size: 19 }, isNews: false });
    expect(evidenceIn(report.evidence!)).toMatchObject({ kind: 'rolled_back' });
  });
});

describe('silence', () => {
  it('stale only where it was asked for, by the time of the last news', async () => {
    const tree = new TestTree(3);
    log.show(tree);
    await lookOnce({ staleMs: 60_000 });
    nowMs += 60_000;
    expect(kindsOf(await lookOnce({ staleMs: 60_000 }))).toEqual([]);
    nowMs += 1;
    expect(kindsOf(await lookOnce())).toEqual([]);
    expect(kindsOf(await lookOnce({ staleMs: 60_000 }))).toEqual(['stale']);
    tree.grow(1);
    log.show(tree);
    expect(kindsOf(await lookOnce({ staleMs: 60_000 }))).toEqual([]);
  });

  it('unreachable says so at once, and stale too after that time', async () => {
    expect(kindsOf(await lookOnce({ staleMs: 1 }))).toEqual(['unreachable']);
    log.show(new TestTree(3));
    await lookOnce();
    log.note = unseen('unreachable', 'nobody answers');
    nowMs += 2;
    expect(kindsOf(await lookOnce({ staleMs: 1 }))).toEqual(['unreachable', 'stale']);
  });
});
