import type { Db, Query } from './database.ts';

export const SERIES_SCHEMA = `
-- One sensor under one key; its unit is the registration's.
CREATE TABLE IF NOT EXISTS sensor_series(
  no INTEGER PRIMARY KEY, key_no INTEGER NOT NULL, sensor TEXT NOT NULL, unit TEXT NOT NULL,
  UNIQUE(key_no, sensor, unit));
-- Which of them spoke of a subject.
CREATE TABLE IF NOT EXISTS sensor_subject(
  subject_no INTEGER NOT NULL, series_no INTEGER NOT NULL,
  PRIMARY KEY(subject_no, series_no)) WITHOUT ROWID;
`;

export interface SensorSeries {
  no: number;
  keyNo: number;
  sensor: string;
  unit: string;
}

const SERIES = 'no, key_no AS keyNo, sensor, unit';
const CACHED_MAX = 100_000;

/** Which sensors gave readings, under which keys and about which subjects. */
export class SensorSeriesTable {
  readonly #findSeries: Query;
  readonly #addSeries: Query;
  readonly #ofKey: Query;
  readonly #ofSubject: Query;
  readonly #addSubject: Query;
  /** Series numbers and known pairs with subjects: what the tables hold, to spare asking them. */
  readonly #known = new Map<string, number>();
  readonly #paired = new Set<number>();

  constructor(db: Db) {
    this.#findSeries = db
      .prepare('SELECT no FROM sensor_series WHERE key_no = ? AND sensor = ? AND unit = ?')
      .pluck();
    this.#addSeries = db.prepare(
      'INSERT INTO sensor_series(key_no, sensor, unit) VALUES (?, ?, ?)',
    );
    this.#ofKey = db.prepare(`SELECT ${SERIES} FROM sensor_series WHERE key_no = ?`);
    this.#ofSubject = db.prepare(
      `SELECT ${SERIES} FROM sensor_subject JOIN sensor_series ON no = series_no
       WHERE subject_no = ? ORDER BY no`,
    );
    this.#addSubject = db.prepare('INSERT OR IGNORE INTO sensor_subject VALUES (?, ?)');
  }

  /** After a rollback: what was remembered of the transaction was never written. */
  forget(): void {
    this.#known.clear();
    this.#paired.clear();
  }

  ofKey(keyNo: number): SensorSeries[] {
    return this.#ofKey.all(keyNo) as SensorSeries[];
  }

  ofSubject(subjectNo: number): SensorSeries[] {
    return this.#ofSubject.all(subjectNo) as SensorSeries[];
  }

  /** It is made where it is not there yet. */
  noOf(keyNo: number, sensor: string, unit: string): number {
    const found = this.find(keyNo, sensor, unit);
    if (found !== null) return found;
    const { lastInsertRowid } = this.#addSeries.run(keyNo, sensor, unit);
    this.#known.set(`${keyNo} ${sensor} ${unit}`, Number(lastInsertRowid));
    return Number(lastInsertRowid);
  }

  find(keyNo: number, sensor: string, unit: string): number | null {
    const name = `${keyNo} ${sensor} ${unit}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const found = this.#findSeries.get(keyNo, sensor, unit) as number | undefined;
    if (found === undefined) return null;
    if (this.#known.size >= CACHED_MAX) this.#known.clear();
    this.#known.set(name, found);
    return found;
  }

  /** That it spoke of the subject. */
  pair(subjectNo: number, seriesNo: number): void {
    // Both are far below 2^26: counted from zero by the log.
    const pair = subjectNo * 2 ** 26 + seriesNo;
    if (this.#paired.has(pair)) return;
    this.#addSubject.run(subjectNo, seriesNo);
    if (this.#paired.size >= CACHED_MAX) this.#paired.clear();
    this.#paired.add(pair);
  }
}
