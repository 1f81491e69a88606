import { checkWords } from '@truegrain/device-sdk/formats/law-words.js';
import type { RuleCheck } from '@truegrain/device-sdk/formats/rule-check.js';
import { expect, test } from 'vitest';

type WindowCheck = Extract<RuleCheck, { kind: 'window' }>;

const WINDOW: WindowCheck = {
  kind: 'window',
  quantity: 'temperature',
  unit: 'Cel',
  windowS: 86_400,
  aggregate: 'mkt',
  outside: null,
  min: null,
  max: 8,
};

test.each<[Partial<WindowCheck>, string]>([
  [{}, 'mean kinetic temperature over 24 h: at most 8 Cel'],
  [{ aggregate: 'mean', min: 2, windowS: 5_400 }, 'mean temperature over 90 min: from 2 to 8 Cel'],
  [{ aggregate: 'min', min: 2, max: null }, 'lowest temperature over 24 h: at least 2 Cel'],
  [{ aggregate: 'max', windowS: 90 }, 'highest temperature over 90 s: at most 8 Cel'],
  [
    { aggregate: 'count', min: 2, max: null, windowS: 172_800 },
    'number of readings of temperature over 2 days: at least 2 readings',
  ],
  [
    { aggregate: 'outsideS', outside: { min: 2, max: 8 }, max: 7_200, windowS: 604_800 },
    'time with temperature not from 2 to 8 Cel over 7 days: at most 2 h',
  ],
  [
    { aggregate: 'outsideS', outside: { min: null, max: -18 }, max: 0 },
    'time with temperature not at most -18 Cel over 24 h: at most 0 s',
  ],
])('what a window asks, as a lawyer reads it: %j', (change, words) => {
  expect(checkWords({ ...WINDOW, ...change })).toBe(words);
});

test('the other checks', () => {
  const { quantity, unit } = WINDOW;
  expect(checkWords({ kind: 'range', quantity, unit, min: 2, max: 8 })).toBe(
    'every temperature from 2 to 8 Cel',
  );
  expect(checkWords({ kind: 'unit', quantity, units: ['Cel', 'K'] })).toBe(
    'temperature in Cel or K',
  );
  expect(checkWords({ kind: 'cel', expression: 'statement.gap', windowS: 3_600 })).toBe(
    'statement.gap (window 1 h)',
  );
});
