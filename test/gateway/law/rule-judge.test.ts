import type { CalibrationRecord } from '@truegrain/device-sdk/formats/calibration-record.js';
import { calibrationKey } from '@truegrain/device-sdk/formats/law-state.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JudgedStatement } from '../../../gateway/law/judged-statement.ts';
import type { RuleDevice } from '../../../gateway/law/rule-device.ts';
import { NO_HISTORY, type RuleHistory } from '../../../gateway/law/rule-history.ts';
import { type Judgement, RuleJudge } from '../../../gateway/law/rule-judge.ts';
import type { CompiledRule } from '../../../gateway/law/rule-set.ts';
import {
  cel,
  compiled,
  device,
  packOf,
  range,
  rule,
  sensor,
  statementOf,
  T0_MS,
  windowCheck,
} from './law-samples.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DEVICE = device();

/** Statements that were adopted, as a store would give them back. */
class Log implements RuleHistory {
  readonly statements: JudgedStatement[] = [];
  reads = 0;

  *packs(of: string) {
    this.reads += 1;
    for (const statement of this.statements) {
      const pack = statement.readPack();
      const { logTimeMs } = statement;
      if (pack && statement.device.device === of) yield { pack, logTimeMs };
    }
  }

  events(subject: string, limit: number) {
    const own = this.statements.filter(({ facts }) => facts.sub === subject);
    const events = own.map(({ device: of, facts, leafIndex, logTimeMs }) => ({
      device: of.device,
      leaf: leafIndex,
      seq: facts.seq,
      firstMs: facts.firstMs ?? logTimeMs,
      lastMs: facts.lastMs ?? logTimeMs,
    }));
    return events.sort((a, b) => b.firstMs - a.firstMs || b.leaf - a.leaf).slice(0, limit);
  }
}

function judgeBy(rules: readonly CompiledRule[], history: RuleHistory = NO_HISTORY): RuleJudge {
  return new RuleJudge({ history, rulesFor: () => rules });
}

function at(minute: number, values: readonly number[], of: RuleDevice = DEVICE): JudgedStatement {
  const startMs = T0_MS + minute * MINUTE_MS;
  return statementOf(packOf(values, { startMs }), of, { seq: minute + 1, logTimeMs: startMs });
}

function words({ broken, errors }: Judgement): string[] {
  return [...broken.map(ruleKey), ...errors.map(({ error }) => error)];
}

/** The verdict on the last of them, each in a round of its own. */
function lastOf(rules: readonly CompiledRule[], ...statements: JudgedStatement[]): string[] {
  const judge = judgeBy(rules);
  let last: string[] = [];
  for (const statement of statements) {
    last = words(judge.judge(statement));
    judge.adopt();
  }
  return last;
}

