import { sensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import type { Bounds } from '@truegrain/device-sdk/formats/rule-check.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Journal } from '../../../gateway/law/journal.ts';
import { sensorIndex, summarise } from '../../../gateway/law/pack-summary.ts';
import {
  aggregateOf,
  SensorWindow,
  WINDOW_BUCKETS,
  type WindowPart,
  type WindowSums,
} from '../../../gateway/law/window.ts';
import { packOf, sensor, T0_MS } from './law-samples.ts';

const INDEX = sensorIndex(sensorTable([sensor('temp')]));
const INTERVAL_MS = 600_000;
/** A bucket of a minute. */
const WINDOW_S = 60 * WINDOW_BUCKETS;
const MINUTE_MS = 60_000;

function partOf(minute: number, values: readonly number[], second = 0): WindowPart {
  const startMs = T0_MS + minute * MINUTE_MS + second * 1_000;
  const summary = summarise(packOf(values, { startMs }), INDEX);
  return { summary, at: 0, anchorMs: 0, intervalMs: INTERVAL_MS };
}

function lastMsOf({ summary, anchorMs }: WindowPart): number {
  return (summary[7] as number) + anchorMs;
}

function filled(parts: readonly WindowPart[], outside: Bounds | null = null): SensorWindow {
  const window = new SensorWindow(WINDOW_S, outside);
  for (const part of parts) window.add(part, null);
  return window;
}

function sumsAt(window: SensorWindow, minute: number): WindowSums | null {
  return window.sums(T0_MS + minute * MINUTE_MS);
}

describe('a window', () => {
  test('is the 64 buckets that end with the one of the reading', () => {
    const window = filled([partOf(0, [1]), partOf(63, [5])]);
    expect(sumsAt(window, 63)).toMatchObject({ count: 2, min: 1, max: 5, sum: 6 });
    window.add(partOf(64, [7]), null);
    expect(sumsAt(window, 64)).toMatchObject({ count: 2, min: 5, max: 7, sum: 12 });
  });

  test('takes a pack whole into the bucket of its last reading', () => {
    const window = filled([partOf(0, [1, 2, 3], 50), partOf(64, [9])]);
    expect(sumsAt(window, 64)).toMatchObject({ count: 4, min: 1 });
  });

  test('lets a late pack in, and ends with it where it is judged', () => {
    const window = filled([partOf(0, [1]), partOf(10, [9]), partOf(5, [4])]);
    expect(sumsAt(window, 5)).toMatchObject({ count: 2, max: 4 });
    expect(sumsAt(window, 10)).toMatchObject({ count: 3, max: 9 });
  });

  test('knows nothing of a pack older than it', () => {
    const old = partOf(0, [30]);
    const window = filled([partOf(64, [9]), old]);
    expect(sumsAt(window, 64)).toMatchObject({ count: 1, max: 9 });
    expect(window.sums(lastMsOf(old))).toBeNull();
    expect(window.alone(old)).toMatchObject({ count: 1, max: 30 });
  });

  test('is empty after a long silence', () => {
    const window = filled([partOf(0, [30]), partOf(100_000, [4])]);
    expect(sumsAt(window, 100_000)).toMatchObject({ count: 1, min: 4, max: 4 });
  });

  test('gives its aggregates', () => {
    const sums = sumsAt(filled([partOf(0, [5]), partOf(1, [25])]), 1)!;
    const values = (['min', 'max', 'mean', 'count', 'outsideS'] as const).map((aggregate) =>
      aggregateOf(sums, aggregate, 'Cel'),
    );
    expect(values).toEqual([5, 25, 15, 2, 0]);
    expect(aggregateOf(sums, 'mkt', 'Cel')).toBeCloseTo(19.697721363708695, 11);
  });
});

describe('seconds outside', () => {
  const outside = { min: 2, max: 8 };
  const secondsAt = (parts: WindowPart[], minute: number) =>
    (sumsAt(filled(parts, outside), minute)?.outsideMs ?? 0) / 1_000;

  test('run from the reading before to the last of the pack outside', () => {
    expect(secondsAt([partOf(0, [4]), partOf(2, [9])], 2)).toBe(120);
    expect(secondsAt([partOf(0, [4]), partOf(2, [7, 8.1, 7])], 3)).toBe(140);
    expect(secondsAt([partOf(0, [4]), partOf(2, [8, 2])], 3)).toBe(0);
    expect(secondsAt([partOf(0, [4]), partOf(2, [1.9])], 2)).toBe(120);
  });

  test('are one reporting interval at most, and that where nothing is known before', () => {
    expect(secondsAt([partOf(0, [4]), partOf(30, [9])], 30)).toBe(600);
    expect(secondsAt([partOf(0, [9])], 0)).toBe(600);
  });

  test('are a whole interval for a pack that comes after its successors', () => {
    expect(secondsAt([partOf(0, [4]), partOf(2, [4]), partOf(1, [9])], 2)).toBe(600);
  });
});

/** Minute, second, values: mostly forwards, sometimes back, sometimes far ahead. */
const step = fc.record({
  minutes: fc.oneof(fc.nat(3), fc.integer({ min: -80, max: 80 }), fc.constant(200)),
  second: fc.nat(59),
  values: fc.array(fc.double({ min: -30, max: 60, noNaN: true }), { minLength: 1, maxLength: 4 }),
});
const streams = fc.array(step, { minLength: 1, maxLength: 60 }).map((steps) => {
  let minute = 1_000;
  return steps.map(({ minutes, second, values }) => {
    minute += minutes;
    return partOf(minute, values, second);
  });
});
const OUTSIDE = { min: 2, max: 8 };

/** The definition, word for word: README, "Windows". */
function reference(parts: readonly WindowPart[], last: WindowPart): WindowSums | null {
  const bucketOf = (timeMs: number) => Math.floor(timeMs / ((WINDOW_S * 1000) / WINDOW_BUCKETS));
  const newest = Math.max(...parts.map((part) => bucketOf(lastMsOf(part))));
  const end = bucketOf(lastMsOf(last));
  if (end <= newest - WINDOW_BUCKETS) return null;
  const zero = { count: 0, sum: 0, kinetic: 0, outsideMs: 0 };
  const total: WindowSums = { ...zero, min: Infinity, max: -Infinity };
  for (let bucket = newest - WINDOW_BUCKETS + 1; bucket <= end; bucket += 1) {
    const sums = { ...zero };
    for (const [i, part] of parts.entries()) {
      if (bucketOf(lastMsOf(part)) !== bucket) continue;
      const [, count, min, max, sum, kinetic] = part.summary as unknown as number[];
      sums.count += count!;
      sums.sum += sum!;
      sums.kinetic += kinetic!;
      const before = Math.max(...parts.slice(0, i).map(lastMsOf), Number.NEGATIVE_INFINITY);
      const isLate = lastMsOf(part) <= before;
      const sinceMs = isLate ? INTERVAL_MS : Math.min(INTERVAL_MS, lastMsOf(part) - before);
      if (min! < OUTSIDE.min || max! > OUTSIDE.max) sums.outsideMs += sinceMs;
      total.min = Math.min(total.min, min!);
      total.max = Math.max(total.max, max!);
    }
    total.count += sums.count;
    total.sum += sums.sum;
    total.kinetic += sums.kinetic;
    total.outsideMs += sums.outsideMs;
  }
  return total;
}

test('is what its definition says, whatever comes in whatever order', () => {
  fc.assert(
    fc.property(streams, (parts) => {
      const window = new SensorWindow(WINDOW_S, OUTSIDE);
      for (const [i, part] of parts.entries()) {
        window.add(part, null);
        const expected = reference(parts.slice(0, i + 1), part);
        expect(window.sums(lastMsOf(part))).toEqual(expected);
      }
    }),
    { numRuns: 300 },
  );
});

test('forgets to the last bit what is undone', () => {
  fc.assert(
    fc.property(streams, streams, (kept, undone) => {
      const window = filled(kept, OUTSIDE);
      const journal = new Journal();
      for (const part of undone) {
        window.add(part, journal);
        window.sums(lastMsOf(part));
      }
      journal.undo(0);
      expect(journal.length).toBe(0);
      for (const part of kept) {
        expect(window.sums(lastMsOf(part))).toEqual(filled(kept, OUTSIDE).sums(lastMsOf(part)));
      }
    }),
    { numRuns: 200 },
  );
});

test('is what its definition says after anything was undone', () => {
  const chance = fc.record({ part: fc.nat(59), undoes: fc.nat(3) });
  fc.assert(
    fc.property(streams, fc.array(chance, { maxLength: 80 }), (parts, chances) => {
      const window = new SensorWindow(WINDOW_S, OUTSIDE);
      const journal = new Journal();
      const marks: number[] = [];
      const held: WindowPart[] = [];
      for (const { part, undoes } of chances) {
        for (let i = 0; i < undoes && held.length > 0; i += 1) {
          held.pop();
          journal.undo(marks.pop()!);
        }
        const next = parts[part % parts.length]!;
        marks.push(journal.length);
        held.push(next);
        window.add(next, journal);
        expect(window.sums(lastMsOf(next))).toEqual(reference(held, next));
      }
    }),
    { numRuns: 300 },
  );
});

test('is the same to the last bit when it is read again from what it reaches back to', () => {
  fc.assert(
    fc.property(streams, (parts) => {
      const newestMs = Math.max(...parts.map(lastMsOf));
      const fromMs = newestMs - WINDOW_S * 1_000 - INTERVAL_MS;
      const again = parts.filter((part) => lastMsOf(part) >= fromMs);
      for (const part of parts) {
        const lastMs = lastMsOf(part);
        expect(filled(again, OUTSIDE).sums(lastMs)).toEqual(filled(parts, OUTSIDE).sums(lastMs));
      }
    }),
    { numRuns: 200 },
  );
});
