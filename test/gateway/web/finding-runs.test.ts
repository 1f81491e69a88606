import { expect, test } from 'vitest';
import type { Finding } from '../../../gateway/web/api/trace-answers.ts';
import { findingRuns } from '../../../gateway/web/finding-runs.ts';

const MINUTE = 60_000;

function warm(minute: number, changes: Partial<Finding> = {}): Finding {
  return {
    kind: 'excursion',
    subject: 'https://id.gs1.org/8004/1234567A',
    device: 'urn:dev:ops:1-a-1',
    fromMs: minute * MINUTE,
    untilMs: (minute + 8) * MINUTE,
    text: `at ${minute}`,
    leafIndex: minute,
    rule: null,
    ...changes,
  } as Finding;
}

test('what follows closely is one run, at the place of its newest', () => {
  const other = warm(15, { device: 'urn:dev:ops:1-b-1' });
  const runs = findingRuns([warm(30), warm(20), other, warm(10), warm(0)]);
  expect(runs.map(({ count, fromMs, untilMs }) => [count, fromMs, untilMs])).toEqual([
    [4, 0, 38 * MINUTE],
    [1, 15 * MINUTE, 23 * MINUTE],
  ]);
  expect(runs[0]?.finding.text).toBe('at 30');
});

test('after an hour it is another one, and so it is under another rule', () => {
  const rule = { rule: 'warm@1', title: 'Warm', responsible: { name: 'A', contact: 'b' } };
  expect(findingRuns([warm(100), warm(20)])).toHaveLength(2);
  expect(findingRuns([warm(10, { rule } as never), warm(0)])).toHaveLength(2);
  expect(findingRuns([])).toEqual([]);
});

test('one that still lasts has no end', () => {
  expect(findingRuns([warm(10, { untilMs: null })])).toMatchObject([{ untilMs: null, count: 1 }]);
});
