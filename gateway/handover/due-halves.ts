import type { HandoverHalf } from './handover-half.ts';
import type { HandoverIndex } from './handover-index.ts';
import { dueMs } from './handovers.ts';
import { NUMBER_WINDOW_MS, PATIENCE_MS } from './match-halves.ts';

/** In the order in which halves become due; what it names is the first one to look at. */
export interface DuePlace {
  readonly ms: number;
  readonly leafIndex: number;
  readonly part: number;
}

/** Rows looked at for each way in which a half becomes due. */
const HALVES_A_LOOK = 500;

/**
 * Halves whose other one had to be there by a time from `from` up to `untilMs`; whether it is, they do
 * not say. `next` is where a later look begins; `isMore`: there may be others up to `untilMs`.
 */
export function dueHalves(
  index: HandoverIndex,
  { from, untilMs }: { from: DuePlace; untilMs: number },
): { halves: readonly HandoverHalf[]; next: DuePlace; isMore: boolean } {
  const end: DuePlace = { ms: Math.max(untilMs + 1, from.ms), leafIndex: 0, part: 0 };
  const looks = [PATIENCE_MS, NUMBER_WINDOW_MS].map((patienceMs) => {
    const shiftMs = patienceMs + 1;
    const rows = index.list({
      item: null,
      fromMs: from.ms - shiftMs,
      toMs: end.ms - shiftMs,
      after: { timeMs: from.ms - shiftMs, leafIndex: from.leafIndex, part: from.part - 1 },
      limit: HALVES_A_LOOK,
    });
    const last = rows.length === HALVES_A_LOOK ? rows.at(-1) : undefined;
    const { timeMs = 0, leafIndex = 0, part = 0 } = last ?? {};
    const horizon = last ? { ms: timeMs + shiftMs, leafIndex, part: part + 1 } : end;
    return { halves: rows.filter((half) => dueMs(half) === half.timeMs + shiftMs), horizon };
  });
  const next = looks.map(({ horizon }) => horizon).sort(comparePlaces)[0] ?? end;
  const halves = looks
    .flatMap((look) => look.halves)
    .sort((a, b) => comparePlaces(duePlace(a), duePlace(b)))
    .filter((half) => comparePlaces(duePlace(half), next) < 0);
  return { halves, next, isMore: comparePlaces(next, end) < 0 };
}

export function duePlace(half: HandoverHalf): DuePlace {
  return { ms: dueMs(half), leafIndex: half.leafIndex, part: half.part };
}

function comparePlaces(a: DuePlace, b: DuePlace): number {
  return a.ms - b.ms || a.leafIndex - b.leafIndex || a.part - b.part;
}
