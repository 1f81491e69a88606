import type { Db, Query } from '../../store/database.ts';
import type { EventFacts } from './event-facts.ts';
import type { EventWords } from './event-words.ts';

export interface EventPlace {
  readonly leafIndex: number;
  readonly recordMs: number;
}

/** Writes and deletes what the index has of one event; the caller's transaction is around it. */
export class EventRows {
  readonly #words: EventWords;
  readonly #phrases: EventWords;
  readonly #insert: Record<'event' | 'ref' | 'term' | 'number' | 'item', Query>;
  readonly #delete: Record<'event' | 'ref' | 'term' | 'number' | 'item', Query>;

  constructor(db: Db, tables: { words: EventWords; phrases: EventWords }) {
    this.#words = tables.words;
    this.#phrases = tables.phrases;
    this.#insert = {
      event: db.prepare('INSERT OR IGNORE INTO event VALUES (?, ?, ?)'),
      ref: db.prepare('INSERT INTO event_ref VALUES (?, ?)'),
      term: db.prepare('INSERT INTO event_term VALUES (?, ?, ?)'),
      number: db.prepare('INSERT INTO event_number VALUES (?, ?, ?, ?)'),
      item: db.prepare('INSERT INTO event_item VALUES (?, ?, ?, ?, ?, ?)'),
    };
    this.#delete = {
      event: db.prepare('DELETE FROM event WHERE leaf_index = ?'),
      ref: db.prepare('DELETE FROM event_ref WHERE event_id = ? AND leaf_index = ?'),
      term: db.prepare(
        'DELETE FROM event_term WHERE phrase = ? AND event_ms = ? AND leaf_index = ?',
      ),
      number: db.prepare(`DELETE FROM event_number
        WHERE phrase = ? AND value = ? AND event_ms = ? AND leaf_index = ?`),
      item: db.prepare(`DELETE FROM event_item
        WHERE item = ? AND event_ms = ? AND leaf_index = ? AND role = ?`),
    };
  }

  /** Nothing, where this leaf's event is there: its content may come twice. */
  insert(eventId: string, facts: EventFacts, { leafIndex, recordMs }: EventPlace): void {
    const { eventMs } = facts;
    if (this.#insert.event.run(leafIndex, eventMs, recordMs).changes === 0) return;
    this.#insert.ref.run(eventId, leafIndex);
    for (const { name, value } of facts.terms) {
      this.#insert.term.run(this.#phrases.number(name, value), eventMs, leafIndex);
    }
    for (const { name, value } of facts.numbers) {
      this.#insert.number.run(this.#phrases.number(name, ''), value, eventMs, leafIndex);
    }
    for (const { uri, role, quantity, uom } of facts.things) {
      this.#insert.item.run(this.#words.number(uri), eventMs, leafIndex, role, quantity, uom);
    }
  }

  /** Every row first, then the texts that no other row has. */
  delete(eventId: string, facts: EventFacts, leafIndex: number): void {
    const { eventMs, terms, numbers, things } = facts;
    this.#delete.event.run(leafIndex);
    this.#delete.ref.run(eventId, leafIndex);
    for (const { name, value } of terms) {
      this.#delete.term.run(this.#phrases.find(name, value), eventMs, leafIndex);
    }
    for (const { name, value } of numbers) {
      this.#delete.number.run(this.#phrases.find(name, ''), value, eventMs, leafIndex);
    }
    for (const { uri, role } of things) {
      this.#delete.item.run(this.#words.find(uri), eventMs, leafIndex, role);
    }
    for (const { name, value } of terms) this.#phrases.release(name, value);
    for (const { name } of numbers) this.#phrases.release(name, '');
    for (const { uri } of things) this.#words.release(uri);
  }
}