describe('native rules', () => {
  test('range: the ends belong to it, null is open', () => {
    const [cold] = [compiled(rule(range(2, 8)))];
    expect(lastOf(cold!, at(0, [2, 8]))).toEqual([]);
    expect(lastOf(cold!, at(0, [2, 8.1, 5]))).toEqual(['cold@1']);
    expect(lastOf(cold!, at(0, [1.9, 5]))).toEqual(['cold@1']);
    expect(lastOf(compiled(rule(range(null, 8))), at(0, [-39]))).toEqual([]);
  });

  test('of another quantity they say nothing', () => {
    const soil = device({ sensors: [sensor('temp', { quantity: 'soil temperature' })] });
    expect(lastOf(compiled(rule(range(2, 8))), at(0, [30], soil))).toEqual([]);
  });

  test('numbers in another unit are not judged, and that is told', () => {
    const kelvin = device({ sensors: [sensor('temp', { unit: 'K' })] });
    const statement = statementOf(packOf([300], { unit: 'K' }), kelvin);
    expect(lastOf(compiled(rule(range(2, 8))), statement)).toEqual([
      'temp gives K, the rule is about Cel',
    ]);
    const unit = { kind: 'unit', quantity: 'air temperature', units: ['Cel'] } as const;
    expect(lastOf(compiled(rule(unit)), statement)).toEqual(['cold@1']);
    expect(lastOf(compiled(rule(unit)), at(0, [4]))).toEqual([]);
  });

  test.each([
    ['mean', { min: null, max: 8 }, [[10], [5.9]], [[10], [6.1]]],
    ['min', { min: 2, max: null }, [[2], [9]], [[1.9], [9]]],
    ['max', { min: null, max: 8 }, [[8], [2]], [[8.1], [2]]],
    [
      'count',
      { min: 4, max: null },
      [
        [1, 2],
        [3, 4],
      ],
      [[1, 2], [3]],
    ],
    ['mkt', { min: null, max: 19.6 }, [[5], [24.8]], [[5], [25]]],
  ] as const)('window: %s', (aggregate, bounds, kept, broken) => {
    const rules = compiled(rule(windowCheck({ aggregate, ...bounds })));
    const run = (values: readonly (readonly number[])[]) =>
      lastOf(rules, ...values.map((each, i) => at(i, each)));
    expect(run(kept)).toEqual([]);
    expect(run(broken)).toEqual(['cold@1']);
  });

  test('window: an excursion budget in seconds', () => {
    const outside = { min: 2, max: 8 };
    const budget = windowCheck({ aggregate: 'outsideS', outside, max: 120 });
    const rules = compiled(rule(budget));
    expect(lastOf(rules, at(0, [4]), at(1, [9]), at(2, [9]))).toEqual([]);
    expect(lastOf(rules, at(0, [4]), at(1, [9]), at(2, [9]), at(3, [9]))).toEqual(['cold@1']);
    expect(lastOf(rules, at(0, [4]), at(1, [9]), at(2, [9]), at(3, [4]))).toEqual([]);
  });

  test('window: a statement older than it is judged alone, and its count not at all', () => {
    const [mean, count] = [
      rule(windowCheck({ aggregate: 'mean' })),
      rule(windowCheck({ aggregate: 'count', min: 2, max: null }), { id: 'often' }),
    ];
    const rules = compiled(mean, count);
    expect(lastOf(rules, at(100, [4, 4]), at(0, [4]))).toEqual([
      'older than the window: its readings are not counted',
    ]);
    expect(lastOf(rules, at(100, [4, 4]), at(0, [9]))[0]).toBe('cold@1');
  });

  test('a pack without readings of the sensor is judged with the next', () => {
    const empty = { ...packOf([1]), records: [] };
    const rules = compiled(rule(windowCheck({ aggregate: 'count', min: 9, max: null })));
    expect(lastOf(rules, statementOf(empty, DEVICE))).toEqual([]);
  });

  test('times of a device without a clock are anchored at the log time of the batch', () => {
    const relative = packOf([9, 9], { relative: true });
    const late = statementOf(relative, DEVICE, { logTimeMs: T0_MS + 30 * MINUTE_MS });
    const rules = compiled(rule(windowCheck({ windowS: 3_600, aggregate: 'count', max: 2 })));
    expect(lastOf(rules, at(0, [1]), late)).toEqual(['cold@1']);
    const afterwards = { ...late, logTimeMs: T0_MS + 90 * MINUTE_MS };
    expect(lastOf(rules, at(0, [1]), afterwards)).toEqual([]);
  });
});

describe('what is refused', () => {
  const strict = rule(range(null, 8), { effect: 'refuse' });
  const often = rule(windowCheck({ aggregate: 'count', max: 2 }), { id: 'often' });

  test('is in no window', () => {
    const judge = judgeBy(compiled(strict, often));
    expect(judge.judge(at(0, [9, 9, 9]))).toMatchObject({ isRefused: true });
    expect(words(judge.judge(at(1, [4, 4])))).toEqual([]);
    expect(words(judge.judge(at(2, [4])))).toEqual(['often@1']);
  });

  test('is only what breaks a rule that refuses', () => {
    const judge = judgeBy(compiled(rule(range(null, 8))));
    expect(judge.judge(at(0, [9]))).toMatchObject({ isRefused: false, errors: [] });
  });

  test('is nobody for a rule that fails', () => {
    const rules = compiled(rule(cel('readings[99].value > 1.0'), { effect: 'refuse' }));
    const judgement = judgeBy(rules).judge(at(0, [9]));
    expect(judgement).toMatchObject({ broken: [], isRefused: false });
    expect(judgement.errors).toHaveLength(1);
  });
});

describe('a summary that did not come', () => {
  test('is made from the pack', () => {
    const statement = { ...at(0, [9]), summary: null };
    expect(lastOf(compiled(rule(range(2, 8))), statement)).toEqual(['cold@1']);
  });

  test('and a boot or gap record is not judged', () => {
    const boot = { ...at(0, [9]), summary: null, readPack: () => null };
    expect(lastOf(compiled(rule(cel('false'))), boot)).toEqual([]);
  });
});

