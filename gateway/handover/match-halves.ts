import type { HandoverHalf } from './handover-half.ts';

/** Halves without a common number are of one hand-over when they are no further apart than this. */
export const WINDOW_MS = 15 * 60_000;
/** Papers travel slower than a hand: halves under one number may be a day apart. */
export const NUMBER_WINDOW_MS = 24 * 3_600_000;
/** A half that nobody answered for so long is missing its other one: devices may be offline. */
export const PATIENCE_MS = 3_600_000;

export type HandoverField = 'role' | 'seal' | 'number' | 'count' | 'counterpart';

export interface Difference {
  readonly field: HandoverField;
  readonly giver: string | number | null;
  readonly receiver: string | number | null;
}

/** Custody of one thing going from one side to the other, as far as both have said so. */
export interface Handover {
  readonly item: string;
  /** Of the earlier half. */
  readonly timeMs: number;
  readonly giver: HandoverHalf | null;
  readonly receiver: HandoverHalf | null;
  readonly differences: readonly Difference[];
}

/** How well two halves fit; a lower rank goes first. */
const RANK = { number: 0, seal: 1, time: 2 } as const;

interface Pair {
  readonly a: HandoverHalf;
  readonly b: HandoverHalf;
  readonly rank: number;
  readonly apartMs: number;
}

/**
 * Halves of one thing, in order of time, put together in pairs: by a number that both sides scanned,
 * by the seal within WINDOW_MS, else by time alone within it, the nearest first. A seal that differs is
 * a difference and no reason to keep two halves apart. One device never hands to itself.
 */
export function matchHalves(halves: readonly HandoverHalf[]): Handover[] {
  const own = withoutRepeats(halves);
  const taken = new Set<HandoverHalf>();
  const handovers: Handover[] = [];
  for (const { a, b } of pairsOf(own)) {
    if (taken.has(a) || taken.has(b)) continue;
    taken.add(a).add(b);
    handovers.push(joined(a, b));
  }
  for (const half of own) {
    if (!taken.has(half)) handovers.push(alone(half));
  }
  return handovers.sort((a, b) => a.timeMs - b.timeMs || firstLeaf(a) - firstLeaf(b));
}

/** The same said twice by one device is one half: who is unsure scans again. */
function withoutRepeats(halves: readonly HandoverHalf[]): HandoverHalf[] {
  const kept: HandoverHalf[] = [];
  for (const half of halves) {
    const isRepeat = kept.some(
      (one) =>
        half.timeMs - one.timeMs <= WINDOW_MS && one.device === half.device && saysSame(one, half),
    );
    if (!isRepeat) kept.push(half);
  }
  return kept;
}

function saysSame(a: HandoverHalf, b: HandoverHalf): boolean {
  return (['role', 'seal', 'number', 'count', 'counterpart'] as const).every(
    (field) => a.said[field] === b.said[field],
  );
}

function pairsOf(halves: readonly HandoverHalf[]): Pair[] {
  const pairs: Pair[] = [];
  for (const [i, a] of halves.entries()) {
    for (const b of halves.slice(i + 1)) {
      const apartMs = b.timeMs - a.timeMs;
      if (apartMs > NUMBER_WINDOW_MS) break;
      const rank = rankOf(a, b, apartMs);
      if (rank !== null) pairs.push({ a, b, rank, apartMs });
    }
  }
  return pairs.sort(
    (x, y) =>
      x.rank - y.rank ||
      x.apartMs - y.apartMs ||
      x.a.leafIndex - y.a.leafIndex ||
      x.b.leafIndex - y.b.leafIndex,
  );
}

function rankOf(a: HandoverHalf, b: HandoverHalf, apartMs: number): number | null {
  if (a.device === b.device) return null;
  const hasNumbers = a.said.number !== null && b.said.number !== null;
  if (hasNumbers && a.said.number === b.said.number) return RANK.number;
  if (apartMs > WINDOW_MS) return null;
  const isSealed = a.said.seal !== null && a.said.seal === b.said.seal;
  return isSealed && !hasNumbers ? RANK.seal : RANK.time;
}

function joined(a: HandoverHalf, b: HandoverHalf): Handover {
  // Where both claim one side, the earlier one keeps it, and the role is a difference.
  const isTurned = a.said.role === 'receiver' || (a.said.role === null && b.said.role === 'giver');
  const [giver, receiver] = isTurned ? [b, a] : [a, b];
  const { item, timeMs } = a;
  return { item, timeMs, giver, receiver, differences: differencesOf(giver, receiver) };
}

function alone(half: HandoverHalf): Handover {
  const { item, timeMs, said } = half;
  const isGiver = said.role !== 'receiver';
  return {
    item,
    timeMs,
    giver: isGiver ? half : null,
    receiver: isGiver ? null : half,
    differences: [],
  };
}

function differencesOf(giver: HandoverHalf, receiver: HandoverHalf): Difference[] {
  const [g, r] = [giver.said, receiver.said];
  const differences: Difference[] = [];
  const differ = (field: HandoverField, isSame: boolean) => {
    if (!isSame) differences.push({ field, giver: g[field], receiver: r[field] });
  };
  differ('role', g.role === 'giver' && r.role === 'receiver');
  differ('seal', g.seal === r.seal);
  differ('number', g.number === null || r.number === null || g.number === r.number);
  differ('count', g.count === r.count);
  const named = (by: string | null, other: string) => by === null || by === other;
  differ(
    'counterpart',
    named(g.counterpart, receiver.device) && named(r.counterpart, giver.device),
  );
  return differences;
}

/** The half that was there first: it stands for the hand-over in lists. */
export function firstHalf({ giver, receiver }: Handover): HandoverHalf {
  const halves = [giver, receiver].filter((half) => half !== null);
  const [first] = halves.sort((a, b) => a.timeMs - b.timeMs || a.leafIndex - b.leafIndex);
  if (first === undefined) throw new Error('a hand-over without halves');
  return first;
}

function firstLeaf(handover: Handover): number {
  return firstHalf(handover).leafIndex;
}
