import type { Db, Query } from './database.ts';
import { SensorSeriesTable } from './sensor-series.ts';
import { addSums, type SensorPart, type SensorSums, totalOf } from './sensor-sums.ts';

/**
 * Readings summed up over stretches of time, so that a chart or a mean over a year reads as many
 * rows as it shows points. Written in the COMMIT that keeps the contents, and less what is erased.
 */
export const SPAN_SCHEMA = `
-- The stretch that each series is in now, at each level: no = series * 8 + level. All of them are on
-- few pages, which is what a COMMIT with packs of many devices writes.
CREATE TABLE IF NOT EXISTS sensor_open(
  no INTEGER PRIMARY KEY, bucket INTEGER NOT NULL, subject_no INTEGER NOT NULL,
  first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, count INTEGER NOT NULL,
  min REAL NOT NULL, max REAL NOT NULL, sum REAL NOT NULL, kinetic REAL);
-- The stretches that are over. Each is part of the one at the next level; an open one is not yet.
CREATE TABLE IF NOT EXISTS sensor_span(
  series_no INTEGER NOT NULL, level INTEGER NOT NULL, bucket INTEGER NOT NULL,
  subject_no INTEGER NOT NULL,
  first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, count INTEGER NOT NULL,
  min REAL NOT NULL, max REAL NOT NULL, sum REAL NOT NULL, kinetic REAL,
  PRIMARY KEY(series_no, level, bucket, subject_no)) WITHOUT ROWID;
`;

/** A minute, and each level eight of the one below: the longest are 2.8 days. */
const FINEST_MS = 60_000;
const FANOUT = 8;
export const SPAN_MS: readonly number[] = [0, 1, 2, 3, 4].map((n) => FINEST_MS * FANOUT ** n);
const TOP = SPAN_MS.length - 1;

/** Where a pack belongs: a stretch holds whole packs, by the pack's first time. */
export interface SpanPlace {
  keyNo: number;
  subjectNo: number;
  firstMs: number;
}

export interface SpanRow extends SensorSums {
  bucket: number;
  subjectNo: number;
}

const SUMS = 'first_ms AS firstMs, last_ms AS lastMs, count, min, max, sum, kinetic';
export const SPANS_SQL = `SELECT bucket, subject_no AS subjectNo, ${SUMS} FROM sensor_span
  WHERE series_no = ? AND level = ? AND bucket >= ? AND bucket < ? ORDER BY bucket, subject_no`;

export class SensorSpans {
  /** Of whom these are the readings. */
  readonly series: SensorSeriesTable;
  readonly #putOpen: Query;
  readonly #getOpen: Query;
  readonly #dropOpen: Query;
  readonly #putSpan: Query;
  readonly #getSpan: Query;
  readonly #dropSpan: Query;
  readonly #spans: Query;
  readonly #open = new Map<number, SpanRow>();

  constructor(db: Db) {
    this.series = new SensorSeriesTable(db);
    const row = `bucket, subject_no AS subjectNo, ${SUMS}`;
    this.#putOpen = db.prepare(
      'INSERT OR REPLACE INTO sensor_open VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#getOpen = db.prepare(`SELECT ${row} FROM sensor_open WHERE no = ?`);
    this.#dropOpen = db.prepare('DELETE FROM sensor_open WHERE no = ?');
    this.#putSpan = db.prepare(
      'INSERT OR REPLACE INTO sensor_span VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    const where = 'series_no = ? AND level = ? AND bucket = ? AND subject_no = ?';
    this.#getSpan = db.prepare(`SELECT ${row} FROM sensor_span WHERE ${where}`);
    this.#dropSpan = db.prepare(`DELETE FROM sensor_span WHERE ${where}`);
    this.#spans = db.prepare(SPANS_SQL);
  }

  /** After a rollback: what was remembered of the transaction was never written. */
  forget(): void {
    this.series.forget();
    this.#open.clear();
  }

  /** The readings of a pack whose content is kept now, once. */
  add(place: SpanPlace, parts: readonly SensorPart[]): void {
    for (const { sensor, unit, sums } of parts) {
      const no = this.series.noOf(place.keyNo, sensor, unit);
      this.series.pair(place.subjectNo, no);
      const bucket = Math.floor(place.firstMs / FINEST_MS);
      this.#push(no, 0, { bucket, subjectNo: place.subjectNo, ...sums });
    }
  }

