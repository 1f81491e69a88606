import { describe, expect, test } from 'vitest';
import { checkExpression } from '../../../gateway/law/static-check.ts';

function codeOf(expression: string): string {
  const checked = checkExpression(expression);
  return checked.ok ? 'ok' : checked.code;
}

const READINGS_NOT_WARM = 'readings.all(r, r.quantity != "air" || r.value <= 8.0)';

describe('accepted', () => {
  test.each([
    'true',
    READINGS_NOT_WARM,
    'statement.seq > 1 && !statement.late',
    'statement.lastMs - statement.firstMs <= 60000',
    'registration.sensors.all(s, registration.sensors[s].calibrated)',
    '!has(last.temp) || readings.all(r, r.name != "temp" || r.value - last.temp.value < 2.0)',
    '"temp" in window && window["temp"].mkt <= 8.0 && window.temp.count > 10',
    'readings.filter(r, r.value > 8).size() <= 3',
    'size(readings.filter(r, r.value > 8.0)) <= 3',
    'readings.exists_one(r, r.unit == "K") || readings.exists(r, r.unit == "Cel")',
    'registration.keyLevel in ["tpm2", "secure-element"]',
    'statement.device.startsWith("urn:dev:ops:32473-") || statement.owner.contains("mill")',
    'events.size() == 0 || events[0].device == statement.device',
    'double(statement.seq) / 2.0 > 1.5 && int(2.5) == 2 && statement.seq % 2 == 0',
    'statement.quality >= 3 ? readings.size() > 0 : statement.count > 0',
    'size(statement.subject) > 3 && -statement.seq < 0',
    'readings.all(r, r.value < 8)',
    '.statement.seq > 1',
  ])('%s', (expression) => {
    expect(checkExpression(expression)).toMatchObject({ ok: true });
  });
});

describe('refused', () => {
  test.each([
    ['rule_syntax', ''],
    ['rule_syntax', '1 +'],
    ['rule_syntax', 'readings.all(r, r.value < 8.0'],
    ['rule_syntax', '"\\uD800" == "a"'],
    ['rule_syntax', 'readings.all(statement, true)'],
    ['rule_syntax', 'statement.seq = 1'],
    ['rule_type', 'readings.all(r, r.value + r.atMs > 1.0)'],
    ['rule_type', 'statement.device > 1'],
    ['rule_type', 'statement.seq == "1"'],
    ['rule_type', 'statement.seq && true'],
    ['rule_type', 'statement == statement'],
    ['rule_type', 'readings == readings'],
    ['rule_type', 'last[0].value > 1.0'],
    ['rule_type', 'readings["a"].value > 1.0'],
    ['rule_type', 'statement.all(s, true)'],
    ['rule_type', 'statement.seq.size() > 1'],
    ['rule_type', '9223372036854775808 > 1'],
    ['rule_type', '1e999 > 1.0'],
    ['rule_type', 'null == null'],
    ['rule_type', '5u == 5u'],
    ['rule_type', 'b"a" == b"a"'],
    ['rule_type', '{"a": 1}.a == 1'],
    ['rule_type', 'google.protobuf.Timestamp{} == google.protobuf.Timestamp{}'],
    ['rule_type', '[1, "a"].exists(x, true)'],
    ['rule_type', 'readings.all(r, r.value)'],
    ['rule_type', 'readings.exists(r, r)'],
    ['rule_type', 'statement.seq ? true : false'],
    ['rule_type', 'true ? 1 : "a"'],
    ['rule_type', 'double("1.5") > 1.0'],
    ['rule_type', 'int("0x10") > 1'],
    ['rule_type', 'has(statement.seq.x)'],
    ['rule_type', 'statement.device.startsWith(1)'],
    ['rule_unknown_name', 'temperature < 8.0'],
    ['rule_unknown_name', 'statement.secret == 1'],
    ['rule_unknown_name', 'statement.constructor == 1'],
    ['rule_unknown_name', 'statement.__proto__ == 1'],
    ['rule_unknown_name', 'constructor == 1'],
    ['rule_unknown_name', '__proto__ == 1'],
    ['rule_unknown_name', 'toString == 1'],
    ['rule_unknown_name', 'int == string'],
    ['rule_unknown_name', 'fetch("https://example.org")'],
    ['rule_unknown_name', 'process.exit()'],
    ['rule_unknown_name', 'random() < 1.0'],
    ['rule_unknown_name', 'dyn(statement.seq) == 1'],
    ['rule_unknown_name', 'type(statement.seq) == int'],
    ['rule_unknown_name', 'readings.all(r, true) && r.value > 1.0'],
    ['rule_unknown_name', 'readings.exists(x, x.value > y)'],
    ['rule_unknown_name', 'statement.device.size2() > 1'],
    ['rule_unknown_name', 'uint(1) == uint(1)'],
    ['rule_clock', 'now() > 0'],
    ['rule_clock', 'now > 0'],
    ['rule_clock', 'time.now() > statement.lastMs'],
    ['rule_clock', 'timestamp(now()) > timestamp(0)'],
    ['rule_clock', 'statement.lastMs < currentTime()'],
    ['rule_time_zone', 'timestamp(statement.lastMs).getHours("Europe/Berlin") < 8'],
    ['rule_time_zone', 'timestamp(statement.lastMs).getHours() < 8'],
    ['rule_time_zone', 'statement.lastMs.getDate("+01:00") == 1'],
    ['rule_time_zone', 'timestamp("2026-01-01T00:00:00Z") == timestamp(statement.lastMs)'],
    ['rule_time_zone', 'duration("1h") > duration("2h")'],
    ['rule_locale', '"%.1f".format([1.5]) == "1.5"'],
    ['rule_locale', 'string(readings[0].value) == "8"'],
    ['rule_locale', 'statement.device.lowerAscii() == "a"'],
    ['rule_locale', 'statement.device.upperAscii() == "A"'],
    ['rule_locale', 'statement.device.charAt(0) == "u"'],
    ['rule_locale', 'statement.device.substring(2) == "u"'],
    ['rule_locale', 'statement.device.split(":").size() == 2'],
    ['rule_locale', 'statement.device < statement.owner'],
    ['rule_cost', 'statement.device.matches("(a+)+$")'],
    ['rule_cost', 'matches(statement.device, "a")'],
    ['rule_cost', 'readings.all(a, readings.all(b, a.value >= b.value))'],
    ['rule_cost', 'readings.all(a, events.exists(b, a.atMs > b.leaf))'],
    ['rule_cost', 'readings.map(r, r.value).size() > 1'],
    ['rule_cost', 'readings.map(r, r.value > 1.0, r.value).size() > 1'],
    ['rule_cost', 'readings.filter(r, r.value > 1.0).all(r, true)'],
    ['rule_cost', 'readings.filter(r, r.value > 1.0)[0].value > 1.0'],
    ['rule_cost', 'readings.filter(a, readings.filter(b, true).size() > 1).size() > 1'],
    ['rule_cost', 'statement.device + statement.device == "a"'],
    ['rule_cost', '[1] + [2] == [1, 2]'],
    ['rule_cost', 'statement.seq.sort() == 1'],
    ['rule_result', 'statement.seq'],
    ['rule_result', '"kept"'],
    ['rule_result', 'readings'],
    ['rule_result', 'readings[0].value'],
    ['rule_result', '1 + 1'],
  ])('%s: %s', (code, expression) => {
    expect(codeOf(expression)).toBe(code);
  });
});

