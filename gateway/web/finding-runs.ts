// Findings of one kind about one thing that follow each other closely: one line and their number.
import type { Finding } from './api/trace-answers.ts';

export interface FindingRun {
  /** The newest one. */
  readonly finding: Finding;
  readonly fromMs: number;
  readonly untilMs: number | null;
  readonly count: number;
}

/** A device says every few minutes that it is still too warm; after this pause it is another time. */
const PAUSE_MS = 3_600_000;

/** `findings` come newest first, and so do the runs, each where its newest one stood. */
export function findingRuns(findings: readonly Finding[]): FindingRun[] {
  const runs: FindingRun[] = [];
  const latest = new Map<string, number>();
  for (const finding of findings) {
    const key = sameAs(finding);
    const at = latest.get(key);
    const run = at === undefined ? undefined : runs[at];
    if (run !== undefined && at !== undefined && isNear(run, finding)) {
      runs[at] = joined(run, finding);
      continue;
    }
    latest.set(key, runs.length);
    const { fromMs, untilMs } = finding;
    runs.push({ finding, fromMs, untilMs, count: 1 });
  }
  return runs;
}

function sameAs({ kind, subject, device, rule }: Finding): string {
  return JSON.stringify([kind, subject, device, rule?.rule ?? null]);
}

function isNear(run: FindingRun, { fromMs, untilMs }: Finding): boolean {
  return run.fromMs - (untilMs ?? fromMs) <= PAUSE_MS;
}

function joined(run: FindingRun, { fromMs, untilMs }: Finding): FindingRun {
  const ends = [run.untilMs, untilMs].flatMap((ms) => ms ?? []);
  return {
    finding: run.finding,
    fromMs: Math.min(run.fromMs, fromMs),
    untilMs: ends.length > 0 ? Math.max(...ends) : null,
    count: run.count + 1,
  };
}
