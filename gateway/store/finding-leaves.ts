import type { Db, Query } from './database.ts';

/** Forked, after a gap, calibration overdue: the flags of ledger/grade.ts that are findings. */
export const FLAGGED = '(grade & 42)';

/** Where findings come from, each found by an index that begins with the leaf. */
const SOURCES = [
  { leaf: 'batch_leaf', from: 'ruling', where: 'TRUE' },
  { leaf: 'leaf_index', from: 'pack INDEXED BY pack_flagged', where: FLAGGED },
  { leaf: 'leaf_index', from: 'event', where: 'TRUE' },
  { leaf: 'leaf_index', from: 'handover_half INDEXED BY handover_half_leaf', where: 'TRUE' },
];

export interface LeafPage {
  /** In the order asked for. */
  readonly leaves: readonly number[];
  /** The last leaf that is known of; null where no leaf is left behind it. */
  readonly horizon: number | null;
}

/** Leaves that may have findings. */
export class FindingLeaves {
  readonly #up: readonly Query[];
  readonly #down: readonly Query[];

  constructor(db: Db) {
    const prepare = (compare: string, order: string) =>
      SOURCES.map(({ leaf, from, where }) =>
        db
          .prepare(
            `SELECT DISTINCT ${leaf} FROM ${from} WHERE ${where} AND ${leaf} ${compare} ?
             ORDER BY ${leaf} ${order} LIMIT ?`,
          )
          .pluck(),
      );
    this.#up = prepare('>=', 'ASC');
    this.#down = prepare('<=', 'DESC');
  }

  /** This leaf and later ones, of each source so many. */
  from(leafIndex: number, limit: number): LeafPage {
    const { all, ends } = pagesOf(this.#up, leafIndex, limit);
    const horizon = ends.length > 0 ? Math.min(...ends) : null;
    const leaves = all.sort((a, b) => a - b);
    return { leaves: leaves.filter((leaf) => horizon === null || leaf <= horizon), horizon };
  }

  /** This leaf and earlier ones. */
  downFrom(leafIndex: number, limit: number): LeafPage {
    const { all, ends } = pagesOf(this.#down, leafIndex, limit);
    const horizon = ends.length > 0 ? Math.max(...ends) : null;
    const leaves = all.sort((a, b) => b - a);
    return { leaves: leaves.filter((leaf) => horizon === null || leaf >= horizon), horizon };
  }
}

/** Beyond the end of a source that has more, nothing is known. */
function pagesOf(queries: readonly Query[], leafIndex: number, limit: number) {
  const pages = queries.map((query) => query.all(leafIndex, limit) as number[]);
  const ends = pages.flatMap((page) => (page.length === limit ? (page.at(-1) ?? []) : []));
  return { all: [...new Set(pages.flat())], ends };
}
