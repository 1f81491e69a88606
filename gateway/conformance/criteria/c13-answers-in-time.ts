import { type Criterion, type Finding, finding, notSeen } from '../criterion.ts';
import type { Timing, View } from '../view.ts';

export const criterion: Criterion = {
  id: 'C-13',
  title: 'The public gets its answers while it waits',
  severity: 'minor',
  isIntegrity: false,
  mustBeSeen: false,
  judge,
};

/** Why one second: see criteria.md. */
export const P95_MS_MAX = 1_000;

function judge({ timings, checkpoint }: View): Finding {
  if (!timings.seen) return notSeen('no answering time was measured', timings.detail);
  const size = checkpoint.seen ? checkpoint.value.body.size : null;
  const evidence = timings.value.map(timingWords);
  const measured = timings.value.filter(({ count }) => count > 0);
  const notShown = ['queries of readings, which need a token'];
  if (measured.length === 0) return notSeen('nothing answered', ...evidence);
  const worst = Math.max(...measured.map(({ p95Ms }) => p95Ms));
  const failed = timings.value.filter((one) => one.failed > 0 && one.count > 0);
  const entries = size === null ? '' : ` at ${size} entries`;
  const summary = `p95 of the slowest public answer is ${worst.toFixed(1)} ms${entries}, ${P95_MS_MAX} are allowed`;
  const outcome = worst <= P95_MS_MAX && failed.length === 0 ? 'passed' : 'failed';
  return finding(outcome, summary, { evidence, notSeen: notShown });
}

function timingWords({ name, count, failed, p50Ms, p95Ms }: Timing): string {
  if (count === 0) return `${name}: no answer`;
  const lost = failed === 0 ? '' : `, ${failed} not answered`;
  return `${name}: p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms of ${count}${lost}`;
}
