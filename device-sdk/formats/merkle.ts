// RFC 9162 §2.1: Merkle tree hashing, inclusion and consistency proofs over SHA-256.
/**
 * Verification follows the algorithms of §2.1.3.2 and §2.1.4.2 step by step. The builders work on
 * a full array of leaf hashes and suit batches and tests; a log that stores tiles builds its
 * proofs with `tiles.ts`.
 *
 * Tree sizes and leaf indexes are JavaScript integers up to 2^53 − 1. They exceed 32 bits, so
 * they are halved with arithmetic and never with `>>`.
 *
 * @module
 */
import { concat, equal } from './bytes.ts';
import { sha256 } from './sha256.ts';

export const HASH_BYTES = 32;

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** MTH({}) = SHA-256(""), §2.1.1: the root of the tree without leaves. */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

/** SHA-256(0x00 ‖ entry), §2.1.1. */
export function leafHash(entry: Uint8Array): Uint8Array {
  if (entry.length >= leafInput.length) return sha256(concat(Uint8Array.of(LEAF_PREFIX), entry));
  leafInput.set(entry, 1);
  return sha256(leafInput.subarray(0, 1 + entry.length));
}

// One buffer for every leaf and one for every node: an array above 64 bytes is allocated off the
// heap and costs as much as the hash. Safe because `sha256` is synchronous and keeps nothing.
const leafInput = new Uint8Array(4096);
leafInput[0] = LEAF_PREFIX;
const nodeInput = new Uint8Array(1 + 2 * HASH_BYTES);
nodeInput[0] = NODE_PREFIX;

/** SHA-256(0x01 ‖ left ‖ right), §2.1.1; both sides are 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) {
    throw new TypeError('nodeHash takes two hashes of 32 bytes');
  }
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + HASH_BYTES);
  return sha256(nodeInput);
}

/** The largest power of two strictly smaller than `n` (n > 1), where §2.1.1 splits a tree. */
export function splitPoint(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** MTH(D_n) for a list of leaf hashes, §2.1.1. */
export function rootOf(leafHashes: readonly Uint8Array[]): Uint8Array {
  return leafHashes.length === 0 ? EMPTY_ROOT : rangeRoot(leafHashes, 0, leafHashes.length);
}

function rangeRoot(hashes: readonly Uint8Array[], start: number, end: number): Uint8Array {
  if (end - start === 1) {
    const hash = hashes[start];
    if (hash === undefined) throw new RangeError(`no leaf ${start} among ${hashes.length}`);
    return hash;
  }
  const k = splitPoint(end - start);
  return nodeHash(rangeRoot(hashes, start, start + k), rangeRoot(hashes, start + k, end));
}

/** Leaves [start, end) of a tree: a subtree whose root is one element of a proof. */
export interface LeafRange {
  start: number;
  end: number;
}

/** The subtrees of PATH(index, D_size), §2.1.3.1, from the leaf's sibling to the root's child. */
export function inclusionRanges({ index, size }: { index: number; size: number }): LeafRange[] {
  if (!isSize(index) || !isSize(size) || index >= size) {
    throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  }
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.reverse();
}

/** The subtrees of PROOF(size1, D_size2), §2.1.4.1; none for equal sizes. */
export function consistencyRanges(sizes: { size1: number; size2: number }): LeafRange[] {
  const { size1, size2 } = sizes;
  if (!isSize(size1) || !isSize(size2) || size1 < 1 || size1 > size2) {
    throw new RangeError(`no consistency path from ${size1} to ${size2}`);
  }
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size2];
  while (size1 !== end) {
    const middle = start + splitPoint(end - start);
    if (size1 <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  // Where `start` is still 0 this subtree is the older tree itself, whose root is at hand.
  if (start > 0) ranges.push({ start, end });
  return ranges.reverse();
}

/** PATH(index, D_n) over an array; for all paths of one batch see `completeSubtrees` in tiles.ts. */
export function inclusionPath(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  const ranges = inclusionRanges({ index, size: leafHashes.length });
  return ranges.map(({ start, end }) => rangeRoot(leafHashes, start, end));
}

/** PROOF(size1, D_n) over an array. */
export function consistencyPath(leafHashes: readonly Uint8Array[], size1: number): Uint8Array[] {
  const ranges = consistencyRanges({ size1, size2: leafHashes.length });
  return ranges.map(({ start, end }) => rangeRoot(leafHashes, start, end));
}

export interface InclusionClaim {
  index: number;
  size: number;
  leafHash: Uint8Array;
  path: readonly Uint8Array[];
}

function isSize(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === HASH_BYTES);
}

/** The root that a path leads to, §2.1.3.2 steps 1–4 and `sn = 0`; null where the shape is wrong. */
export function inclusionRoot(claim: InclusionClaim): Uint8Array | null {
  const { index, size, path } = claim;
  if (!isSize(index) || !isSize(size) || index >= size) return null;
  if (claim.leafHash.length !== HASH_BYTES || !areHashes(path)) return null;
  let fn = index;
  let sn = size - 1;
  let r = claim.leafHash;
  for (const p of path) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else {
      r = nodeHash(r, p);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? r : null;
}

/** §2.1.3.2: whether the leaf stands at `index` in the tree of `size` leaves with this root. */
export function verifyInclusion(claim: InclusionClaim & { root: Uint8Array }): boolean {
  const root = inclusionRoot(claim);
  return root !== null && equal(root, claim.root);
}

export interface ConsistencyClaim {
  size1: number;
  size2: number;
  root1: Uint8Array;
  path: readonly Uint8Array[];
}

/**
 * The newer root that a consistency path leads to from a trusted older one, §2.1.4.2; null where
 * the path does not start from `root1` or has the wrong shape. Equal sizes take the empty path
 * and no other. The RFC defines no proof from the empty tree, so `size1 = 0` is null: any tree
 * extends it and a "verified" answer would carry no information.
 */
export function consistencyRoot(claim: ConsistencyClaim): Uint8Array | null {
  const { size1, size2, root1 } = claim;
  if (!isSize(size1) || !isSize(size2) || size1 === 0 || size1 > size2) return null;
  if (root1.length !== HASH_BYTES || !areHashes(claim.path)) return null;
  if (size1 === size2) return claim.path.length === 0 ? root1 : null;
  if (claim.path.length === 0) return null;
  const path = isPowerOfTwo(size1) ? [root1, ...claim.path] : claim.path;
  let fn = size1 - 1;
  let sn = size2 - 1;
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  const [first, ...rest] = path;
  if (first === undefined) return null;
  let fr = first;
  let sr = first;
  for (const c of rest) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(c, fr);
      sr = nodeHash(c, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else {
      sr = nodeHash(sr, c);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && equal(fr, root1) ? sr : null;
}

function isPowerOfTwo(n: number): boolean {
  let k = n;
  while (k > 1 && k % 2 === 0) k /= 2;
  return k === 1;
}

/** §2.1.4.2: whether the tree of `size2` leaves extends the tree of `size1` leaves. */
export function verifyConsistency(claim: ConsistencyClaim & { root2: Uint8Array }): boolean {
  const root = consistencyRoot(claim);
  return root !== null && equal(root, claim.root2);
}