describe('cost', () => {
  test('of too many parts', () => {
    expect(codeOf(Array(500).fill('true').join('&&'))).toBe('rule_cost');
    expect(codeOf(Array(100).fill('true').join('&&'))).toBe('ok');
  });

  test('of parts too deep in each other', () => {
    expect(codeOf(`${'true==('.repeat(70)}true${')'.repeat(70)}`)).toBe('rule_cost');
    expect(codeOf(`${'true?true:'.repeat(70)}true`)).toBe('rule_cost');
    expect(codeOf(`0${'+1'.repeat(70)} > 1`)).toBe('rule_cost');
    expect(codeOf(`0${'+1'.repeat(40)} > 1`)).toBe('ok');
  });

  test('of brackets that would fill the stack of the parser', () => {
    expect(codeOf(`${'('.repeat(900)}true${')'.repeat(900)}`)).toBe('rule_cost');
    expect(codeOf(`${'['.repeat(900)}true${']'.repeat(900)}`)).toBe('rule_cost');
    // Closed ones inside a text hide nothing: only those that open are counted.
    expect(codeOf(`")))" == "" || ${'('.repeat(97)}true${')'.repeat(97)}`)).toBe('rule_cost');
  });

  test('of a long list', () => {
    const list = (count: number) => `statement.seq in [${Array(count).fill('1').join(',')}]`;
    expect(codeOf(list(64))).toBe('ok');
    expect(codeOf(list(65))).toBe('rule_cost');
  });

  test('grows with the largest pack, not with the one at hand', () => {
    const once = checkExpression(READINGS_NOT_WARM);
    expect(once.ok && once.value.cost).toBeGreaterThan(4_096 * 8);
    const many = Array(6).fill(READINGS_NOT_WARM).join('&&');
    expect(codeOf(many)).toBe('rule_cost');
    const inList = `readings.all(r, r.name in [${Array(40).fill('"a"').join(',')}])`;
    expect(codeOf(inList)).toBe('rule_cost');
  });
});

test('the first fault is named, in words', () => {
  expect(checkExpression('temperature < 8.0 && now() > 1')).toEqual({
    ok: false,
    code: 'rule_unknown_name',
    detail: '"temperature" is not declared',
  });
  expect(checkExpression('readings.all(r, r.value + 1 > 8.0)')).toEqual({
    ok: false,
    code: 'rule_type',
    detail: '_+_ does not take double, int',
  });
});

test('what an expression reads is known before it runs', () => {
  const checked = checkExpression('statement.quality > 2 && has(last.temp)');
  expect(checked.ok && [...checked.value.uses].sort()).toEqual([
    'last',
    'last.temp',
    'statement',
    'statement.quality',
  ]);
});
