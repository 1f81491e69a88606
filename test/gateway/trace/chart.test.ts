import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Chart, ChartQuery } from '../../../gateway/http/trace-backend.ts';
import { readsOf } from '../../../gateway/reads/reads.ts';
import { sampleRule } from '../../support/sample-rule.ts';
import {
  type SignedFrame,
  SoloRig,
  SUBJECT,
  T0_MS,
  type TestDevice,
} from '../../support/solo-ledger.ts';
import { traceDesk } from '../../support/trace-desk.ts';
import { attest, enact } from '../law/watch-rig.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let rig: SoloRig;
let device: TestDevice;
beforeEach(async () => {
  rig = new SoloRig();
  device = await rig.enrol('1');
});
afterEach(() => {
  rig.expectSound();
  rig.close();
});

function chart(query: Partial<ChartQuery> = {}): Chart {
  const outcome = traceDesk(rig).chart({ device: device.urn, points: 1_000, ...query });
  if (!outcome.ok) throw new Error(outcome.code);
  return outcome.value;
}

function erase(...frames: SignedFrame[]) {
  return rig.registrar.erase(
    frames.map(({ id }) => id),
    'GDPR Art. 17',
    'asked for',
  );
}

async function readingsOf(range: { fromMs: number; toMs: number }) {
  const page = await readsOf(rig.context).readings({ device: device.urn, limit: 1_000, ...range });
  if (!page.ok) throw new Error(page.code);
  return page.value.rows.map(({ timeMs, value }) => ({ timeMs: timeMs!, value: Number(value) }));
}

/** A batch has at most 1,024 statements. */
function commitAll(frames: readonly SignedFrame[]): void {
  for (let at = 0; at < frames.length; at += 500) rig.commit(...frames.slice(at, at + 500));
}

/** A pack of two readings a minute, and long enough that a chart of it reads sums. */
function commitHours(hours: number, valueAt: (minute: number) => number): SignedFrame[] {
  rig.nowMs = Math.max(rig.nowMs, T0_MS + (hours + 1) * HOUR_MS);
  const frames = Array.from({ length: hours * 60 }, (_, minute) => {
    const value = valueAt(minute);
    return rig.temperatures(device, T0_MS + minute * MINUTE_MS, [value, value + 0.5]);
  });
  commitAll(frames);
  return frames;
}