test('native rules never ask for the pack', () => {
  const statement = {
    ...at(0, [9]),
    readPack: () => {
      throw new Error('asked');
    },
  };
  const rules = compiled(rule(range(2, 8)), rule(windowCheck(), { id: 'w' }));
  expect(lastOf(rules, statement)).toEqual(['cold@1', 'w@1']);
  const quality = compiled(rule(cel('statement.quality > 4')));
  expect(lastOf(quality, statement)).toEqual(['cold@1']);
});

describe('variables', () => {
  const due = { certificate: 'C-1', digest: new Uint8Array(32), dueMs: T0_MS - 1 };
  const two = device({
    sensors: [
      sensor('door', { quantity: 'door', unit: null, min: null, max: null, resolution: null }),
      sensor('temp', { calibration: due }),
    ],
  });
  test.each([
    `readings.size() == 2 && readings[1].value == 5.0 && readings[0].atMs == ${T0_MS} + 600000`,
    'readings[0].name == "temp" && readings[0].quantity == "air temperature"',
    'readings[0].unit == "Cel" && statement.count == 2',
    'statement.device == "urn:dev:ops:32473-tg1-a" && statement.owner == "https://mill.example"',
    'statement.subject == "https://id.example/lot-7" && statement.seq == 11',
    'statement.quality == 3 && !statement.late && !statement.gap',
    'statement.lastMs - statement.firstMs == 10000',
    'registration.keyLevel == "file" && registration.binding == "label"',
    'registration.reportingIntervalS == 600 && size(registration.sensors) == 2',
    'registration.sensors.temp.overdue && registration.sensors["temp"].certificate == "C-1"',
    '!has(registration.sensors.door.unit) && !registration.sensors.door.calibrated',
    'registration.sensors.temp.min == -40 && registration.sensors.temp.max == 85',
    'last.temp.value == 3.0 && statement.firstMs - last.temp.atMs == 300000',
    '!("door" in last)',
    'events.size() == 1 && events[0].seq == 6 && events[0].leaf == 6',
    'events[0].device == statement.device && events[0].firstMs < statement.firstMs',
  ])('%s', (expression) => {
    const judge = judgeBy(compiled(rule(cel(expression))));
    judge.judge(at(5, [3], two));
    expect(words(judge.judge(at(10, [4, 5], two)))).toEqual([]);
  });

  describe('calibration', () => {
    const urn = 'urn:dev:ops:32473-tg1-a';
    const logged = (changes: Partial<CalibrationRecord & { leafIndex: number }> = {}) => {
      const record = { certificate: 'LAB-1', serial: 'SN-1', unit: 'Cel', signature: 'verified' };
      const rest = { uncertainty: 0.1, dueMs: T0_MS + DAY_MS, leafIndex: 5, ...changes };
      return new Map([[calibrationKey(urn, 'temp'), { ...record, ...rest }]]) as never;
    };
    const ofSerial = device({ sensors: [sensor('temp', { calibration: due, serial: 'SN-1' })] });
    const shown = 'registration.sensors.temp';
    const byLog = `${shown}.certificate == "LAB-1" && !${shown}.overdue && ${shown}.verified && ${shown}.uncertainty == 0.1`;
    const byWord = `${shown}.certificate == "C-1" && ${shown}.overdue && !${shown}.verified && !has(${shown}.uncertainty)`;

    test.each([
      ['the newest in the log', byLog, logged()],
      ['unanchored is not verified', `!${shown}.verified`, logged({ signature: 'unanchored' })],
      ['of another instrument says nothing', byWord, logged({ serial: 'SN-2' })],
      ['in another unit says nothing', byWord, logged({ unit: 'K' })],
      ['that came later was not known', byWord, logged({ leafIndex: 6 })],
      ['none', byWord, new Map()],
    ])('%s', (_, expression, calibrations) => {
      const statement = { ...at(5, [4], ofSerial), calibrations };
      expect(lastOf(compiled(rule(cel(expression))), statement)).toEqual([]);
    });
  });

  test('window is that of the rule', () => {
    const hour = cel(
      'window.temp.count == 3 && window.temp.min == 3.0 && window.temp.mean == 4.0',
      3_600,
    );
    const minute = cel('window.temp.count == 2 && window.temp.mkt > 4.5', 60);
    const rules = compiled(rule(hour), rule(minute, { id: 'm' }));
    expect(lastOf(rules, at(0, [3]), at(10, [4, 5]))).toEqual([]);
  });

  test('last is of one day at most', () => {
    const rules = compiled(rule(cel('has(last.temp)')));
    expect(lastOf(rules, at(0, [3]), at(24 * 60 - 1, [4]))).toEqual([]);
    expect(lastOf(rules, at(0, [3]), at(24 * 60 + 1, [4]))).toEqual(['cold@1']);
  });

  test('events are at most 32, newest first', () => {
    const rules = compiled(rule(cel('events.size() < 32 || events[31].seq == statement.seq - 32')));
    const statements = Array.from({ length: 40 }, (_, i) => at(i, [4]));
    expect(lastOf(rules, ...statements)).toEqual([]);
    const log = new Log();
    log.statements.push(...statements.slice(0, 20));
    const judge = judgeBy(compiled(rule(cel('events.size() == 32 && events[0].seq == 39'))), log);
    for (const statement of statements.slice(20, 39)) judge.judge(statement);
    expect(words(judge.judge(statements[39]!))).toEqual([]);
  });

  test.each([
    ['readings[0].value == 4.0 && readings[0].value != 4.5', true],
    ['readings[0].value == 4 && 4 == readings[0].value && readings[0].value != 5', true],
    ['readings[0].value < 4.5 && readings[0].value <= 4.0 && readings[0].value <= 4', true],
    ['readings[0].value > 3.5 && readings[0].value >= 4.0 && readings[0].value > 3', true],
    ['readings[0].value < 4.0 || readings[0].value > 4.0', false],
    ['readings[0].value != 4.0 || readings[0].value != 4', false],
    ['(readings[0].value + 1.0) * 2.0 - 4.0 == 6.0 && readings[0].value / 8.0 == 0.5', true],
    ['statement.seq + 1 == 2 && statement.seq * 3 - 1 == 2 && 7 / 2 == 3', true],
    ['statement.seq == 1 && statement.seq != 2 && statement.seq == 1.0', true],
    ['readings[0].name == "temp" && readings[0].name != "Temp"', true],
    ['(statement.late == false) && (statement.late != true)', true],
    ['statement.quality in [1, 3] && readings[0].name in ["a", "temp"]', true],
    ['readings[0].value in [4.0] && !(readings[0].value in [3.0, 5.0])', true],
    [
      'readings.exists_one(r, r.value == 4.0) && readings.filter(r, r.value < 9.0).size() == 1',
      true,
    ],
  ])('operators compare and compute: %s', (expression, isKept) => {
    expect(lastOf(compiled(rule(cel(expression))), at(0, [4]))).toEqual(isKept ? [] : ['cold@1']);
  });

  test('what runs beyond the numbers is an error, not a verdict', () => {
    const error = (expression: string) => lastOf(compiled(rule(cel(expression))), at(0, [4]))[0];
    expect(error('readings[0].value / 0.0 > 1.0')).toBe('a number without end');
    expect(error('!(0.0 / 0.0 > 1.0)')).toBe('a number without end');
    expect(error('1e308 * 10.0 > 1.0')).toBe('a number without end');
    expect(error('statement.seq / 0 > 1')).toMatch('divide by zero');
    expect(error('9223372036854775807 + statement.seq > 1')).toMatch('overflow');
    expect(error('last.temp.value > 1.0')).toMatch('field not found');
  });
});

