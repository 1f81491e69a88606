import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../device-sdk/formats/bytes.ts';
import {
  consistencyPath,
  consistencyRoot,
  EMPTY_ROOT,
  inclusionPath,
  inclusionRoot,
  leafHash,
  nodeHash,
  rootOf,
  splitPoint,
  verifyConsistency,
  verifyInclusion,
} from '../../../device-sdk/formats/merkle.ts';
import { MTH, PATH, PROOF } from '../../support/reference-merkle.ts';

const SIZE_MAX = 130;
const entries = Array.from({ length: SIZE_MAX }, (_, i) => new TextEncoder().encode(`entry ${i}`));
const leaves = entries.map(leafHash);
const roots = Array.from({ length: SIZE_MAX + 1 }, (_, n) => MTH(entries.slice(0, n)));
const root = (n: number) => roots[n]!;

function flipped(hash: Uint8Array, bit = 0): Uint8Array {
  const copy = Uint8Array.from(hash);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

/** Every path one edit away: a hash altered, removed, doubled, swapped, put in front or behind. */
function* editsOf(path: Uint8Array[], bit: number): Generator<Uint8Array[]> {
  const stray = leafHash(Uint8Array.of(bit));
  yield [stray, ...path];
  yield [...path, stray];
  for (const [i, hash] of path.entries()) {
    yield path.with(i, flipped(hash, bit));
    yield path.with(i, hash.subarray(1));
    yield path.toSpliced(i, 1);
    yield path.toSpliced(i, 0, hash);
    const next = path[i + 1];
    if (next) yield path.with(i, next).with(i + 1, hash);
  }
}

describe('merkle, RFC 9162 §2.1', () => {
  it('hashes the empty tree, leaves and nodes with their prefixes', () => {
    expect(toHex(EMPTY_ROOT)).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(toHex(rootOf([]))).toBe(toHex(MTH([])));
    expect(toHex(leafHash(new Uint8Array(0)))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(() => nodeHash(EMPTY_ROOT, new Uint8Array(31))).toThrow(TypeError);
  });

  it('splits at the largest power of two below n', () => {
    expect([2, 3, 4, 5, 8, 9].map(splitPoint)).toEqual([1, 2, 2, 4, 4, 8]);
    expect(splitPoint(2 ** 40 + 1)).toBe(2 ** 40);
  });

  it('builds the roots and paths of the oracle for every size to 130', () => {
    for (let n = 1; n <= SIZE_MAX; n++) {
      const part = entries.slice(0, n);
      const hashes = leaves.slice(0, n);
      expect(rootOf(hashes)).toEqual(root(n));
      for (let m = 0; m < n; m += n > 32 ? 29 : 1) {
        expect(inclusionPath(hashes, m)).toEqual(PATH(m, part));
        expect(consistencyPath(hashes, m + 1)).toEqual(PROOF(m + 1, part));
      }
    }
  });

  it('verifies every leaf of every size to 130 and refuses it at its neighbours', () => {
    for (let size = 1; size <= SIZE_MAX; size++) {
      const hashes = leaves.slice(0, size);
      for (let index = 0; index < size; index += size > 32 ? 11 : 1) {
        const claim = { index, size, path: inclusionPath(hashes, index), root: root(size) };
        const leaf = leaves[index]!;
        expect(verifyInclusion({ ...claim, leafHash: leaf })).toBe(true);
        expect(verifyInclusion({ ...claim, leafHash: flipped(leaf) })).toBe(false);
        for (const other of [index - 1, index + 1, index ^ 1, size, -1, index + 0.5]) {
          expect(verifyInclusion({ ...claim, leafHash: leaf, index: other })).toBe(false);
        }
      }
    }
  });

  it('verifies consistency between all sizes to 130 and refuses other sizes and roots', () => {
    for (let size2 = 1; size2 <= SIZE_MAX; size2++) {
      const hashes = leaves.slice(0, size2);
      for (let size1 = 1; size1 <= size2; size1 += size2 > 32 ? 7 : 1) {
        const path = consistencyPath(hashes, size1);
        const claim = { size1, size2, root1: root(size1), root2: root(size2), path };
        expect(verifyConsistency(claim)).toBe(true);
        expect(verifyConsistency({ ...claim, root1: flipped(claim.root1) })).toBe(false);
        expect(verifyConsistency({ ...claim, root2: flipped(claim.root2) })).toBe(false);
        expect(verifyConsistency({ ...claim, size1: size2 + 1 })).toBe(false);
      }
    }
  });

  it('refuses every edited path', () => {
    const size = fc.integer({ min: 1, max: SIZE_MAX });
    fc.assert(
      fc.property(size, size, fc.nat({ max: 255 }), (a, b, bit) => {
        const size1 = Math.min(a, b);
        const size2 = Math.max(a, b);
        const hashes = leaves.slice(0, size2);
        const index = size1 - 1;
        const inclusion = { index, size: size2, leafHash: leaves[index]!, root: root(size2) };
        for (const path of editsOf(inclusionPath(hashes, index), bit)) {
          expect(verifyInclusion({ ...inclusion, path })).toBe(false);
        }
        const consistency = { size1, size2, root1: root(size1), root2: root(size2) };
        for (const path of editsOf(consistencyPath(hashes, size1), bit)) {
          expect(verifyConsistency({ ...consistency, path })).toBe(false);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('takes no proof from the empty tree and none but the empty one for equal sizes', () => {
    const claim = { size1: 0, size2: 3, root1: EMPTY_ROOT, path: [] };
    expect(consistencyRoot(claim)).toBeNull();
    expect(consistencyRoot({ ...claim, size2: 0 })).toBeNull();
    expect(consistencyRoot({ size1: 3, size2: 3, root1: root(3), path: [] })).toEqual(root(3));
    expect(consistencyRoot({ size1: 3, size2: 3, root1: root(3), path: [root(1)] })).toBeNull();
    expect(consistencyRoot({ size1: 2, size2: 3, root1: root(2), path: [] })).toBeNull();
    expect(() => consistencyPath(leaves.slice(0, 3), 0)).toThrow(RangeError);
    expect(() => inclusionPath([], 0)).toThrow(RangeError);
  });

  it('counts past 32 bits', () => {
    // The last leaf of a tree of 2^40 + 1 has one sibling: the root of all leaves before it.
    const left = root(4);
    const leaf = leaves[0]!;
    const far = { index: 2 ** 40, size: 2 ** 40 + 1, leafHash: leaf, path: [left] };
    expect(inclusionRoot(far)).toEqual(nodeHash(left, leaf));
    expect(inclusionRoot({ ...far, index: 2 ** 53, size: 2 ** 53 + 2 })).toBeNull();
    const grown = { size1: 2 ** 40, size2: 2 ** 40 + 1, root1: left, path: [leaf] };
    expect(consistencyRoot(grown)).toEqual(nodeHash(left, leaf));
  });
});
