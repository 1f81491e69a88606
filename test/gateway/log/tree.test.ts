import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import {
  leafHash,
  verifyConsistency,
  verifyInclusion,
} from '@truegrain/device-sdk/formats/merkle.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Proofs } from '../../../gateway/log/proofs.ts';
import { Tree } from '../../../gateway/log/tree.ts';
import { MTH } from '../../support/reference-merkle.ts';

const SIZE = 1_100;
const entries = Array.from({ length: SIZE }, (_, i) => Uint8Array.of(i >> 8, i & 255));
const hashes = entries.map(leafHash);
/** RFC 9162's own recursion. */
const roots = Array.from({ length: SIZE + 1 }, (_, n) => toHex(MTH(entries.slice(0, n))));

/** What the tile table would hold. */
class Tiles {
  readonly rows = new Map<string, Uint8Array>();

  keep(tree: Tree): void {
    for (const { level, index, hashes: tile } of tree.takeDirty()) {
      this.rows.set(`${level}/${index}`, tile.slice());
    }
  }

  readonly get = (level: number, index: number) => this.rows.get(`${level}/${index}`) ?? null;

  readonly need = (level: number, index: number) => {
    const tile = this.get(level, index);
    if (!tile) throw new Error(`no tile ${level}/${index}`);
    return tile;
  };
}

describe('against the recursive definition', () => {
  test(`at every size to ${SIZE}`, () => {
    const tree = new Tree();
    expect(toHex(tree.root())).toBe(roots[0]);
    for (const [i, hash] of hashes.entries()) {
      tree.append(hash);
      expect(tree.size).toBe(i + 1);
      expect(toHex(tree.root())).toBe(roots[i + 1]);
    }
  });

  test('loaded at every size, and grown from there', () => {
    const tree = new Tree();
    const tiles = new Tiles();
    for (let size = 0; size < SIZE; size += 1) {
      const again = Tree.load(size, tiles.need);
      expect(toHex(again.root())).toBe(roots[size]);
      for (let i = size; i < Math.min(SIZE, size + 3); i += 1) again.append(hashes[i]!);
      expect(toHex(again.root())).toBe(roots[Math.min(SIZE, size + 3)]);
      tree.append(hashes[size]!);
      tiles.keep(tree);
    }
  });

  test('tiles written by a tree that is loaded anew for each batch are the same tiles', () => {
    const whole = new Tree();
    const wanted = new Tiles();
    for (const hash of hashes) whole.append(hash);
    wanted.keep(whole);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (batches) => {
        const tiles = new Tiles();
        let size = 0;
        for (let i = 0; size < SIZE; i += 1) {
          const tree = Tree.load(size, tiles.need);
          const end = Math.min(SIZE, size + (batches[i % batches.length] ?? 1));
          for (; size < end; size += 1) tree.append(hashes[size]!);
          tiles.keep(tree);
        }
        expect([...tiles.rows.keys()].sort()).toEqual([...wanted.rows.keys()].sort());
        for (const [place, tile] of wanted.rows)
          expect(equal(tile, tiles.rows.get(place)!)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  test('a tree is at home in its tiles alone: a missing one is an error', () => {
    const tree = new Tree();
    for (const hash of hashes.slice(0, 300)) tree.append(hash);
    expect(() => Tree.load(300, new Tiles().need)).toThrow('no tile');
  });
});

describe('proofs from tiles', () => {
  const tree = new Tree();
  const tiles = new Tiles();
  for (const hash of hashes) tree.append(hash);
  tiles.keep(tree);
  const sizes = [1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, SIZE];

  test('roots of every earlier size', () => {
    const proofs = new Proofs(tiles.get);
    for (let size = 0; size <= SIZE; size += 1) expect(toHex(proofs.root(size))).toBe(roots[size]);
  });

  test('inclusion verifies', () => {
    const proofs = new Proofs(tiles.get);
    for (const size of sizes) {
      const root = Buffer.from(roots[size]!, 'hex');
      for (let index = 0; index < size; index += size > 300 ? 7 : 1) {
        const path = proofs.inclusion(index, size);
        const claim = { index, size, path, root, leafHash: hashes[index]! };
        expect(verifyInclusion(claim)).toBe(true);
        if (size > 1)
          expect(verifyInclusion({ ...claim, leafHash: hashes[(index + 1) % size]! })).toBe(false);
      }
    }
  });

  test('consistency verifies', () => {
    const proofs = new Proofs(tiles.get);
    for (const size1 of sizes) {
      for (const size2 of sizes.filter((size) => size >= size1)) {
        const path = proofs.consistency(size1, size2);
        const root1 = Buffer.from(roots[size1]!, 'hex');
        const root2 = Buffer.from(roots[size2]!, 'hex');
        expect(verifyConsistency({ size1, size2, root1, root2, path })).toBe(true);
      }
    }
  });

  test('of a tree that grows between them, with hashes kept in memory', () => {
    const growing = new Tree();
    const stored = new Tiles();
    const proofs = new Proofs(stored.get);
    for (const [i, hash] of hashes.entries()) {
      growing.append(hash);
      stored.keep(growing);
      if (i % 37 === 0) expect(toHex(proofs.root(i + 1))).toBe(roots[i + 1]);
    }
  });
});
