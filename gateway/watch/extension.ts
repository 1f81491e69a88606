import type { Checkpoint } from '@truegrain/device-sdk/formats/checkpoint.js';
import { parseTilePath } from '@truegrain/device-sdk/formats/tiles.js';
import type { LedgerSource } from '../conformance/ledger-source.ts';
import type { Unseen } from '../conformance/seen.ts';
import { fetchTile } from '../conformance/tile-tree.ts';
import { type Extension, extensionOf } from '../peers/equivocation-tiles.ts';

/** Whether the tree now shown begins with the remembered one, by the log's own tiles. */
export async function extensionShown(
  source: Pick<LedgerSource, 'tile'>,
  remembered: Checkpoint,
  shown: Checkpoint,
): Promise<{ extension: Extension; missing: string | null }> {
  let missing: Unseen | null = null;
  const extension = await extensionOf({
    own: remembered,
    theirs: shown,
    fetchTile: async (path) => {
      const tile = parseTilePath(path);
      if (!tile.ok) return null;
      const got = await fetchTile(source, tile.value);
      if (got.seen) return got.value;
      missing = got;
      return null;
    },
  });
  return { extension, missing: (missing as Unseen | null)?.detail ?? null };
}
