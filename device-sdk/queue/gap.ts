import type { EntryMeta } from './entry.ts';
import { type DigestState, emptyDigest, extendDigest, finishDigest } from './running-digest.ts';

/** `damaged`: the disk lost the frame; all others name the full-queue policy at work. */
export type GapReason = 'dropOldest' | 'dropNewest' | 'blockSampling' | 'downsample' | 'damaged';

/** One drop episode of one key, as it is kept on the disk. */
export interface GapState {
  readonly gap: number;
  readonly key: number;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly count: number;
  readonly minMs: number | null;
  readonly maxMs: number | null;
  readonly reason: GapReason;
  /** Still growing: dropNewest goes on until a frame is stored again. */
  readonly open: boolean;
  readonly digest: DigestState;
}

/** What one signed gap record says. `count` is below the span where sampling kept frames between. */
export interface GapDescription extends Omit<GapState, 'open' | 'digest'> {
  /** SHA-256 over the dropped statement ids in seq order. */
  readonly digest: Uint8Array;
}

export function describeGap(state: GapState): GapDescription {
  const { open: _, digest, ...rest } = state;
  return { ...rest, digest: finishDigest(digest) };
}

type Dropped = Pick<EntryMeta, 'id' | 'seq' | 'key' | 'minMs' | 'maxMs'>;

const extreme = (pick: (...all: number[]) => number, a: number | null, b: number | null) =>
  a === null ? b : b === null ? a : pick(a, b);

function begin(first: Dropped, gap: number, reason: GapReason): GapState {
  const { seq, key } = first;
  const none = { count: 0, minMs: null, maxMs: null, digest: emptyDigest };
  return { gap, key, fromSeq: seq, toSeq: seq, reason, open: true, ...none };
}

/**
 * Adds drops, which come in queue order, to the open gap, or begins another where the key changes or
 * the seq goes back: a record covers one ascending run, else its digest order would be ambiguous. Ids
 * of gaps are the caller's `nextGap`, `nextGap + 1`, …
 */
export function addDrops(
  gaps: readonly GapState[],
  dropped: readonly Dropped[],
  how: { reason: GapReason; nextGap: number },
): GapState[] {
  const result = [...gaps];
  let { nextGap } = how;
  for (const one of dropped) {
    let current = result.at(-1);
    const continues =
      current?.open === true &&
      current.key === one.key &&
      current.reason === how.reason &&
      one.seq > current.toSeq;
    if (current === undefined || !continues) {
      current = begin(one, nextGap++, how.reason);
      result.push(current);
    }
    result[result.length - 1] = {
      ...current,
      toSeq: one.seq,
      count: current.count + 1,
      minMs: extreme(Math.min, current.minMs, one.minMs),
      maxMs: extreme(Math.max, current.maxMs, one.maxMs),
      digest: extendDigest(current.digest, [one.id]),
    };
  }
  return result;
}

/** Gaps that will not grow any more: what is signed must not change under the signature. */
export const closeGaps = (gaps: readonly GapState[]): GapState[] =>
  gaps.map((gap) => (gap.open ? { ...gap, open: false } : gap));
