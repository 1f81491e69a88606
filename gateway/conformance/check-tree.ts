import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import type { CheckpointBody } from '@truegrain/device-sdk/formats/checkpoint.js';
import { leafHash, rootOf, verifyInclusion } from '@truegrain/device-sdk/formats/merkle.js';
import type { ReadLeaf, ReadLeaves } from './ledger-source.ts';
import { type Seen, seen } from './seen.ts';
import type { TileTree } from './tile-tree.ts';
import type { TreeCheck } from './view.ts';

/** So many are named; one is enough to break a log. */
const FAULTS_MAX = 20;

type Placed = Omit<TreeCheck, 'root'>;

/** Whether tiles and entries are those whose root was signed. */
export async function checkTree(
  tree: TileTree,
  shown: Seen<{ readonly body: CheckpointBody }>,
  read: Seen<ReadLeaves>,
): Promise<TreeCheck> {
  if (!shown.seen) return { root: shown, faults: [], included: 0, unplaced: [] };
  const { root } = shown.value.body;
  const led = await tree.root();
  const leads = led.seen ? seen(equal(led.value, root)) : led;
  if (!read.seen) return { root: leads, faults: [], included: 0, unplaced: [read.detail] };
  const { leaves, isWhole } = read.value;
  const placed = isWhole ? await placeAll(tree, leaves, root) : await placeEach(tree, leaves, root);
  return { root: leads, ...placed };
}

async function placeAll(
  tree: TileTree,
  leaves: readonly ReadLeaf[],
  root: Uint8Array,
): Promise<Placed> {
  const hashes = leaves.map(({ entry }) => leafHash(entry));
  if (equal(rootOf(hashes), root)) return { faults: [], included: leaves.length, unplaced: [] };
  const faults = ['the entries, all of them, do not make up the signed root'];
  for (const [index, own] of hashes.entries()) {
    if (faults.length === FAULTS_MAX) break;
    const hash = await tree.leafHash(index);
    if (hash.seen && !equal(hash.value, own)) faults.push(`leaf ${index} is not that of the tiles`);
  }
  return { faults, included: 0, unplaced: [] };
}

async function placeEach(
  tree: TileTree,
  leaves: readonly ReadLeaf[],
  root: Uint8Array,
): Promise<Placed> {
  const faults: string[] = [];
  const unplaced: string[] = [];
  for (const { leafIndex: index, entry } of leaves) {
    if (faults.length + unplaced.length === FAULTS_MAX) break;
    const path = await tree.inclusion(index);
    if (!path.seen) {
      unplaced.push(`leaf ${index}: ${path.detail}`);
      continue;
    }
    const claim = { index, size: tree.size, leafHash: leafHash(entry), path: path.value, root };
    if (!verifyInclusion(claim)) faults.push(`leaf ${index} is not under the signed root`);
  }
  return { faults, unplaced, included: leaves.length - faults.length - unplaced.length };
}
