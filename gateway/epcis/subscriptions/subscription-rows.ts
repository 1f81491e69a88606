import type { Db, Query } from '../../store/database.ts';
import type { FeedPosition } from './result-feed.ts';
import type { SubscriptionTerms } from './subscription-terms.ts';

export interface Subscription {
  readonly id: string;
  readonly queryName: string;
  readonly terms: SubscriptionTerms;
  readonly createdMs: number;
  readonly notifiedMs: number | null;
  readonly position: FeedPosition;
}

interface Row {
  readonly id: string;
  readonly queryName: string;
  readonly terms: string;
  readonly createdMs: number;
  readonly notifiedMs: number | null;
  readonly recordMs: number;
  readonly leafIndex: number;
}

const COLUMNS = `SELECT id, query_name AS queryName, terms, created_ms AS createdMs,
  notified_ms AS notifiedMs, record_ms AS recordMs, leaf_index AS leafIndex FROM subscription`;

/** Webhook subscriptions as they are kept; `terms` holds the subscriber's secret in clear. */
export class SubscriptionRows {
  readonly #all: Query;
  readonly #page: Query;
  readonly #get: Query;
  readonly #add: Query;
  readonly #taken: Query;
  readonly #remove: Query;
  readonly #count: Query;

  constructor(db: Db) {
    this.#all = db.prepare(COLUMNS);
    this.#page = db.prepare(`${COLUMNS} WHERE query_name = ? AND id > ? ORDER BY id LIMIT ?`);
    this.#get = db.prepare(`${COLUMNS} WHERE query_name = ? AND id = ?`);
    this.#add = db.prepare('INSERT INTO subscription VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#taken = db.prepare(
      'UPDATE subscription SET record_ms = ?, leaf_index = ?, notified_ms = ? WHERE id = ?',
    );
    this.#remove = db.prepare('DELETE FROM subscription WHERE id = ?');
    this.#count = db.prepare('SELECT count(*) FROM subscription').pluck();
  }

  all(): Subscription[] {
    return (this.#all.all() as Row[]).map(subscriptionOf);
  }

  page(queryName: string, after: string, limit: number): Subscription[] {
    return (this.#page.all(queryName, after, limit) as Row[]).map(subscriptionOf);
  }

  get(queryName: string, id: string): Subscription | null {
    const row = this.#get.get(queryName, id) as Row | undefined;
    return row ? subscriptionOf(row) : null;
  }

  add({ id, queryName, terms, createdMs, notifiedMs, position }: Subscription): void {
    const { recordMs, leafIndex } = position;
    const json = JSON.stringify(terms);
    this.#add.run(id, queryName, json, createdMs, notifiedMs, recordMs, leafIndex);
  }

  taken(id: string, { recordMs, leafIndex }: FeedPosition, notifiedMs: number): void {
    this.#taken.run(recordMs, leafIndex, notifiedMs, id);
  }

  remove(id: string): void {
    this.#remove.run(id);
  }

  count(): number {
    return this.#count.get() as number;
  }
}

function subscriptionOf({ terms, recordMs, leafIndex, ...row }: Row): Subscription {
  const read = JSON.parse(terms) as SubscriptionTerms;
  return { ...row, terms: read, position: { recordMs, leafIndex } };
}
