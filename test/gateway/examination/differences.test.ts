import type { Examination } from '@truegrain/device-sdk/formats/examination.js';
import { NO_LAW } from '@truegrain/device-sdk/formats/law-state.js';
import type { Membership } from '@truegrain/device-sdk/formats/membership-state.js';
import { describe, expect, test } from 'vitest';
import { differencesOf, overdueReports } from '../../../gateway/examination/differences.ts';

const DAY_MS = 86_400_000;
const MEMBERS = ['mill', 'carrier', 'shop'];

function report(by: string, changes: Partial<Examination['seen']> = {}, size = 40) {
  const root = new Uint8Array(32).fill(1);
  const counts = { devices: 2, statements: 20, refusals: 1, missing: 0 };
  const seen = { root, ...counts, overdueCalibrations: 0, broken: 3, ...changes };
  return { by, size, seen };
}

describe('differences', () => {
  test('are none where all have seen the same', () => {
    expect(differencesOf(MEMBERS.map((by) => report(by)))).toEqual([]);
    expect(differencesOf([])).toEqual([]);
  });

  test('name size, field, and what each member saw', () => {
    const reports = [report('mill'), report('carrier', { refusals: 0 }), report('shop')];
    expect(differencesOf(reports)).toEqual([
      {
        size: 40,
        field: 'refusals',
        values: [
          { member: 'mill', value: 1 },
          { member: 'carrier', value: 0 },
          { member: 'shop', value: 1 },
        ],
      },
    ]);
  });

  test('another root is one, whatever the counts say', () => {
    const other = report('carrier', { root: new Uint8Array(32).fill(2) });
    expect(differencesOf([report('mill'), other])).toMatchObject([
      { field: 'root', values: [{ value: '01'.repeat(32) }, { value: '02'.repeat(32) }] },
    ]);
  });

  test.each(['devices', 'statements', 'missing', 'overdueCalibrations', 'broken'] as const)(
    'in %s is found, each on its own',
    (field) => {
      const fields = differencesOf([report('mill'), report('shop', { [field]: 77 })]).map(
        (one) => one.field,
      );
      expect(fields).toEqual([field]);
    },
  );

  test('reports on different sizes are not compared, those on one size are', () => {
    const reports = [
      report('mill', { statements: 30 }, 50),
      report('carrier', { statements: 20 }, 40),
      report('shop', { statements: 31 }, 50),
    ];
    expect(differencesOf(reports)).toMatchObject([{ size: 50, field: 'statements' }]);
    expect(differencesOf(reports.slice(0, 2))).toEqual([]);
  });
});

describe('overdue', () => {
  const START_MS = Date.UTC(2026, 0, 1);
  const DAYS = 7;
  /**
   * A leaf a day; `sinceLeaf` is the day of entry, `reports` the day of each member's newest report on
   * all there was, and `size` what it is about instead.
   */
  function overdue(day: number, reports: Record<string, number>, sinceLeaf = 0, size?: number) {
    const examinations = new Map(
      Object.entries(reports).map(([by, at]) => [
        by,
        { by, size: size ?? Math.ceil(at), logTimeMs: START_MS + at * DAY_MS },
      ]),
    );
    const members = new Map(MEMBERS.map((iss) => [iss, { iss, sinceLeaf }]));
    const membership = {
      members,
      terms: { law: { examinationDays: DAYS } },
      law: { ...NO_LAW, examinations },
    } as unknown as Membership;
    const timeOf = (leaf: number) => START_MS + leaf * DAY_MS;
    const logTimeMs = START_MS + day * DAY_MS;
    return overdueReports(membership, { logTimeMs, timeOf }).map(({ member }) => member);
  }

  test('is nobody in the first two periods, and then whoever never reported', () => {
    // 1 January 2026 is day 20,454 since 1970, the first of a period of seven days.
    expect(20_454 % 7).toBe(0);
    expect(overdue(0, {})).toEqual([]);
    expect(overdue(13, {})).toEqual([]);
    expect(overdue(7, {}, -1)).toEqual(MEMBERS);
    expect(overdue(14, {})).toEqual(MEMBERS);
  });

  test('is who let a whole period go by', () => {
    const reports = { mill: 8, carrier: 6, shop: 14 };
    expect(overdue(14, reports)).toEqual(['carrier']);
    expect(overdue(13.9, reports)).toEqual([]);
    expect(overdue(21, reports)).toEqual(['mill', 'carrier']);
  });

  test('is who reports on the first leaves for ever, and nobody who reports on the whole period', () => {
    expect(overdue(15, { mill: 15, carrier: 15, shop: 15 }, 0, 1)).toEqual(MEMBERS);
    expect(overdue(15, { mill: 15, carrier: 15, shop: 15 }, 0, 6)).toEqual(MEMBERS);
    expect(overdue(15, { mill: 15, carrier: 15, shop: 15 }, 0, 7)).toEqual([]);
  });

  test('is nobody who has just entered, and nothing without a term', () => {
    expect(overdue(100, {}, 95)).toEqual([]);
    const membership = { members: new Map(), terms: { law: null }, law: NO_LAW };
    const time = { logTimeMs: START_MS, timeOf: () => 0 };
    expect(overdueReports(membership as unknown as Membership, time)).toEqual([]);
  });
});
