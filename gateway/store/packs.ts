import type { Db, Query } from './database.ts';

/** One device statement in the read model: where it is, whose it is and when it is about. */
export interface PackRow {
  leafIndex: number;
  keyNo: number;
  seq: number;
  subjectNo: number;
  /** Log time of the batch where the device had no clock. */
  firstMs: number;
  lastMs: number;
  /** The batch's three grade bytes as one number, flags lowest. */
  grade: number;
  batchLeaf: number;
}

const COLUMNS = `leaf_index AS leafIndex, key_no AS keyNo, seq, subject_no AS subjectNo,
  first_ms AS firstMs, last_ms AS lastMs, grade, batch_leaf AS batchLeaf`;
const AFTER = '(first_ms, leaf_index) > (@afterMs, @afterLeaf)';

export class Packs {
  readonly #insert: Query;
  readonly #bySeq: Query;
  readonly #byLeaf: Query;
  readonly #byKeyTime: Query;
  readonly #bySubjectTime: Query;
  readonly #numbers: Query;
  readonly #subject: Query;
  readonly #insertSubject: Query;
  readonly #subjectText: Query;
  readonly #subjects = new Map<string, number>();
  #nextSubject: number;

  constructor(db: Db) {
    this.#insert = db.prepare('INSERT INTO pack VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#bySeq = db
      .prepare('SELECT leaf_index FROM pack WHERE key_no = ? AND seq = ? ORDER BY leaf_index')
      .pluck();
    this.#byLeaf = db.prepare(`SELECT ${COLUMNS} FROM pack WHERE leaf_index = ?`);
    this.#byKeyTime = db.prepare(
      `SELECT ${COLUMNS} FROM pack WHERE key_no = @keyNo AND first_ms <= @toMs AND ${AFTER}
       ORDER BY first_ms, leaf_index LIMIT @limit`,
    );
    this.#bySubjectTime = db.prepare(
      `SELECT ${COLUMNS} FROM pack WHERE subject_no = @subjectNo AND first_ms <= @toMs AND ${AFTER}
       ORDER BY first_ms, leaf_index LIMIT @limit`,
    );
    this.#numbers = db
      .prepare('SELECT DISTINCT seq FROM pack WHERE key_no = ? AND seq > ? ORDER BY seq LIMIT ?')
      .pluck();
    this.#subject = db.prepare('SELECT no FROM subject WHERE sub = ?').pluck();
    this.#insertSubject = db.prepare('INSERT INTO subject VALUES (?, ?)');
    this.#subjectText = db.prepare('SELECT sub FROM subject WHERE no = ?').pluck();
    this.#nextSubject = db
      .prepare('SELECT coalesce(max(no) + 1, 0) FROM subject')
      .pluck()
      .get() as number;
  }

  add(row: PackRow): void {
    const { leafIndex, keyNo, seq, subjectNo, firstMs, lastMs, grade, batchLeaf } = row;
    this.#insert.run(leafIndex, keyNo, seq, subjectNo, firstMs, lastMs, grade, batchLeaf);
  }

  /** The first statement committed under this key and number; a fork's second one is evidence. */
  leafOf(keyNo: number, seq: number): number | null {
    return (this.#bySeq.get(keyNo, seq) as number | undefined) ?? null;
  }

  row(leafIndex: number): PackRow | null {
    return (this.#byLeaf.get(leafIndex) as PackRow | undefined) ?? null;
  }

  byKey(query: {
    keyNo: number;
    toMs: number;
    afterMs: number;
    afterLeaf: number;
    limit: number;
  }): PackRow[] {
    return this.#byKeyTime.all(query) as PackRow[];
  }

  bySubject(query: {
    subjectNo: number;
    toMs: number;
    afterMs: number;
    afterLeaf: number;
    limit: number;
  }): PackRow[] {
    return this.#bySubjectTime.all(query) as PackRow[];
  }

  /** Sequence numbers present above `after`, ascending. */
  numbers(keyNo: number, after: number, limit: number): number[] {
    return this.#numbers.all(keyNo, after, limit) as number[];
  }

  /** Number of a subject, given out in the order of first appearance in the log. */
  subjectNo(sub: string): number {
    const known = this.#subjects.get(sub) ?? this.findSubject(sub);
    if (known !== null && known !== undefined) {
      this.#cache(sub, known);
      return known;
    }
    const no = this.#nextSubject;
    this.#nextSubject += 1;
    this.#insertSubject.run(no, sub);
    this.#cache(sub, no);
    return no;
  }

  findSubject(sub: string): number | null {
    return (this.#subject.get(sub) as number | undefined) ?? null;
  }

  subjectText(no: number): string {
    return this.#subjectText.get(no) as string;
  }

  #cache(sub: string, no: number): void {
    if (this.#subjects.size >= SUBJECTS_CACHED_MAX) this.#subjects.clear();
    this.#subjects.set(sub, no);
  }
}

const SUBJECTS_CACHED_MAX = 100_000;