  /**
   * The readings of a pack whose content is gone: `left` gives what the other packs of that minute
   * and subject hold, by series. Least and greatest can't be taken back out, so they are found anew.
   */
  remove(
    { keyNo, subjectNo, firstMs }: SpanPlace,
    parts: readonly SensorPart[],
    left: (fromMs: number, toMs: number) => readonly SensorPart[],
  ): void {
    let bucket = Math.floor(firstMs / FINEST_MS);
    const others = left(bucket * FINEST_MS, (bucket + 1) * FINEST_MS);
    for (const { sensor, unit } of parts) {
      const no = this.series.find(keyNo, sensor, unit);
      if (no === null) continue;
      bucket = Math.floor(firstMs / FINEST_MS);
      const same = others.filter((other) => other.sensor === sensor && other.unit === unit);
      let sums = totalOf(same.map((part) => part.sums));
      for (let level = 0; level <= TOP; level += 1) {
        this.#replace(no, level, { bucket, subjectNo, sums });
        bucket = Math.floor(bucket / FANOUT);
        sums = totalOf(this.#children(no, level, { bucket, subjectNo }));
      }
    }
  }

  /**
   * Stretches of one level that begin in [fromMs, toMs), both rounded to its length, in order; what
   * is still open is among them.
   */
  rows(seriesNo: number, level: number, range: { fromMs: number; toMs: number }): SpanRow[] {
    const lengthMs = SPAN_MS[level] as number;
    const from = Math.floor(range.fromMs / lengthMs);
    const to = Math.ceil(range.toMs / lengthMs);
    const rows = this.#spans.all(seriesNo, level, from, to) as SpanRow[];
    let isMixed = false;
    for (let below = level; below >= 0; below -= 1) {
      const open = this.#openRow(seriesNo, below);
      if (!open) continue;
      const bucket = Math.floor(open.bucket / FANOUT ** (level - below));
      if (bucket < from || bucket >= to) continue;
      rows.push({ ...open, bucket });
      isMixed = true;
    }
    return isMixed ? merged(rows) : rows;
  }

  /** Into the open stretch, or, where that is another, past it. */
  #push(seriesNo: number, level: number, row: SpanRow): void {
    const open = this.#openRow(seriesNo, level);
    const isSame = open?.bucket === row.bucket && open.subjectNo === row.subjectNo;
    if (open && isSame) {
      addSums(open, row);
      this.#keepOpen(seriesNo, level, open);
    } else if (!open || row.bucket > open.bucket) {
      if (open) this.#close(seriesNo, level, open);
      this.#keepOpen(seriesNo, level, row);
    } else this.#close(seriesNo, level, row);
  }

  #close(seriesNo: number, level: number, row: SpanRow): void {
    const { bucket, subjectNo } = row;
    const there = this.#getSpan.get(seriesNo, level, bucket, subjectNo) as SpanRow | undefined;
    const total = there ?? row;
    if (there) addSums(total, row);
    this.#writeSpan(seriesNo, level, total);
    if (level < TOP) {
      this.#push(seriesNo, level + 1, { ...row, bucket: Math.floor(bucket / FANOUT) });
    }
  }

  #children(seriesNo: number, level: number, at: { bucket: number; subjectNo: number }) {
    if (level >= TOP) return [];
    const from = at.bucket * FANOUT;
    const rows = this.#spans.all(seriesNo, level, from, from + FANOUT) as SpanRow[];
    return rows.filter(({ subjectNo }) => subjectNo === at.subjectNo);
  }

  /** What a stretch holds now; where it is open, nothing of it is among those that are over. */
  #replace(
    seriesNo: number,
    level: number,
    at: { bucket: number; subjectNo: number; sums: SensorSums | null },
  ): void {
    const { bucket, subjectNo, sums } = at;
    const open = this.#openRow(seriesNo, level);
    const isOpen = open?.bucket === bucket && open.subjectNo === subjectNo;
    this.#dropSpan.run(seriesNo, level, bucket, subjectNo);
    if (isOpen) {
      this.#open.delete(seriesNo * LEVELS_ROOM + level);
      this.#dropOpen.run(seriesNo * LEVELS_ROOM + level);
    }
    if (sums === null) return;
    const row = { ...sums, bucket, subjectNo };
    if (isOpen) this.#keepOpen(seriesNo, level, row);
    else this.#writeSpan(seriesNo, level, row);
  }

  #openRow(seriesNo: number, level: number): SpanRow | null {
    const no = seriesNo * LEVELS_ROOM + level;
    const known = this.#open.get(no);
    if (known) return known;
    const row = this.#getOpen.get(no) as SpanRow | undefined;
    if (!row) return null;
    this.#remember(no, row);
    return row;
  }

  #keepOpen(seriesNo: number, level: number, row: SpanRow): void {
    const no = seriesNo * LEVELS_ROOM + level;
    this.#remember(no, row);
    const { bucket, subjectNo, firstMs, lastMs, count, min, max, sum, kinetic } = row;
    this.#putOpen.run(no, bucket, subjectNo, firstMs, lastMs, count, min, max, sum, kinetic);
  }

  #remember(no: number, row: SpanRow): void {
    if (this.#open.size >= CACHED_MAX) this.#open.clear();
    this.#open.set(no, row);
  }

  #writeSpan(seriesNo: number, level: number, row: SpanRow): void {
    const { bucket, subjectNo, firstMs, lastMs, count, min, max, sum, kinetic } = row;
    this.#putSpan.run(
      ...[seriesNo, level, bucket, subjectNo, firstMs, lastMs, count, min, max, sum, kinetic],
    );
  }
}

/** Numbers of open stretches leave room for so many levels. */
const LEVELS_ROOM = 8;
const CACHED_MAX = 100_000;

/** One row a bucket and subject, in that order. */
function merged(rows: SpanRow[]): SpanRow[] {
  rows.sort((a, b) => a.bucket - b.bucket || a.subjectNo - b.subjectNo);
  const out: SpanRow[] = [];
  for (const row of rows) {
    const last = out.at(-1);
    if (last && last.bucket === row.bucket && last.subjectNo === row.subjectNo) addSums(last, row);
    else out.push(row);
  }
  return out;
}
