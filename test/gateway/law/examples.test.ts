import type { Rule, RuleExample } from '@truegrain/device-sdk/formats/rule.js';
import type { RuleCheck } from '@truegrain/device-sdk/formats/rule-check.js';
import { describe, expect, test } from 'vitest';
import { exampleVerdict, runExamples } from '../../../gateway/law/examples.ts';
import { cel, compiled, range, rule, windowCheck } from './law-samples.ts';

function example(
  values: readonly (readonly [atS: number, value: number])[],
  changes: Partial<RuleExample> = {},
): RuleExample {
  return {
    text: 'an example',
    verdict: 'kept',
    readings: values.map(([atS, value]) => ({
      sensor: 'temp',
      quantity: 'air temperature',
      unit: 'Cel',
      atS,
      value,
    })),
    context: null,
    ...changes,
  };
}

function run(check: RuleCheck, ...examples: RuleExample[]) {
  const of: Rule = rule(check, { examples });
  return runExamples(compiled(of)[0]!);
}

const WARM = { text: 'warm', verdict: 'broken' } as const;

describe('examples', () => {
  test('that are as they say', () => {
    expect(run(range(2, 8), example([[0, 4]]), example([[0, 9]], WARM))).toEqual({
      ok: true,
      value: undefined,
    });
  });

  test('that are not: the first is named', () => {
    const wrong = example([[0, 9]], { text: 'nine degrees' });
    expect(run(range(2, 8), example([[0, 4]]), wrong)).toEqual({
      ok: false,
      code: 'rule_example',
      detail: '"nine degrees": broken, not kept',
    });
    expect(run(range(2, 8), example([[0, 4]], WARM))).toMatchObject({
      detail: '"warm": kept, not broken',
    });
  });

  test('are judged by their last statement, with the others in the window', () => {
    const mean = windowCheck({ aggregate: 'mean', max: 8 });
    const values = [
      [0, 12],
      [60, 5],
    ] as const;
    expect(run(mean, example(values, WARM)).ok).toBe(true);
    expect(run(mean, example([...values, [120, 6]])).ok).toBe(true);
  });

  test('begin with a bucket: a window holds what its seconds say', () => {
    const often = windowCheck({ windowS: 3_601, aggregate: 'count', min: 2, max: null });
    expect(run(often, example([[0, 1], [3_600, 1]])).ok).toBe(true); // biome-ignore format: short
    expect(run(often, example([[0, 1], [3_601, 1]], WARM)).ok).toBe(true); // biome-ignore format: short
  });

  test('a rule that refuses lets its history be told', () => {
    const strict = rule(range(2, 8), {
      effect: 'refuse',
      examples: [example([[0, 9], [60, 4]]), example([[0, 4], [60, 9]], WARM)], // biome-ignore format: short
    });
    expect(runExamples(compiled(strict)[0]!).ok).toBe(true);
  });

  test('of an excursion, with the reporting interval of the context', () => {
    const outside = { min: 2, max: 8 };
    const budget = windowCheck({ aggregate: 'outsideS', outside, max: 600, windowS: 86_400 });
    const values = [
      [0, 4],
      [3_600, 9],
    ] as const;
    expect(run(budget, example(values, WARM)).ok).toBe(true);
    const context = '{"registration":{"reportingIntervalS":300}}';
    expect(run(budget, example(values, { context })).ok).toBe(true);
  });

  test('may fail to give a verdict', () => {
    expect(run(cel('last.temp.value < 8.0'), example([[0, 4]]))).toMatchObject({
      code: 'rule_example',
      detail: '"an example": field not found: temp',
    });
  });

  test('may not measure two things with one sensor', () => {
    const odd = example([[0, 4]]);
    const readings = [...odd.readings, { ...odd.readings[0]!, unit: 'K' }];
    expect(run(range(2, 8), { ...odd, readings })).toMatchObject({
      code: 'rule_example',
      detail: '"an example": temp measures two things',
    });
  });
});

describe('context', () => {
  const verdict = (expression: string, context: unknown) => {
    const json = typeof context === 'string' ? context : JSON.stringify(context);
    const result = exampleVerdict(compiled(rule(cel(expression)))[0]!, {
      ...example([[0, 4]]),
      context: json,
    });
    return result.ok ? result.value : result;
  };

  test.each([
    ['last.temp.value == 7.5', { last: { temp: { value: 7.5, atMs: 1 } } }],
    ['last.temp.atMs == 1', { last: { temp: { value: 7.5, atMs: 1 } } }],
    ['statement.late && statement.seq == 1', { statement: { late: true } }],
    [
      'registration.sensors.temp.overdue',
      { registration: { sensors: { temp: { overdue: true } } } },
    ],
    ['registration.sensors.temp.unit == "Cel"', { registration: { keyLevel: 'tpm2' } }],
    ['registration.keyLevel == "tpm2"', { registration: { keyLevel: 'tpm2' } }],
    ['events.size() == 1 && events[0].seq == 3', { events: [{ seq: 3 }] }],
    ['readings.size() == 0', { readings: [] }],
  ])('%s', (expression, context) => {
    expect(verdict(expression, context)).toBe('kept');
  });

  test.each([
    ['no json', '{'],
    ['no variable', { now: 1 }],
    ['no field', { statement: { colour: 'red' } }],
    ['a field of every object', { statement: { constructor: 1 } }],
    ['a text for a number', { last: { temp: { value: '7' } } }],
    ['a fraction for a whole number', { statement: { seq: 1.5 } }],
    ['more events than there can be', { events: Array(33).fill({ seq: 1 }) }],
    ['a list for a record', { statement: [] }],
    ['nothing for a record', { statement: null }],
  ])('refused: %s', (_, context) => {
    expect(verdict('true', context)).toMatchObject({ ok: false, code: 'rule_example' });
  });
});
