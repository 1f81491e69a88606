import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Examination, Seen } from '@truegrain/device-sdk/formats/examination.js';
import type { AtLeaf } from '@truegrain/device-sdk/formats/law-state.js';
import type { Membership } from '@truegrain/device-sdk/formats/membership-state.js';
import type { ExaminationDifference, OverdueExamination } from '../http/law-backend.ts';
import { DAY_MS, periodStart } from './log-time.ts';

type Report = Pick<Examination, 'size' | 'seen'> & Pick<AtLeaf, 'by'>;

/** Two honest members can't have seen different things in the same leaves: who differs is to explain. */
export function differencesOf(reports: Iterable<Report>): ExaminationDifference[] {
  const bySize = new Map<number, Report[]>();
  for (const report of reports) {
    bySize.set(report.size, [...(bySize.get(report.size) ?? []), report]);
  }
  return [...bySize].flatMap(([size, group]) =>
    FIELDS.flatMap((field) => {
      const first = group[0]?.seen[field];
      if (group.every(({ seen }) => isSame(seen[field], first))) return [];
      const values = group.map(({ by, seen }) => ({ member: by, value: shown(seen[field]) }));
      return [{ size, field, values }];
    }),
  );
}

const FIELDS = [
  'root',
  'devices',
  'statements',
  'refusals',
  'missing',
  'overdueCalibrations',
  'broken',
] as const satisfies readonly (keyof Seen)[];

type Value = Uint8Array | number | undefined;

function isSame(a: Value, b: Value): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? equal(a, b) : a === b;
}

function shown(value: Uint8Array | number): string | number {
  return typeof value === 'number' ? value : toHex(value);
}

/**
 * Members that let a whole period of log time pass without a report on all the leaves before it: one
 * on the first leaves alone, signed again and again, says nothing. Who was no member at its beginning
 * is not asked for one yet.
 */
export function overdueReports(
  { members, terms, law }: Membership,
  { logTimeMs, timeOf }: { logTimeMs: number; timeOf: (leafIndex: number) => number },
): OverdueExamination[] {
  if (terms.law === null) return [];
  const { examinationDays } = terms.law;
  const sinceMs = periodStart(logTimeMs, examinationDays) - examinationDays * DAY_MS;
  return [...members.values()].flatMap(({ iss, sinceLeaf }) => {
    const last = law.examinations.get(iss);
    const lastMs = last?.logTimeMs ?? null;
    // The report itself stands behind what it is about, so the leaf at its size is there.
    const isDone = last !== undefined && last.logTimeMs >= sinceMs && timeOf(last.size) >= sinceMs;
    if (isDone || timeOf(sinceLeaf) >= sinceMs) return [];
    return [{ member: iss, lastMs, examinationDays }];
  });
}
