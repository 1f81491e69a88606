import type { Db, Query } from './database.ts';

const FRAMES_PAGE = 256;

/** A frame that is accepted and not yet committed. */
export interface InboxRow {
  /** Order of arrival, which is the order of batching. */
  no: number;
  id: Uint8Array;
  /** The connection's device; null at doors that take any device's statement. */
  device: string | null;
  frame: Uint8Array;
}

/**
 * What this gateway has promised to bring into the log (alliance mode, where a chain can halt).
 * Filled before the PUBACK; a row goes in the COMMIT that puts its statement, or its refusal, into
 * the log. A crash leaves rows that the next start batches.
 */
export class Inbox {
  readonly #insert: Query;
  readonly #next: Query;
  readonly #byId: Query;
  readonly #delete: Query;
  readonly #held: Query;
  /** Of all frames held; kept here, as the disk budget is asked for every frame. */
  bytes = 0;
  count = 0;

  constructor(db: Db) {
    this.#insert = db.prepare('INSERT OR IGNORE INTO inbox(id, device, frame) VALUES (?, ?, ?)');
    this.#next = db.prepare(
      'SELECT no, id, device, frame FROM inbox WHERE no > ? ORDER BY no LIMIT ?',
    );
    this.#byId = db.prepare('SELECT no, id, device, frame FROM inbox WHERE id = ?');
    this.#delete = db.prepare('DELETE FROM inbox WHERE no = ?');
    this.#held = db.prepare(
      'SELECT count(*) AS count, coalesce(sum(length(frame)), 0) AS bytes FROM inbox',
    );
    this.recount();
  }

  /** At the start, and after a rollback. */
  recount(): void {
    Object.assign(this, this.#held.get());
  }

  /** False where the same statement is here already. */
  add({ id, device, frame }: Omit<InboxRow, 'no'>): boolean {
    const { changes } = this.#insert.run(id, device, frame);
    if (changes === 0) return false;
    this.bytes += frame.length;
    this.count += 1;
    return true;
  }

  after(no: number, limit: number): InboxRow[] {
    return this.#next.all(no, limit) as InboxRow[];
  }

  /** In the order of their arrival. */
  *frames(): IterableIterator<Uint8Array> {
    let rows = this.after(0, FRAMES_PAGE);
    while (rows.length > 0) {
      for (const { frame } of rows) yield frame;
      rows = this.after(rows.at(-1)?.no ?? 0, FRAMES_PAGE);
    }
  }

  find(id: Uint8Array): InboxRow | null {
    return (this.#byId.get(id) as InboxRow | undefined) ?? null;
  }

  remove(row: Pick<InboxRow, 'no' | 'frame'>): void {
    if (this.#delete.run(row.no).changes === 0) return;
    this.bytes -= row.frame.length;
    this.count -= 1;
  }
}