describe('rounds', () => {
  const rules = compiled(rule(windowCheck({ aggregate: 'count', max: 2 })));

  test('that are dropped leave nothing', () => {
    const judge = judgeBy(rules);
    judge.judge(at(0, [4, 4]));
    judge.drop();
    expect(words(judge.judge(at(1, [4, 4])))).toEqual([]);
    judge.adopt();
    expect(words(judge.judge(at(2, [4])))).toEqual(['cold@1']);
    judge.drop();
    expect(words(judge.judge(at(3, [4])))).toEqual(['cold@1']);
  });

  test('the same rule asked again needs no log', () => {
    const log = new Log();
    const judge = judgeBy(rules, log);
    judge.judge(at(0, [4]));
    judge.judge(at(1, [4]));
    expect(log.reads).toBe(1);
    judge.adopt();
    judge.forget(DEVICE.device);
    judge.judge(at(2, [4]));
    expect(log.reads).toBe(2);
  });

  test('a new rule over a window that is there does not read the log again', () => {
    const log = new Log();
    let inForce = rules;
    const judge = new RuleJudge({ history: log, rulesFor: () => inForce });
    judge.judge(at(0, [4, 4]));
    inForce = [...rules, ...compiled(rule(range(null, 3), { id: 'cool' }))];
    expect(words(judge.judge(at(1, [4])))).toEqual(['cold@1', 'cool@1']);
    expect(log.reads).toBe(1);
    inForce = compiled(rule(windowCheck({ windowS: 60 })));
    judge.judge(at(2, [4]));
    expect(log.reads).toBe(2);
  });
});

