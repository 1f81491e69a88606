import { canonicalUri } from '../epcis/gs1/epc-translation.ts';
import type { Db, Query } from './database.ts';
import { GAP_EDGE, WIDE_PACK } from './schema.ts';

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

export interface SeqRow {
  seq: number;
  leafIndex: number;
}

/** Whose packs a query by time is about. */
export type PackScope = 'key' | 'subject' | 'all';

export interface PackScan {
  scope: PackScope;
  /** Number of the key or subject; ignored for all. */
  no: number;
  /** Only packs longer than WIDE_PACK_MS and those without a trusted clock. */
  wide: boolean;
  afterMs: number;
  afterLeaf: number;
  beforeMs: number;
  limit: number;
}

const COLUMNS = `leaf_index AS leafIndex, key_no AS keyNo, seq, subject_no AS subjectNo,
  first_ms AS firstMs, last_ms AS lastMs, grade, batch_leaf AS batchLeaf`;
const OWNER: Record<PackScope, string> = {
  key: 'key_no = @no AND',
  subject: 'subject_no = @no AND',
  all: '',
};

/** `(first_ms, leaf_index)` is the order of every index by time: no query sorts. */
export function scanSql(scope: PackScope, wide: boolean): string {
  return `SELECT ${COLUMNS} FROM pack WHERE ${OWNER[scope]} first_ms < @beforeMs
    AND (first_ms, leaf_index) > (@afterMs, @afterLeaf) ${wide ? `AND ${WIDE_PACK}` : ''}
    ORDER BY first_ms, leaf_index LIMIT @limit`;
}

export const GAP_EDGES_SQL = `SELECT seq, leaf_index AS leafIndex FROM pack
  WHERE key_no = ? AND seq > ? AND ${GAP_EDGE} ORDER BY seq LIMIT ?`;
export const BELOW_SQL = `SELECT seq, leaf_index AS leafIndex FROM pack
  WHERE key_no = ? AND seq < ? ORDER BY seq DESC LIMIT ?`;

/** Statements of one grade, and how many of them have no content here. */
export interface GradeCount {
  grade: number;
  packs: number;
  unreadable: number;
}

export class Packs {
  readonly #insert: Query;
  readonly #bySeq: Query;
  readonly #byLeaf: Query;
  readonly #scans = new Map<string, Query>();
  readonly #gapEdges: Query;
  readonly #below: Query;
  readonly #grades: Query;
  readonly #subject: Query;
  readonly #insertSubject: Query;
  readonly #insertAlias: Query;
  readonly #aliases: Query;
  readonly #allSubjects: Query;
  readonly #subjectText: Query;
  readonly #countSubjects: Query;
  readonly #subjects = new Map<string, number>();
  #nextSubject: number;

  constructor(db: Db) {
    this.#insert = db.prepare('INSERT INTO pack VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#bySeq = db
      .prepare('SELECT leaf_index FROM pack WHERE key_no = ? AND seq = ? ORDER BY leaf_index')
      .pluck();
    this.#byLeaf = db.prepare(`SELECT ${COLUMNS} FROM pack WHERE leaf_index = ?`);
    for (const scope of ['key', 'subject', 'all'] as const) {
      for (const wide of [false, true]) {
        this.#scans.set(`${scope} ${wide}`, db.prepare(scanSql(scope, wide)));
      }
    }
    this.#gapEdges = db.prepare(GAP_EDGES_SQL);
    this.#below = db.prepare(BELOW_SQL);
    this.#grades = db.prepare(
      `SELECT grade, count(*) AS packs, sum(NOT EXISTS (
         SELECT 1 FROM content WHERE content.leaf_index = some.leaf_index)) AS unreadable
       FROM (SELECT grade, leaf_index FROM pack
         WHERE key_no = @keyNo AND first_ms >= @fromMs AND first_ms < @toMs
         AND (@subjectNo IS NULL OR subject_no = @subjectNo) LIMIT @limit) AS some
       GROUP BY grade`,
    );
    this.#subject = db.prepare('SELECT no FROM subject WHERE sub = ?').pluck();
    this.#insertSubject = db.prepare('INSERT INTO subject VALUES (?, ?)');
    this.#insertAlias = db.prepare('INSERT OR IGNORE INTO subject_alias VALUES (?, ?)');
    this.#allSubjects = db.prepare('SELECT no, sub FROM subject');
    this.#aliases = db.prepare('SELECT subject_no FROM subject_alias WHERE item = ?').pluck();
    this.#subjectText = db.prepare('SELECT sub FROM subject WHERE no = ?').pluck();
    this.#countSubjects = db.prepare('SELECT coalesce(max(no) + 1, 0) FROM subject').pluck();
    this.#nextSubject = this.#countSubjects.get() as number;
  }

  /** After a rollback: numbers given out in the transaction were never written. */
  forget(): void {
    this.#subjects.clear();
    this.#nextSubject = this.#countSubjects.get() as number;
  }

  add(row: PackRow): void {
    const { leafIndex, keyNo, seq, subjectNo, firstMs, lastMs, grade, batchLeaf } = row;
    this.#insert.run(leafIndex, keyNo, seq, subjectNo, firstMs, lastMs, grade, batchLeaf);
  }

  /** The first statement committed under this key and number; a fork's second one is evidence. */
  leafOf(keyNo: number, seq: number): number | null {
    return (this.#bySeq.get(keyNo, seq) as number | undefined) ?? null;
  }

  /** All of them, in leaf order. */
  leavesOf(keyNo: number, seq: number): number[] {
    return this.#bySeq.all(keyNo, seq) as number[];
  }

  row(leafIndex: number): PackRow | null {
    return (this.#byLeaf.get(leafIndex) as PackRow | undefined) ?? null;
  }

  /** In the order of first time and leaf. */
  scan(query: PackScan): PackRow[] {
    return this.#scans.get(`${query.scope} ${query.wide}`)?.all(query) as PackRow[];
  }

  /** Statements that came when numbers before them were missing, ascending. */
  gapEdges(keyNo: number, afterSeq: number, limit: number): SeqRow[] {
    return this.#gapEdges.all(keyNo, afterSeq, limit) as SeqRow[];
  }

  /** What is there below `seq`, descending; a fork's second statement repeats a number. */
  below(keyNo: number, seq: number, limit: number): SeqRow[] {
    return this.#below.all(keyNo, seq, limit) as SeqRow[];
  }

  /** Of a key's packs that begin in the range, at most `limit` of them. */
  grades(query: {
    keyNo: number;
    subjectNo: number | null;
    fromMs: number;
    toMs: number;
    limit: number;
  }): GradeCount[] {
    return this.#grades.all(query) as GradeCount[];
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
    const item = canonicalUri(sub);
    if (item !== sub) this.#insertAlias.run(item, no);
    this.#cache(sub, no);
    return no;
  }

  /** Of every subject: a store of an earlier version has none. */
  addAliases(): void {
    for (const { no, sub } of this.#allSubjects.all() as { no: number; sub: string }[]) {
      const item = canonicalUri(sub);
      if (item !== sub) this.#insertAlias.run(item, no);
    }
  }

  findSubject(sub: string): number | null {
    return (this.#subject.get(sub) as number | undefined) ?? null;
  }

  /** Every subject that is this thing, in whatever form its statements named it. */
  subjectsOf(item: string): number[] {
    const named = this.findSubject(item);
    const others = this.#aliases.all(item) as number[];
    return named === null ? others : [named, ...others];
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
