import type { JsonObject } from '../epcis/json.ts';
import type { Db, Query } from '../store/database.ts';

/** Where a setting is in the log. */
export interface DerivePoint {
  /** The first leaf that something open rests on: from here it is folded again after a start. */
  readonly fromLeaf: number;
  /** Events of packs up to this leaf have been made. */
  readonly doneLeaf: number;
}

export interface WaitingEvent {
  readonly no: number;
  readonly setting: string;
  readonly event: JsonObject;
}

/**
 * What of derivation outlives a crash: each setting's place, and the events that were made there and
 * are not in the log yet. Both are written in one COMMIT, so an event is made once; it is captured
 * until the log has it, under an identity that makes a second capture the first.
 */
export class DerivedRows {
  readonly #db: Db;
  readonly #point: Query;
  readonly #putPoint: Query;
  readonly #insert: Query;
  readonly #waiting: Query;
  readonly #delete: Query;

  constructor(db: Db) {
    this.#db = db;
    this.#point = db.prepare(
      'SELECT from_leaf AS fromLeaf, done_leaf AS doneLeaf FROM derive_point WHERE setting = ?',
    );
    this.#putPoint = db.prepare('INSERT OR REPLACE INTO derive_point VALUES (?, ?, ?)');
    this.#insert = db.prepare('INSERT INTO derived_event(setting, event) VALUES (?, ?)');
    this.#waiting = db.prepare('SELECT no, setting, event FROM derived_event ORDER BY no LIMIT ?');
    this.#delete = db.prepare('DELETE FROM derived_event WHERE no = ?');
  }

  point(setting: string): DerivePoint | null {
    return (this.#point.get(setting) as DerivePoint | undefined) ?? null;
  }

  /** Points and the events that lead to them, together on disk or not at all. */
  advance(
    points: ReadonlyMap<string, DerivePoint>,
    events: readonly Omit<WaitingEvent, 'no'>[],
  ): void {
    this.#db.transaction(() => {
      for (const { setting, event } of events) this.#insert.run(setting, JSON.stringify(event));
      for (const [setting, { fromLeaf, doneLeaf }] of points) {
        this.#putPoint.run(setting, fromLeaf, doneLeaf);
      }
    })();
  }

  /** In the order in which they were made. */
  waiting(limit: number): WaitingEvent[] {
    const rows = this.#waiting.all(limit) as (Omit<WaitingEvent, 'event'> & { event: string })[];
    return rows.map((row) => ({ ...row, event: JSON.parse(row.event) as JsonObject }));
  }

  /** They are in the log, or never will be. */
  done(nos: readonly number[]): void {
    this.#db.transaction(() => {
      for (const no of nos) this.#delete.run(no);
    })();
  }
}
