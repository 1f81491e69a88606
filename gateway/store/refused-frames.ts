import type { Db, Query } from './database.ts';

/** A frame refused in a batch, kept for whoever asks why; the batch statement lists its id. */
export interface RefusedFrame {
  id: Uint8Array;
  device: string;
  seq: number;
  code: string;
  receivedMs: number;
  frame: Uint8Array;
}

/** A broken device repeats itself for months: the oldest frames go, their ids stay in the log. */
export const REFUSED_BYTES_MAX = 256 * 1024 * 1024;
/** Of all rows, when there is no room: one scan then frees room for many. */
const SHARE_CUT = 0.1;

export class RefusedFrames {
  readonly #db: Db;
  readonly #bytesMax: number;
  readonly #insert: Query;
  readonly #delete: Query;
  /** Null until counted, and after a rollback. */
  #bytes: number | null = null;

  constructor(db: Db, bytesMax = REFUSED_BYTES_MAX) {
    this.#db = db;
    this.#bytesMax = bytesMax;
    this.#insert = db.prepare('INSERT OR IGNORE INTO refused_frame VALUES (?, ?, ?, ?, ?, ?)');
    this.#delete = db.prepare('DELETE FROM refused_frame WHERE id = ?');
  }

  /** After a rollback: what was counted in the transaction was never written. */
  forget(): void {
    this.#bytes = null;
  }

  keep({ id, device, seq, code, receivedMs, frame }: RefusedFrame): void {
    this.#insert.run(id, device, seq, code, receivedMs, frame);
    this.#bytes = this.#bytes === null ? this.#count() : this.#bytes + frame.length;
    while (this.#bytes > this.#bytesMax) {
      const rows = this.#db.prepare('SELECT count(*) FROM refused_frame').pluck().get() as number;
      this.#db
        .prepare(
          `DELETE FROM refused_frame WHERE id IN
           (SELECT id FROM refused_frame ORDER BY received_ms, id LIMIT ?)`,
        )
        .run(Math.ceil(rows * SHARE_CUT));
      this.#bytes = this.#count();
    }
  }

  erase(id: Uint8Array): void {
    this.#delete.run(id);
  }

  #count(): number {
    const sum = this.#db.prepare('SELECT coalesce(sum(length(frame)), 0) FROM refused_frame');
    return sum.pluck().get() as number;
  }
}
