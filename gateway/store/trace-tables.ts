import type { Db, Query } from './database.ts';
import { FLAGGED } from './finding-leaves.ts';

/** A lot by its own text: it ends the constrained Digital Link of its class, behind 40 characters. */
export const LOT_LINK = "GLOB 'https://id.gs1.org/01/??????????????/10/?*'";

/** What trace and search look up beyond the fold's own tables. */
export const LOOKUP_SCHEMA = `
-- Subjects written in another form than the canonical one (a URN, an own domain), by that one.
CREATE TABLE IF NOT EXISTS subject_alias(
  item TEXT NOT NULL, subject_no INTEGER NOT NULL,
  PRIMARY KEY(item, subject_no)) WITHOUT ROWID;
-- Partial: an ordinary pack costs a comparison here and no write.
CREATE INDEX IF NOT EXISTS pack_flagged ON pack(leaf_index) WHERE ${FLAGGED};
CREATE INDEX IF NOT EXISTS event_word_lot ON event_word(substr(word, 41)) WHERE word ${LOT_LINK};
CREATE INDEX IF NOT EXISTS subject_lot ON subject(substr(sub, 41)) WHERE sub ${LOT_LINK};
CREATE INDEX IF NOT EXISTS subject_alias_lot ON subject_alias(substr(item, 41))
  WHERE item ${LOT_LINK};
`;

/** One thing's part in one event. */
export interface ItemRow {
  eventMs: number;
  leafIndex: number;
  role: number;
}

export interface LeafItemRow {
  item: string;
  role: number;
  quantity: number | null;
  uom: string | null;
}

export const ITEM_SQL = `SELECT event_ms AS eventMs, leaf_index AS leafIndex, role
  FROM event_item WHERE item = ? ORDER BY event_ms, leaf_index, role LIMIT ?`;
const TERM_SQL = `SELECT leaf_index FROM event_term JOIN event_phrase ON no = phrase
  WHERE name = ? AND value = ? ORDER BY event_ms, leaf_index LIMIT ?`;

/** The sorted texts of a column that begin with a text, of which none has a character above this. */
const LAST_CHARACTER = '\u{10ffff}';

export class TraceTables {
  readonly #wordNo: Query;
  readonly #wordsFrom: Query;
  readonly #nextName: Query;
  readonly #valuesFrom: Query;
  readonly #lots: Query;
  readonly #subjectsFrom: Query;
  readonly #ofItem: Query;
  readonly #ofTerm: Query;
  readonly #ofLeaf: Query;
  readonly #eventById: Query;
  readonly #refs: Query;

  constructor(db: Db) {
    this.#wordNo = db.prepare('SELECT no FROM event_word WHERE word = ?').pluck();
    this.#wordsFrom = db
      .prepare('SELECT word FROM event_word WHERE word >= ? AND word < ? ORDER BY word LIMIT ?')
      .pluck();
    this.#nextName = db
      .prepare('SELECT name FROM event_phrase WHERE name > ? ORDER BY name LIMIT 1')
      .pluck();
    this.#valuesFrom = db
      .prepare(
        `SELECT value FROM event_phrase WHERE name = ? AND value >= ? AND value < ?
         ORDER BY value LIMIT ?`,
      )
      .pluck();
    this.#lots = db
      .prepare(
        `SELECT word FROM event_word WHERE word ${LOT_LINK} AND substr(word, 41) = @lot
         UNION SELECT sub FROM subject WHERE sub ${LOT_LINK} AND substr(sub, 41) = @lot
         UNION SELECT item FROM subject_alias WHERE item ${LOT_LINK} AND substr(item, 41) = @lot
         LIMIT @limit`,
      )
      .pluck();
    this.#subjectsFrom = db
      .prepare(
        `SELECT item FROM (
           SELECT * FROM (SELECT sub AS item FROM subject WHERE sub >= @from AND sub < @to
             ORDER BY sub LIMIT @limit)
           UNION SELECT * FROM (SELECT item FROM subject_alias WHERE item >= @from AND item < @to
             ORDER BY item LIMIT @limit))
         ORDER BY item LIMIT @limit`,
      )
      .pluck();
    this.#ofItem = db.prepare(ITEM_SQL);
    this.#ofTerm = db.prepare(TERM_SQL).pluck();
    this.#ofLeaf = db.prepare(
      `SELECT word AS item, role, quantity, uom FROM event_item JOIN event_word ON no = item
       WHERE leaf_index = ? ORDER BY role, word`,
    );
    this.#eventById = db
      .prepare('SELECT leaf_index FROM event_ref WHERE event_id = ? ORDER BY leaf_index')
      .pluck();
    this.#refs = db.prepare(
      `SELECT id48, leaf_index AS leafIndex FROM statement_ref
       WHERE id48 >= ? AND id48 <= ? ORDER BY id48, leaf_index LIMIT ?`,
    );
  }

  #wordNoOf(word: string): number | null {
    return (this.#wordNo.get(word) as number | undefined) ?? null;
  }

  /** Things that events name, by the beginning of their canonical link. */
  itemsFrom(prefix: string, limit: number): string[] {
    return this.#wordsFrom.all(prefix, `${prefix}${LAST_CHARACTER}`, limit) as string[];
  }

  /** Names that begin so, of what events say; a look-up each, however many values they have. */
  namesFrom(prefix: string, limit: number): string[] {
    const names: string[] = [];
    // What is greater than this and begins with the prefix is every name of it.
    let after = prefix.slice(0, -1);
    while (names.length < limit) {
      const name = this.#nextName.get(after) as string | undefined;
      if (name === undefined || (name > prefix && !name.startsWith(prefix))) break;
      if (name.startsWith(prefix)) names.push(name);
      after = name;
    }
    return names;
  }

  /** Values of one name by their beginning. */
  valuesFrom(name: string, prefix: string, limit: number): string[] {
    const to = `${prefix}${LAST_CHARACTER}`;
    return this.#valuesFrom.all(name, prefix, to, limit) as string[];
  }

  subjectsFrom(prefix: string, limit: number): string[] {
    const to = `${prefix}${LAST_CHARACTER}`;
    return this.#subjectsFrom.all({ from: prefix, to, limit }) as string[];
  }

  /** Canonical links of lots with this text, escaped as a link has it, of whatever product. */
  lots(lot: string, limit: number): string[] {
    return this.#lots.all({ lot, limit }) as string[];
  }

  /** A thing's events in the order of their times. */
  ofItem(item: string, limit: number): ItemRow[] {
    const no = this.#wordNoOf(item);
    return no === null ? [] : (this.#ofItem.all(no, limit) as ItemRow[]);
  }

  /** Leaves of events that say this, in the order of time. */
  ofTerm(name: string, value: string, limit: number): number[] {
    return this.#ofTerm.all(name, value, limit) as number[];
  }

  ofLeaf(leafIndex: number): LeafItemRow[] {
    return this.#ofLeaf.all(leafIndex) as LeafItemRow[];
  }

  /** A second one is its error declaration. */
  leavesOfEvent(eventId: string): number[] {
    return this.#eventById.all(eventId) as number[];
  }

  /** Statements whose ids begin so, by 48 bits: the entry says the rest. */
  statementsBetween(from48: number, to48: number, limit: number): number[] {
    const rows = this.#refs.all(from48, to48, limit) as { leafIndex: number }[];
    return rows.map(({ leafIndex }) => leafIndex);
  }
}
