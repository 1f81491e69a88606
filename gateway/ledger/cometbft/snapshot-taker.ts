import type { Db, Query } from '../../store/database.ts';
import type { Leaves } from '../../store/leaves.ts';
import {
  CHUNK_LEAVES,
  chunkRange,
  encodeChunk,
  encodeSnapshotIndex,
  SNAPSHOT_FORMAT,
} from './snapshot-format.ts';

/** Enough for a newcomer that is on its way with the last but one. */
const POINTS_KEPT = 3;

interface Point {
  height: number;
  size: number;
  appHash: Uint8Array;
}

/**
 * Offers the log at some past heights to newcomers. Nothing is copied: the log only grows, so a
 * height and its size are all there is to a snapshot.
 */
export class SnapshotTaker {
  readonly #leaves: Leaves;
  readonly #subtree: (start: number, end: number) => Uint8Array;
  readonly #everyBlocks: number;
  readonly #insert: Query;
  readonly #prune: Query;
  readonly #points: Query;
  #height = 0;
  #encoded: { height: number; metadata: Uint8Array } | null = null;

  constructor(options: {
    db: Db;
    leaves: Leaves;
    /** Root over the leaves from `start` up to, not including, `end`. */
    subtree: (start: number, end: number) => Uint8Array;
    everyBlocks: number;
  }) {
    const { db } = options;
    this.#leaves = options.leaves;
    this.#subtree = options.subtree;
    this.#everyBlocks = options.everyBlocks;
    this.#insert = db.prepare('INSERT OR REPLACE INTO snapshot_point VALUES (?, ?, ?)');
    this.#prune = db.prepare(
      `DELETE FROM snapshot_point WHERE height NOT IN
       (SELECT height FROM snapshot_point ORDER BY height DESC LIMIT ${POINTS_KEPT})`,
    );
    this.#points = db.prepare(
      'SELECT height, size, app_hash AS appHash FROM snapshot_point ORDER BY height',
    );
  }

  /** Inside the block's COMMIT. */
  onCommit(block: Point): void {
    this.#height = block.height;
    const newest = this.#all().at(-1)?.height ?? 0;
    if (block.height < newest + this.#everyBlocks || block.size === 0) return;
    this.#insert.run(block.height, block.size, block.appHash);
    this.#prune.run();
  }

  /** The engine keeps the blocks from here on: a light client needs the headers of a snapshot. */
  oldestHeight(): number | null {
    return this.#all()[0]?.height ?? null;
  }

  list() {
    // The light client asks for the two headers after the snapshot's own.
    const usable = this.#all().filter(({ height }) => height + 2 <= this.#height);
    return usable.map((point) => ({
      height: BigInt(point.height),
      format: SNAPSHOT_FORMAT,
      chunks: Math.ceil(point.size / CHUNK_LEAVES),
      hash: point.appHash,
      metadata: this.#metadata(point),
    }));
  }

  load(asked: { height: number; format: number; chunk: number }): Uint8Array | null {
    const point = this.#all().find(({ height }) => height === asked.height);
    if (!point || asked.format !== SNAPSHOT_FORMAT) return null;
    const { start, end } = chunkRange(asked.chunk, point.size);
    return start < end ? encodeChunk(this.#leaves.entries(start, end)) : null;
  }

  #metadata({ height, size }: Point): Uint8Array {
    if (this.#encoded?.height === height) return this.#encoded.metadata;
    const chunks = Math.ceil(size / CHUNK_LEAVES);
    const roots = Array.from({ length: chunks }, (_, i) => {
      const { start, end } = chunkRange(i, size);
      return this.#subtree(start, end);
    });
    const metadata = encodeSnapshotIndex({ size, roots });
    this.#encoded = { height, metadata };
    return metadata;
  }

  #all(): Point[] {
    return this.#points.all() as Point[];
  }
}
