import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import type { Checkpoint } from '@truegrain/device-sdk/formats/checkpoint.js';
import { verifyConsistency } from '@truegrain/device-sdk/formats/merkle.js';
import { type Seen, seen, unseen } from './seen.ts';
import type { TileTree } from './tile-tree.ts';

type Tree = Pick<Checkpoint, 'size' | 'root'>;

/** One history seen twice, or two histories. */
export type Relation = 'same' | 'extends' | 'contradicts';

/** Whether the larger of two trees begins with the smaller; `larger` has the tiles of the larger. */
export async function relationOf(a: Tree, b: Tree, larger: TileTree): Promise<Seen<Relation>> {
  if (a.size === b.size) return seen(equal(a.root, b.root) ? 'same' : 'contradicts');
  const [old, young] = a.size < b.size ? [a, b] : [b, a];
  // Every tree extends the empty one.
  if (old.size === 0) return seen('extends');
  const path = await larger.consistency(old.size);
  if (!path.seen) return path;
  const { size: size1, root: root1 } = old;
  const { size: size2, root: root2 } = young;
  if (verifyConsistency({ size1, root1, size2, root2, path: path.value })) return seen('extends');
  // Bad tiles prove nothing against the older tree: they must lead to the younger one's root first.
  const shown = await larger.root();
  if (shown.seen && equal(shown.value, root2)) return seen('contradicts');
  return unseen('malformed', `the tiles at size ${size2} do not lead to its root`);
}
