import {
  encodeSenmlCbor,
  parseSenmlCbor,
  SENML_FIELDS,
  type SenmlRecord,
} from '@truegrain/device-sdk/formats/senml.js';
import { encodeSenmlJson, parseSenmlJson } from '@truegrain/device-sdk/formats/senml-json.js';
import { resolveSenml } from '@truegrain/device-sdk/formats/senml-resolve.js';
import {
  isKnownUnit,
  isProducibleUnit,
  secondaryUnit,
} from '@truegrain/device-sdk/formats/senml-units.js';
import { describe, expect, test } from 'vitest';

function json(text: string) {
  return parseSenmlJson(new TextEncoder().encode(text));
}

describe('SenML-JSON', () => {
  test.each([
    ['{}', 'senml_json'],
    ['[', 'senml_json'],
    ['', 'senml_json'],
    ['[]', 'senml_empty'],
    ['[1]', 'senml_field'],
    ['[null]', 'senml_field'],
    ['[{"n":1,"v":1}]', 'senml_field'],
    ['[{"n":"a","v":"1"}]', 'senml_field'],
    ['[{"n":"a","v":1e400}]', 'senml_field'],
    ['[{"n":"a","vd":"a+b="}]', 'senml_field'],
    ['[{"n":"a","v":1,"vb":true}]', 'senml_value'],
    ['[{"n":"a","v":1,"bver":11}]', 'senml_version'],
    ['[{"n":"a","v":1,"bver":-1}]', 'senml_field'],
    ['[{"n":"a","v":1,"new_":2}]', 'senml_label'],
    [`${'['.repeat(50_000)}`, 'senml_json'],
  ])('%s: %s', (text, code) => expect(json(text)).toMatchObject({ ok: false, code }));

  test('an unknown label is ignored, whatever it is called', () => {
    const result = json('[{"n":"a","v":1,"l":"x","constructor":{"vs":"y"}}]');
    expect(result).toEqual({ ok: true, value: [{ n: 'a', v: 1 }] });
  });
});

describe('SenML-CBOR', () => {
  const records: SenmlRecord[] = [
    {
      bn: 'urn:dev:ow:10e2073a01080063:',
      bt: 1.5e9,
      bu: 'A',
      bv: 1,
      bs: 2,
      bver: 10,
      n: 'x',
      v: 1.5,
    },
    { n: 'y', vs: 'text', t: -1, ut: 60 },
    { n: 'z', vd: new Uint8Array([1, 2]), u: '/', s: 3 },
    { vb: false },
  ];

  test('both forms carry every field', () => {
    expect(Object.keys(Object.assign({}, ...records)).toSorted()).toEqual(SENML_FIELDS.toSorted());
    expect(parseSenmlCbor(encodeSenmlCbor(records))).toEqual({ ok: true, value: records });
    expect(json(encodeSenmlJson(records))).toEqual({ ok: true, value: records });
  });

  test.each([
    ['80', 'senml_empty'],
    ['a0', 'senml_field'],
    ['8100', 'senml_field'],
    ['81a1616e6161', 'senml_label'], // "n" as text
    ['81a202016378785f00', 'senml_label'], // "xx_"
    ['81a102c4820101', 'senml_field'], // decimal fraction
    ['81a2020103616100', 'cbor_trailing'],
    ['81a202010204', 'cbor_duplicate_key'],
    ['81a1200b', 'senml_version'],
  ])('%s: %s', (hex, code) => {
    const result = parseSenmlCbor(Uint8Array.from(Buffer.from(hex, 'hex')));
    expect(result).toMatchObject({ ok: false, code });
  });
});

describe('resolving', () => {
  test('applies base values to their record and all later ones, and sorts by time', () => {
    const resolved = resolveSenml(
      [
        { bn: 'a:', bt: 2e9, bu: 'V', bv: 10, n: 'x', v: 1 },
        { n: 'y', t: -5, v: 2, u: 'A' },
        { n: 'z' },
        { bn: 'b:', bt: 1e9, n: 'x', vs: 'q' },
      ],
      null,
    );
    expect(resolved).toEqual({
      ok: true,
      value: [
        { n: 'b:x', t: 1e9, u: 'V', vs: 'q' },
        { n: 'a:y', t: 2e9 - 5, u: 'A', v: 12 },
        { n: 'a:x', t: 2e9, u: 'V', v: 11 },
        { n: 'a:z', t: 2e9, u: 'V', v: 10 },
      ],
    });
  });

  test('relative times become absolute only for who knows the moment', () => {
    const records = [{ n: 'x', v: 1, t: -30 }];
    expect(resolveSenml(records, 2e9)).toMatchObject({ value: [{ t: 2e9 - 30 }] });
    expect(resolveSenml(records, null)).toMatchObject({ value: [{ t: -30 }] });
  });

  test('refuses what has no name, no value, or two versions', () => {
    expect(resolveSenml([{ v: 1 }], null)).toMatchObject({ code: 'senml_name' });
    expect(resolveSenml([{ n: '-x', v: 1 }], null)).toMatchObject({ code: 'senml_name' });
    expect(resolveSenml([{ n: 'x' }], null)).toMatchObject({ code: 'senml_value' });
    const mixed = [
      { n: 'x', v: 1, bver: 5 },
      { n: 'x', v: 1, bver: 10 },
    ];
    expect(resolveSenml(mixed, null)).toMatchObject({ code: 'senml_version' });
    expect(resolveSenml([{ bn: 'a' }, { v: 1 }], null)).toMatchObject({ value: [{ n: 'a' }] });
  });
});

test('units: case matters, discouraged ones are read but not produced', () => {
  for (const unit of ['Cel', '%RH', 'm/s2', '/', 'lat', 'V', 'kg', 'count']) {
    expect(isProducibleUnit(unit)).toBe(true);
  }
  for (const unit of ['cel', '°C', 'C°', 'mV', 'g', '%', '', 'constructor']) {
    expect(isProducibleUnit(unit)).toBe(false);
  }
  expect(isKnownUnit('g')).toBe(true);
  expect(isKnownUnit('mV')).toBe(true);
  expect(isKnownUnit('furlong')).toBe(false);
  expect(secondaryUnit('km/h')).toMatchObject({ primary: 'm/s', offset: 0 });
  expect(secondaryUnit('V')).toBe(null);
});
