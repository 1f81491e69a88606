import { FLAG } from '../ledger/grade.ts';
import { PACK_SPAN_MS_MAX } from '../ledger/judge.ts';
import type { PackRow, PackScope, Packs } from '../store/packs.ts';
import { WIDE_PACK_MS } from '../store/schema.ts';
import type { PackCursor } from './pack-cursor.ts';

/** Owners of packs, each with its own index range: the keys of a device, one subject, or all. */
export interface PackOwners {
  scope: PackScope;
  nos: readonly number[];
}

export interface TimeRange {
  fromMs: number;
  /** Not itself in the range. */
  toMs: number;
}

/**
 * One stretch of the index. A pack is found by its first record, so one that begins before the range
 * may still reach into it: ordinary packs are short (WIDE_PACK_MS), long ones have indexes of their
 * own. A pack without a clock is anchored at its end, so it is looked for behind the range as well.
 */
interface Stretch {
  startMs: number;
  endMs: number;
  wide: boolean;
}

function stretches({ fromMs, toMs }: TimeRange): Stretch[] {
  const nearMs = Math.max(0, fromMs - WIDE_PACK_MS);
  const earliestMs = Math.max(0, fromMs - PACK_SPAN_MS_MAX);
  return [
    { startMs: earliestMs, endMs: nearMs, wide: true },
    { startMs: nearMs, endMs: toMs, wide: false },
    { startMs: toMs, endMs: toMs + PACK_SPAN_MS_MAX, wide: true },
  ];
}

/** Rows in order from the cursor on, at most `limit` of them; fewer means that these were the last. */
export function walkPacks(
  packs: Packs,
  query: { owners: PackOwners; range: TimeRange; from: PackCursor | null; limit: number },
): PackRow[] {
  const { owners, range, from, limit } = query;
  const rows: PackRow[] = [];
  for (const { startMs, endMs, wide } of stretches(range)) {
    const isEntered = from !== null && from.firstMs >= startMs;
    const afterMs = isEntered ? from.firstMs : startMs;
    const afterLeaf = isEntered ? from.leafIndex - 1 : -1;
    if (startMs >= endMs || afterMs >= endMs) continue;
    const left = limit - rows.length;
    if (left <= 0) break;
    const place = { scope: owners.scope, wide, afterMs, afterLeaf, beforeMs: endMs, limit: left };
    const found = owners.nos.flatMap((no) => packs.scan({ ...place, no }));
    if (owners.nos.length > 1) found.sort(inOrder);
    rows.push(...found.slice(0, left));
  }
  return rows;
}

/** Whether a row can hold a record of the range, by what the index says alone. */
export function mayReach(row: PackRow, { fromMs, toMs }: TimeRange): boolean {
  if (row.firstMs >= toMs) return (row.grade & FLAG.untrustedClock) !== 0;
  return row.lastMs >= fromMs;
}

function inOrder(a: PackRow, b: PackRow): number {
  return a.firstMs - b.firstMs || a.leafIndex - b.leafIndex;
}
