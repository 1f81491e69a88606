import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SCHEMA } from '../../../gateway/store/schema.ts';
import { SensorSpans, SPAN_MS, SPANS_SQL } from '../../../gateway/store/sensor-spans.ts';
import {
  addSums,
  type SensorPart,
  type SensorSums,
  sumsOfReading,
  totalOf,
} from '../../../gateway/store/sensor-sums.ts';

interface Kept {
  subjectNo: number;
  firstMs: number;
  parts: SensorPart[];
}

const MINUTE_MS = 60_000;

/** Sixteenths add up without rounding, whatever the order. */
const value = fc.integer({ min: -1_000, max: 1_000 }).map((n) => n / 16);

const pack = fc
  .record({
    subjectNo: fc.integer({ min: 0, max: 2 }),
    minute: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 20_000 })),
    values: fc.array(value, { minLength: 1, maxLength: 4 }),
    sensor: fc.constantFrom('temp', 'hum'),
  })
  .map(({ subjectNo, minute, values, sensor }): Kept => {
    const firstMs = minute * MINUTE_MS + 7;
    // Sums under a logarithm are rounded: a unit that has none keeps the comparison exact.
    const sums = values.map((one, i) => sumsOfReading(one, '%RH', firstMs + i * 1_000));
    return { subjectNo, firstMs, parts: [{ sensor, unit: '%RH', sums: totalOf(sums)! }] };
  });

function reference(kept: readonly Kept[], sensor: string, level: number) {
  const rows = new Map<string, SensorSums & { bucket: number; subjectNo: number }>();
  for (const { subjectNo, firstMs, parts } of kept) {
    const bucket = Math.floor(firstMs / SPAN_MS[level]!);
    for (const part of parts.filter((one) => one.sensor === sensor)) {
      const row = rows.get(`${bucket} ${subjectNo}`);
      if (row) addSums(row, part.sums);
      else rows.set(`${bucket} ${subjectNo}`, { ...part.sums, bucket, subjectNo });
    }
  }
  return [...rows.values()].sort((a, b) => a.bucket - b.bucket || a.subjectNo - b.subjectNo);
}

function expectEqual(spans: SensorSpans, kept: readonly Kept[]): void {
  for (const { no, sensor } of spans.series.ofKey(7)) {
    for (const level of SPAN_MS.keys()) {
      const rows = spans.rows(no, level, { fromMs: 0, toMs: 1e12 });
      expect(rows).toEqual(reference(kept, sensor, level));
    }
  }
}

describe('sums of readings', () => {
  test('at every level they are those of the packs, whatever order they come and go in', () => {
    const step = fc.record({ pack, removes: fc.option(fc.nat(40), { nil: null }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, forgets) => {
        const db = new Database(':memory:');
        db.exec(SCHEMA);
        const spans = new SensorSpans(db);
        const kept: Kept[] = [];
        for (const { pack: added, removes } of steps) {
          kept.push(added);
          spans.add({ keyNo: 7, ...added }, added.parts);
          if (forgets) spans.forget();
          if (removes === null || removes >= kept.length) continue;
          const [gone] = kept.splice(removes, 1);
          const { subjectNo } = gone!;
          spans.remove({ keyNo: 7, ...gone! }, gone!.parts, (fromMs, toMs) =>
            kept
              .filter((one) => one.subjectNo === subjectNo)
              .filter((one) => one.firstMs >= fromMs && one.firstMs < toMs)
              .flatMap((one) => one.parts),
          );
        }
        expectEqual(spans, kept);
        db.close();
      }),
      { numRuns: 150 },
    );
  });

  test('a stream in order leaves a row a minute and one more in eight of each level', () => {
    const db = new Database(':memory:');
    db.exec(SCHEMA);
    const spans = new SensorSpans(db);
    for (let i = 0; i < 6 * 640; i += 1) {
      const sums = sumsOfReading(i, '%RH', i * 10_000);
      spans.add({ keyNo: 1, subjectNo: 0, firstMs: i * 10_000 }, [
        { sensor: 'hum', unit: '%RH', sums },
      ]);
    }
    const count = (level: number) =>
      db.prepare('SELECT count(*) FROM sensor_span WHERE level = ?').pluck().get(level);
    expect([0, 1, 2].map(count)).toEqual([639, 79, 9]);
    db.close();
  });

  test('a range is read by its index', () => {
    const db = new Database(':memory:');
    db.exec(SCHEMA);
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${SPANS_SQL}`).all(1, 0, 0, 9) as {
      detail: string;
    }[];
    expect(plan.map(({ detail }) => detail)).toEqual([
      'SEARCH sensor_span USING PRIMARY KEY (series_no=? AND level=? AND bucket>? AND bucket<?)',
    ]);
    db.close();
  });
});