describe('a chart', () => {
  test('of few packs shows every reading, in the half-open range', async () => {
    rig.nowMs += HOUR_MS;
    rig.commit(rig.temperatures(device, T0_MS, [1, 2, 3, 4]));
    const shown = chart({ fromMs: T0_MS + 10_000, toMs: T0_MS + 30_000 });
    expect(shown.points).toEqual([
      [T0_MS + 10_000, 2, 2, 2, 1],
      [T0_MS + 20_000, 3, 3, 3, 1],
    ]);
    expect(shown).toMatchObject({ sensor: 'temp', unit: 'Cel', quantity: 'air temperature' });
    expect(shown).toMatchObject({ total: 2, limits: null, sensors: ['temp'] });
  });

  test('keeps least, greatest, sum and number of a long range, at any number of points', async () => {
    const spike = 17 * 60 + 31;
    commitHours(20, (minute) => (minute === spike ? 31.5 : minute % 7));
    const all = await readingsAll();
    for (const points of [1, 10, 200, 1_000, 4_000]) {
      const shown = chart({ points, fromMs: T0_MS, toMs: T0_MS + 20 * HOUR_MS });
      expect(shown.points.length).toBeLessThanOrEqual(points);
      expect(shown.total).toBe(all.length);
      expect(Math.max(...shown.points.map(([, , max]) => max))).toBe(32);
      const sum = shown.points.reduce((total, [, , , mean, count]) => total + mean * count, 0);
      expect(sum).toBeCloseTo(
        all.reduce((total, { value }) => total + value, 0),
        6,
      );
      const times = shown.points.map(([ms]) => ms);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      const highest = shown.points.find(([, , max]) => max === 32)!;
      const width = Math.max(MINUTE_MS, (20 * HOUR_MS) / points);
      expect(Math.abs(highest[0] - (T0_MS + spike * MINUTE_MS))).toBeLessThanOrEqual(2 * width);
    }
  });

  async function readingsAll() {
    const rows = [];
    for (let hour = 0; hour < 21; hour += 1) {
      const fromMs = T0_MS + hour * HOUR_MS;
      rows.push(...(await readingsOf({ fromMs, toMs: fromMs + HOUR_MS })));
    }
    return rows;
  }

  test('forgets what was erased, also in its sums', async () => {
    const frames = commitHours(20, (minute) => (minute === 600 ? 50 : minute === 601 ? 49 : 5));
    rig.nowMs += 48 * HOUR_MS;
    const range = { fromMs: T0_MS, toMs: T0_MS + 20 * HOUR_MS, points: 50 };
    expect(Math.max(...chart(range).points.map(([, , max]) => max))).toBe(50.5);
    expect((await erase(frames[600]!)).ok).toBe(true);
    expect(Math.max(...chart(range).points.map(([, , max]) => max))).toBe(49.5);
    expect((await erase(frames[601]!)).ok).toBe(true);
    expect(Math.max(...chart(range).points.map(([, , max]) => max))).toBe(5.5);
    expect(chart(range).total).toBe(20 * 60 * 2 - 4);
    const { db } = rig.ledger.store;
    const tables = ['sensor_span', 'sensor_open'];
    for (const table of tables) {
      const max = db.prepare(`SELECT coalesce(max(max), 0) FROM ${table}`).pluck().get();
      expect(max).toBeLessThanOrEqual(5.5);
    }
  });

  test('of one subject shows nothing of another', () => {
    rig.nowMs += 30 * HOUR_MS;
    const sub = 'urn:epc:id:sscc:9521234.0000000001';
    const frames = Array.from({ length: 1_200 }, (_, i) =>
      rig.temperatures(device, T0_MS + i * MINUTE_MS, [i % 2 === 0 ? 1 : 9], {
        sub: i % 2 === 0 ? sub : SUBJECT,
      }),
    );
    commitAll(frames);
    const desk = traceDesk(rig);
    // Named by its other form.
    const subject = 'https://id.gs1.org/00/095212340000000013';
    for (const points of [100, 4_000]) {
      const outcome = desk.chart({ subject, points });
      expect(outcome.ok && outcome.value.total).toBe(600);
      expect(
        outcome.ok && outcome.value.points.every(([, min, max]) => min === 1 && max === 1),
      ).toBe(true);
    }
    const both = desk.chart({ subject, device: device.urn, points: 100 });
    expect(both.ok && both.value.total).toBe(600);
  });

  test('of nobody, and of a sensor that is not there, is not found', () => {
    rig.nowMs += HOUR_MS;
    rig.commit(rig.temperatures(device, T0_MS, [1]));
    const desk = traceDesk(rig);
    for (const query of [
      { device: 'urn:dev:ops:32473-tg1-none' },
      { subject: "x' OR 1=1 --" },
      { device: device.urn, sensor: 'hum' },
      { device: device.urn, subject: 'urn:example:other' },
    ]) {
      expect(desk.chart({ points: 10, ...query })).toMatchObject({ ok: false, code: 'not_found' });
    }
  });

  test('says what is missing and where the device was silent', () => {
    rig.nowMs += 5 * HOUR_MS;
    const first = rig.temperatures(device, T0_MS, [1]);
    const lost = rig.temperatures(device, T0_MS + 5 * MINUTE_MS, [2]);
    const third = rig.temperatures(device, T0_MS + 10 * MINUTE_MS, [3]);
    const late = rig.temperatures(device, T0_MS + 2 * HOUR_MS, [4]);
    rig.commit(first, third, late);
    const range = { fromMs: T0_MS, toMs: T0_MS + 2 * HOUR_MS + MINUTE_MS };
    expect(chart(range).gaps).toEqual([
      { fromMs: T0_MS, untilMs: T0_MS + 10 * MINUTE_MS, missing: 1 },
      { fromMs: T0_MS + 10 * MINUTE_MS, untilMs: T0_MS + 2 * HOUR_MS, missing: 0 },
    ]);
    rig.commit(lost);
    expect(chart(range).gaps).toHaveLength(1);
  });

  test('a heartbeat is no silence', () => {
    rig.nowMs += 5 * HOUR_MS;
    const beat = (minute: number) =>
      rig.pack(device, [
        { name: 'heartbeat', value: true, timeMs: T0_MS + minute * MINUTE_MS, unit: null },
      ]);
    rig.commit(rig.temperatures(device, T0_MS, [1]), beat(8), beat(16));
    rig.commit(rig.temperatures(device, T0_MS + 24 * MINUTE_MS, [1]));
    expect(chart({ fromMs: T0_MS, toMs: T0_MS + 25 * MINUTE_MS }).gaps).toEqual([]);
  });

  test('limits are those of the rules in force; what breaks them is marked with who answers', async () => {
    await enact(rig, sampleRule({ check: range2to8() }));
    rig.nowMs += 30 * HOUR_MS;
    const values = Array.from({ length: 1_200 }, (_, i) => (i >= 600 && i < 610 ? 11 : 5));
    const frames = values.map((value, i) =>
      rig.temperatures(device, T0_MS + i * MINUTE_MS, [value]),
    );
    commitAll(frames);
    const shown = chart({ fromMs: T0_MS, toMs: T0_MS + 1_200 * MINUTE_MS });
    expect(shown.limits).toMatchObject({ min: 2, max: 8, rules: [{ rule: 'cold@1' }] });
    expect(shown.excursions).toEqual([
      {
        fromMs: T0_MS + 600 * MINUTE_MS,
        untilMs: T0_MS + 609 * MINUTE_MS,
        min: 11,
        max: 11,
        rules: [{ rule: 'cold@1', title: 'At most 8 °C', responsible: sampleRule().responsible }],
        // No batch said so: it was seen from the limits in force.
        leaves: [],
      },
    ]);
  });

  const range2to8 = () => ({
    kind: 'range' as const,
    quantity: 'air temperature',
    unit: 'Cel',
    min: 2,
    max: 8,
  });

  test('a breach that a batch attests is shown where no limit tells of it, and outlives its content', async () => {
    const cel = { kind: 'cel' as const, expression: 'readings.size() < 3', windowS: null };
    const example = sampleRule().examples[0]!;
    const broken = { ...example, verdict: 'broken' as const };
    await rig.desk.propose({
      change: {
        kind: 'rule',
        rule: sampleRule({
          check: cel,
          examples: [
            example,
            { ...broken, readings: [1, 2, 3].map((value) => ({ ...example.readings[0]!, value })) },
          ],
        }),
      },
      reason: 'agreed',
      epoch: null,
    });
    rig.nowMs += HOUR_MS;
    const frame = rig.temperatures(device, T0_MS, [1, 2, 3]);
    attest(
      rig,
      [rig.temperatures(device, T0_MS - MINUTE_MS, [4]), frame],
      [{ frame, rule: 'cold' }],
    );
    const [excursion] = chart().excursions;
    expect(excursion).toMatchObject({ fromMs: T0_MS, untilMs: T0_MS + 20_000, min: 1, max: 3 });
    expect(excursion!.leaves).toEqual([rig.ledger.store.leaves.find(frame.id)]);
    expect(excursion!.rules[0]!.rule).toBe('cold@1');
    rig.nowMs += 48 * HOUR_MS;
    expect((await erase(frame)).ok).toBe(true);
    expect(chart({ fromMs: T0_MS, toMs: T0_MS + MINUTE_MS }).excursions).toMatchObject([
      { fromMs: T0_MS, untilMs: T0_MS + 20_000, min: null, max: null },
    ]);
  });

  test('a device without a clock is shown where its batch says', () => {
    rig.nowMs += HOUR_MS;
    const records = [0, 1].map((i) => {
      return { name: 'temp', unit: 'Cel', value: i, timeMs: (i - 1) * 1_000 };
    });
    rig.commit(rig.pack(device, records, { quality: 0 }));
    expect(chart().points.map(([ms, , , mean]) => [ms, mean])).toEqual([
      [rig.nowMs - 1_000, 0],
      [rig.nowMs, 1],
    ]);
  });
});

test('hostile ranges and texts give no answer that hurts', () => {
  rig.nowMs += HOUR_MS;
  rig.commit(rig.temperatures(device, T0_MS, [1]));
  const desk = traceDesk(rig);
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 4_000 }), (fromMs, span, points) => {
      const outcome = desk.chart({ device: device.urn, fromMs, toMs: fromMs + span + 1, points });
      expect(outcome.ok && outcome.value.points.length).toBeLessThanOrEqual(points);
    }),
    { numRuns: 50 },
  );
  const far = desk.chart({
    device: device.urn,
    fromMs: 0,
    toMs: Number.MAX_SAFE_INTEGER,
    points: 7,
  });
  expect(far.ok && far.value.total).toBe(1);
});
