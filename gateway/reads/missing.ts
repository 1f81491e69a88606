import type { Packs } from '../store/packs.ts';

export interface SeqRange {
  from: number;
  to: number;
}

/** Edges looked at and rows walked below them, for one stream: most gaps are filled within minutes. */
const EDGES_MAX = 4_096;
const ROWS_WALKED_MAX = 32_768;
const ROWS_A_WALK = 256;

/**
 * The numbers that are not in the log, as ranges, ascending. A gap is where a statement advanced past
 * it, which its grade kept; from there the walk goes down over what filled it since. Stops when
 * all `missing` numbers are found, so a whole stream costs nothing, or at `rangesMax`.
 */
export function missingRanges(
  packs: Packs,
  stream: { keyNo: number; missing: number },
  rangesMax: number,
): SeqRange[] {
  const ranges: SeqRange[] = [];
  if (stream.missing === 0) return ranges;
  let left = stream.missing;
  let budget = ROWS_WALKED_MAX;
  for (const edge of packs.gapEdges(stream.keyNo, 0, EDGES_MAX)) {
    const walked = gapsBelow(packs, stream.keyNo, edge);
    budget -= walked.rows;
    ranges.push(...walked.ranges);
    left -= walked.ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    if (left <= 0 || budget <= 0 || ranges.length >= rangesMax) break;
  }
  return ranges.slice(0, rangesMax);
}

/** Down to the first statement that was there before the edge: below it nothing changed. */
function gapsBelow(
  packs: Packs,
  keyNo: number,
  edge: { seq: number; leafIndex: number },
): { ranges: SeqRange[]; rows: number } {
  const ranges: SeqRange[] = [];
  let above = edge.seq;
  for (let rows = 0; rows < ROWS_WALKED_MAX; ) {
    const chunk = packs.below(keyNo, above, ROWS_A_WALK);
    for (const row of chunk) {
      rows += 1;
      if (row.seq < above - 1) ranges.unshift({ from: row.seq + 1, to: above - 1 });
      above = row.seq;
      if (row.leafIndex < edge.leafIndex) return { ranges, rows };
    }
    if (chunk.length < ROWS_A_WALK) {
      if (above > 1) ranges.unshift({ from: 1, to: above - 1 });
      return { ranges, rows };
    }
  }
  return { ranges, rows: ROWS_WALKED_MAX };
}
