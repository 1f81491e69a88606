import {
  parseEntryBundle,
  TILE_WIDTH_MAX,
  tileWidth,
} from '@truegrain/device-sdk/formats/tiles.js';
import {
  type LedgerSource,
  type ReadLeaf,
  type ReadLeaves,
  WHOLE_LEAVES_MAX,
} from '../ledger-source.ts';
import { type Seen, seen, unseen } from '../seen.ts';

/** Every entry below `size`, by C2SP entry bundles; not seen where the first missing one is not. */
export async function leavesOfBundles(
  source: Pick<LedgerSource, 'tile'>,
  size: number,
): Promise<Seen<ReadLeaves>> {
  if (size > WHOLE_LEAVES_MAX) {
    return unseen(
      'not-asked',
      `${size} entries are not read one by one, ${WHOLE_LEAVES_MAX} at most`,
    );
  }
  const leaves: ReadLeaf[] = [];
  for (let index = 0; index * TILE_WIDTH_MAX < size; index += 1) {
    const width = tileWidth({ level: 0, index, size });
    const bundle = await bundleOf(source, { index, width });
    if (!bundle.seen) return bundle;
    for (const [i, entry] of bundle.value.entries()) {
      leaves.push({ leafIndex: index * TILE_WIDTH_MAX + i, entry });
    }
  }
  return seen({ leaves, isWhole: true });
}

async function bundleOf(
  source: Pick<LedgerSource, 'tile'>,
  { index, width }: { index: number; width: number },
): Promise<Seen<Uint8Array[]>> {
  const partial = await source.tile({ level: 'entries', index, width });
  if (partial.seen) return parsed(partial.value, { index, width });
  if (partial.why !== 'absent' || width === TILE_WIDTH_MAX) return partial;
  const full = await source.tile({ level: 'entries', index, width: TILE_WIDTH_MAX });
  if (!full.seen) return partial;
  const entries = parsed(full.value, { index, width: TILE_WIDTH_MAX });
  return entries.seen ? seen(entries.value.slice(0, width)) : entries;
}

function parsed(
  bytes: Uint8Array,
  { index, width }: { index: number; width: number },
): Seen<Uint8Array[]> {
  const entries = parseEntryBundle(bytes, width);
  if (entries.ok) return seen(entries.value);
  return unseen('malformed', `entry bundle ${index}: ${entries.detail}`);
}