describe('a statement that no rule governs', () => {
  const rules = compiled(rule(windowCheck({ aggregate: 'count', max: 2 })));
  const pausedBy = (pause: (judge: RuleJudge, statement: JudgedStatement) => void) => {
    const log = new Log();
    let inForce: readonly CompiledRule[] = rules;
    const judge = new RuleJudge({ history: log, rulesFor: () => inForce });
    const [before, during, after] = [at(0, [4]), at(1, [4]), at(2, [4])];
    judge.judge(before);
    judge.adopt();
    log.statements.push(before);
    inForce = [];
    pause(judge, during);
    judge.adopt();
    log.statements.push(during);
    inForce = rules;
    return words(judge.judge(after));
  };

  test('is in the windows when a suspended rule holds again', () => {
    expect(pausedBy((judge, statement) => judge.judge(statement))).toEqual(['cold@1']);
    expect(pausedBy((judge, statement) => judge.see(statement))).toEqual(['cold@1']);
  });

  test('is an event of its subject for those of its batch', () => {
    const judge = judgeBy(compiled(rule(cel('events.size() == 0'))));
    judge.see(at(0, [4], device({ device: 'urn:dev:ops:32473-tg1-free' })));
    expect(words(judge.judge(at(1, [4])))).toEqual(['cold@1']);
    judge.drop();
    expect(words(judge.judge(at(1, [4])))).toEqual([]);
  });
});

/** Every aggregate as an error text: what a judgement shows is compared to the last bit. */
const EVERYTHING = compiled(
  rule(windowCheck({ aggregate: 'mean', max: 6 }), { id: 'mean' }),
  rule(windowCheck({ aggregate: 'mkt', windowS: 600, max: 9 }), { id: 'mkt' }),
  rule(windowCheck({ aggregate: 'outsideS', outside: { min: 2, max: 8 }, max: 900 }), {
    id: 'outside',
  }),
  rule(cel('window.temp.mean * 1000000.0 - double(int(window.temp.mean * 1000000.0)) < 0.5', 900), {
    id: 'digits',
  }),
  rule(cel('!has(last.temp) || last.temp.value < 9.0'), { id: 'last' }),
  rule(range(null, 40), { id: 'strict', effect: 'refuse' }),
);
const DEVICES = ['a', 'b', 'c'].map((name) => device({ device: `urn:dev:ops:32473-tg1-${name}` }));
const moves = fc.array(
  fc.record({
    device: fc.nat(2),
    minutes: fc.oneof(fc.nat(4), fc.integer({ min: -70, max: 70 })),
    values: fc.array(fc.double({ min: -5, max: 45, noNaN: true }), { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 60 },
);

test('verdicts do not hang on batches, dropped rounds, forgetting and evictions', () => {
  fc.assert(
    fc.property(moves, fc.array(fc.nat(6), { minLength: 61, maxLength: 61 }), (steps, chances) => {
      let minute = 10_000;
      const statements = steps.map((step) => {
        minute += step.minutes;
        return at(minute, step.values, DEVICES[step.device]);
      });
      const plain = judgeBy(EVERYTHING);
      const expected = statements.map((statement) => words(plain.judge(statement)));
      const log = new Log();
      const judge = new RuleJudge({ history: log, rulesFor: () => EVERYTHING, windowsMax: 5 });
      let round: JudgedStatement[] = [];
      for (const [i, statement] of statements.entries()) {
        const judgement = judge.judge(statement);
        expect(words(judgement)).toEqual(expected[i]);
        if (!judgement.isRefused) round.push(statement);
        const chance = chances[i]!;
        if (chance === 0) {
          // COMMIT failed: the same statements come again.
          judge.drop();
          for (const again of round) judge.judge(again);
        }
        if (chance <= 2) {
          judge.adopt();
          log.statements.push(...round);
          round = [];
        }
        if (chance === 2) judge.forget(statement.device.device);
      }
    }),
    { numRuns: 150 },
  );
});
