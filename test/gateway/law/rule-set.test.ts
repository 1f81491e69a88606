import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import { describe, expect, test } from 'vitest';
import { compileRule, compileRules } from '../../../gateway/law/rule-set.ts';
import { cel, range, rule, windowCheck } from './law-samples.ts';

function codeOf(of: Rule): string {
  const result = compileRule(of);
  return result.ok ? 'ok' : result.code;
}

describe('a rule is no law', () => {
  test.each([
    ['rule_window', rule(cel('window.temp.mean < 8.0'))],
    ['rule_window', rule(cel('true', 60))],
    ['ok', rule(cel('window.temp.mean < 8.0', 60))],
    ['rule_unit', rule(windowCheck({ aggregate: 'mkt', unit: '%RH' }))],
    ['ok', rule(windowCheck({ aggregate: 'mkt', unit: 'K' }))],
    ['ok', rule(windowCheck({ aggregate: 'mean', unit: '%RH' }))],
    ['rule_effect', rule(cel('window.temp.mean < 8.0', 60), { effect: 'refuse' })],
    ['rule_effect', rule(cel('!has(last.temp)'), { effect: 'refuse' })],
    ['rule_effect', rule(cel('events.size() < 3'), { effect: 'refuse' })],
    ['rule_effect', rule(cel('!statement.late'), { effect: 'refuse' })],
    ['rule_effect', rule(cel('!statement.gap'), { effect: 'refuse' })],
    ['ok', rule(cel('statement.quality > 2'), { effect: 'refuse' })],
    ['ok', rule(cel('!statement.late'), { effect: 'report' })],
    ['rule_clock', rule(cel('now() > 1'))],
    ['ok', rule(range(2, 8), { effect: 'refuse' })],
  ] as const)('%s: %j', (code, of) => {
    expect(codeOf(of)).toBe(code);
  });
});

test('what a rule needs is known from its text', () => {
  const needs = (of: Rule) => {
    const result = compileRule(of);
    return result.ok ? result.value.needs : null;
  };
  const nothing = {
    pack: false,
    last: false,
    events: false,
    statement: false,
    registration: false,
    windowS: 0,
  };
  expect(needs(rule(range(2, 8)))).toEqual(nothing);
  expect(needs(rule(windowCheck({ windowS: 60 })))).toEqual({ ...nothing, windowS: 60 });
  expect(needs(rule(cel('true')))).toEqual(nothing);
  expect(needs(rule(cel('readings.size() > 1')))).toEqual({ ...nothing, pack: true });
  expect(needs(rule(cel('statement.count > 1')))).toEqual({
    ...nothing,
    pack: true,
    statement: true,
  });
  expect(needs(rule(cel('events.size() > 1 || has(last.temp)')))).toEqual({
    ...nothing,
    events: true,
    last: true,
  });
});

test('of many rules the faulty one is named', () => {
  const bad = rule(cel('now() > 1'), { id: 'bad', version: 3 });
  expect(compileRules([rule(range(2, 8)), bad])).toMatchObject({
    ok: false,
    code: 'rule_clock',
    detail: expect.stringMatching(/^bad@3: now: /),
  });
});
