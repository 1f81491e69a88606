import type { Db, Query } from '../store/database.ts';
import { isDamage } from './findings.ts';

const CHUNK = 1_000;
/** A longer hole is a row number gone wrong, not lost rows. */
const HOLE_MAX = 1_000_000;

export interface ReadLeaf {
  leafIndex: number;
  /** Null where the row is missing or can't be read; `why` says which. */
  entry: Uint8Array | null;
  why: string | null;
}

/** Reads every leaf that can still be read, and says which can't. */
export class LeafReader {
  readonly #chunk: Query;
  readonly #one: Query;
  readonly #last: Query;

  constructor(db: Db) {
    this.#chunk = db.prepare(
      `SELECT leaf_index AS leafIndex, entry FROM leaf WHERE leaf_index >= ?
       ORDER BY leaf_index LIMIT ${CHUNK}`,
    );
    this.#one = db.prepare('SELECT entry FROM leaf WHERE leaf_index = ?').pluck();
    this.#last = db.prepare('SELECT max(leaf_index) FROM leaf').pluck();
  }

  /** Never throws; null where there is no such row or it can't be read. */
  entry(leafIndex: number): Uint8Array | null {
    return this.#tryOne(leafIndex).entry;
  }

  /** Rows the table says it has, where it can be asked. */
  size(): number | null {
    try {
      return Number(this.#last.get() ?? -1) + 1;
    } catch (error) {
      if (isDamage(error)) return null;
      throw error;
    }
  }

  /** In order from leaf 0; at least `expected` leaves, missing ones as null. */
  *leaves(expected: number): Generator<ReadLeaf> {
    let next = 0;
    while (true) {
      const from = next;
      const rows = this.#tryChunk(from);
      if (rows === null) {
        const end = Math.max(expected, this.size() ?? 0);
        for (const stop = Math.min(next + CHUNK, end); next < stop; next += 1) {
          yield { leafIndex: next, ...this.#tryOne(next) };
        }
        if (next >= end) return;
        continue;
      }
      for (const { leafIndex, entry } of rows) {
        if (leafIndex - next > HOLE_MAX) return;
        // Out of order: a damaged page. The number it should have had is reported as missing.
        if (leafIndex < next || !Number.isSafeInteger(leafIndex)) continue;
        for (; next < leafIndex; next += 1) yield missing(next);
        yield readable(leafIndex, entry);
        next += 1;
      }
      if (rows.length === 0 || next === from) break;
    }
    for (; next < expected; next += 1) yield missing(next);
  }

  #tryChunk(from: number): { leafIndex: number; entry: unknown }[] | null {
    try {
      return this.#chunk.all(from) as { leafIndex: number; entry: unknown }[];
    } catch (error) {
      if (isDamage(error)) return null;
      throw error;
    }
  }

  #tryOne(leafIndex: number): Pick<ReadLeaf, 'entry' | 'why'> {
    try {
      const entry: unknown = this.#one.get(leafIndex);
      return entry === undefined ? missing(leafIndex) : readable(leafIndex, entry);
    } catch (error) {
      if (!isDamage(error)) throw error;
      return { entry: null, why: (error as Error).message };
    }
  }
}

function missing(leafIndex: number): ReadLeaf {
  return { leafIndex, entry: null, why: 'the row is missing' };
}

function readable(leafIndex: number, entry: unknown): ReadLeaf {
  if (entry instanceof Uint8Array) return { leafIndex, entry, why: null };
  return { leafIndex, entry: null, why: 'the row holds no bytes' };
}
