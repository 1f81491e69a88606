import { dirname } from 'node:path';
import { fail, ok } from '../formats/result.ts';
import type { QueueResult } from './queue-error.ts';
import type { QueueState } from './queue-state.ts';
import type { QueueOptions } from './queue-types.ts';
import { recover } from './recovery.ts';
import type { Damage } from './scan.ts';
import { segmentName } from './segment-format.ts';
import { SegmentStore } from './segment-store.ts';

export interface OpenedStore {
  readonly store: SegmentStore;
  readonly state: QueueState;
  /** Grows while the queue runs: an index or a frame may turn out unreadable later. */
  readonly damaged: Damage[];
  readonly tornBytes: number;
}

/** Recovery, then a growing segment to write to; the directory is made on the first start. */
export function openStore(
  options: QueueOptions & { segmentBytes: number },
): QueueResult<OpenedStore> {
  const { disk, dir } = options;
  disk.makeDir(dir);
  disk.fsyncDir(dirname(dir));
  const { state, damaged, tornBytes, ...found } = recover(options);
  const store = new SegmentStore(
    {
      ...options,
      onDamage: (segment, what) => {
        damaged.push({ file: segmentName(segment.number), ...what });
        state.forgetAllBut(segment, store.rows(segment));
      },
    },
    found,
  );
  forgetAbsent(store, state);
  const dead = store.sealed.filter((segment) => state.live(segment) <= 0);
  store.remove(dead);
  for (const segment of dead) state.forget(segment);
  if (store.active === null) {
    // Over the byte limit by one segment at most, and only until the next eviction.
    if (!store.provisionSpare()) return fail('disk_full', `no space for a segment in ${dir}`);
    const snapshot: QueueState['snapshot'] = (sealed) => state.snapshot(sealed);
    store.roll({ position: state.nextPosition, snapshot });
  }
  if (store.shortBy(store.totalBytes()) === 0) store.provisionSpare();
  return ok({ store, state, damaged, tornBytes });
}

/** Marks older than a rewrite or a removal still name entries that no file holds any more. */
function forgetAbsent(store: SegmentStore, state: QueueState): void {
  let from = 0;
  for (const segment of store.sealed) {
    state.forget({ firstPosition: from, endPosition: segment.firstPosition });
    from = Math.max(from, segment.endPosition);
    const span = segment.endPosition - segment.firstPosition;
    const dead = state.released.count(segment.firstPosition, segment.endPosition);
    if (dead > 0 && segment.count < span) state.forgetAllBut(segment, store.rows(segment));
  }
  const end = store.active?.firstPosition ?? state.nextPosition;
  state.forget({ firstPosition: from, endPosition: end });
}
