import { encodeAnswer, parseAnswer } from '@truegrain/device-sdk/formats/answer.js';
import { encodeAppeal, parseAppeal } from '@truegrain/device-sdk/formats/appeal.js';
import { encodeBatch, parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import {
  encodeCalibrationRecord,
  parseCalibrationRecord,
} from '@truegrain/device-sdk/formats/calibration-record.js';
import { type CborMap, type CborValue, encodeCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { encodeClaim, parseClaim } from '@truegrain/device-sdk/formats/claim.js';
import { encodeCredential, parseCredential } from '@truegrain/device-sdk/formats/credential.js';
import { encodeExamination, parseExamination } from '@truegrain/device-sdk/formats/examination.js';
import { encodeFiling, parseFiling } from '@truegrain/device-sdk/formats/filing.js';
import { encodeInspection, parseInspection } from '@truegrain/device-sdk/formats/inspection.js';
import { encodeOrder, parseOrder } from '@truegrain/device-sdk/formats/order.js';
import {
  encodeProfileBinding,
  parseProfileBinding,
} from '@truegrain/device-sdk/formats/profile-binding.js';
import { encodeProposal, parseProposal } from '@truegrain/device-sdk/formats/proposal.js';
import {
  encodeRegistration,
  parseRegistration,
} from '@truegrain/device-sdk/formats/registration.js';
import type { Result } from '@truegrain/device-sdk/formats/result.js';
import { ruleDigest } from '@truegrain/device-sdk/formats/rule.js';
import { encodeRuleFinding, parseRuleFinding } from '@truegrain/device-sdk/formats/rule-finding.js';
import { encodeSeal, parseSeal } from '@truegrain/device-sdk/formats/seal.js';
import { encodeTap, parseTap } from '@truegrain/device-sdk/formats/tap.js';
import { describe, expect, test } from 'vitest';
import { mapOf, mapsWithin } from '../../support/cbor-map.ts';
import { registration } from '../../support/format-samples.ts';
import { lawSamples } from '../../support/law-samples.ts';
import { memberSamples } from '../../support/member-samples.ts';
import { codeOf } from '../../support/result-code.ts';
import { sampleRule } from '../../support/sample-rule.ts';

type Format<T> = [string, Uint8Array, (bytes: Uint8Array) => Result<T>, (value: T) => Uint8Array];

function format<T>(...given: Format<T>): Format<unknown> {
  return given as unknown as Format<unknown>;
}

const [sensor] = registration.sensors;
const withSerial = { ...registration, sensors: [{ ...sensor!, serial: 'SN-1' }] };

const FORMATS: Format<unknown>[] = [
  ...(
    [
      'newRule',
      'unitRule',
      'windowRule',
      'budgetRule',
      'expressionRule',
      'ruleEnd',
      'newProfile',
      'fullProfile',
      'lawfulTerms',
    ] as const
  ).map((name) => format(name, memberSamples[name], parseProposal, encodeProposal)),
  format('answer', lawSamples.readAnswer, parseAnswer, encodeAnswer),
  format('batch', lawSamples.lawfulBatch, parseBatch, encodeBatch),
  format('binding', lawSamples['profile-binding'], parseProfileBinding, encodeProfileBinding),
  format('order', lawSamples.order, parseOrder, encodeOrder),
  format('appeal', lawSamples.appeal, parseAppeal, encodeAppeal),
  format('credential', lawSamples.credential, parseCredential, encodeCredential),
  format(
    'calibration',
    lawSamples['calibration-record'],
    parseCalibrationRecord,
    encodeCalibrationRecord,
  ),
  format('tap', lawSamples.tap, parseTap, encodeTap),
  format('seal', lawSamples.seal, parseSeal, encodeSeal),
  format('claim', lawSamples.claim, parseClaim, encodeClaim),
  format('finding', lawSamples['rule-finding'], parseRuleFinding, encodeRuleFinding),
  format('examination', lawSamples.examination, parseExamination, encodeExamination),
  format('filing', lawSamples.filing, parseFiling, encodeFiling),
  format('inspection', lawSamples.inspection, parseInspection, encodeInspection),
  format(
    'serial of a sensor',
    encodeRegistration(withSerial),
    parseRegistration,
    encodeRegistration,
  ),
];

/** What may be absent: formats from before the law have none of it. */
function isOptional(map: CborMap, key: unknown): boolean {
  if (key === 'serial') return map.has('interface');
  return key === 'law' || key === 'textDigest';
}

const ODD = [[[]], new Map([[99, 1]]), -1, 1.5, '\u0000', new Uint8Array(3), true];

/** Whether a parser has to notice: a number where there may be one is no fault of type. */
function isOdd(odd: unknown, value: unknown): boolean {
  if (value !== null) return typeof odd !== typeof value;
  return odd === true || Array.isArray(odd) || odd instanceof Map;
}

describe.each(FORMATS)('%s', (_, sample, parse, encode) => {
  test('says itself again', () => {
    const parsed = parse(sample);
    if (!parsed.ok) throw new Error(`${parsed.code}: ${parsed.detail}`);
    expect(encode(parsed.value)).toEqual(sample);
  });

  test('has no field that may be left out, at any depth', () => {
    const root = mapOf(sample);
    for (const map of mapsWithin(root)) {
      for (const [key, value] of [...map]) {
        map.delete(key);
        const code = codeOf(parse(encodeCbor(root)));
        if (isOptional(map, key)) expect(code).toBe(null);
        // A batch that names no edition has no rulings to name.
        else if (key === 8 && map === root) expect(code).toBe('field_unknown');
        else expect(code, String(key)).toMatch(/^(field_missing|key_type|key_malformed)$/);
        map.set(key, value);
      }
    }
  });

  test('has no field of another type, and no unknown one, at any depth', () => {
    const root = mapOf(sample);
    for (const map of mapsWithin(root)) {
      for (const [key, value] of [...map]) {
        for (const odd of ODD) {
          map.set(key, odd as CborValue);
          const code = codeOf(parse(encodeCbor(root)));
          if (isOdd(odd, value)) expect(code, `${key}: ${JSON.stringify(odd)}`).not.toBe(null);
        }
        map.set(key, value);
      }
      map.set('zz', 1);
      expect(codeOf(parse(encodeCbor(root)))).toMatch(/^field_(unknown|value)$/);
      map.delete('zz');
    }
  });

  test('has no other version', () => {
    const root = mapOf(sample);
    root.set(root.has('v') ? 'v' : 1, 2);
    expect(codeOf(parse(encodeCbor(root)))).toBe('version');
  });
});

/** The sample with one field of a map at some depth set to another value; the code of the refusal. */
function changed(
  name: string,
  path: readonly (string | number)[],
  value: CborValue,
): string | null {
  const [, sample, parse] = FORMATS.find(([one]) => one === name)!;
  const root = mapOf(sample);
  const last = path.at(-1)!;
  let at: CborValue | undefined = root;
  for (const key of path.slice(0, -1)) {
    at = at instanceof Map ? at.get(key) : (at as CborValue[])[key as number];
  }
  if (at instanceof Map) at.set(last, value);
  else (at as CborValue[])[last as number] = value;
  return codeOf(parse(encodeCbor(root)));
}

describe('no rule without', () => {
  const of = (name: string, path: readonly (string | number)[], value: CborValue) =>
    changed(name, ['change', 'rule', ...path], value);

  test('a responsible person, a legal basis, a text', () => {
    for (const path of [
      ['responsible', 'name'],
      ['responsible', 'organisation'],
      ['responsible', 'contact'],
      ['legalBasis'],
      ['text'],
      ['title'],
    ]) {
      expect(of('newRule', path, ''), path.join()).toBe('field_value');
    }
  });

  test('an example of each verdict, in the order of time, of readings that can be', () => {
    expect(of('newRule', ['examples', 1, 'verdict'], 'kept')).toBe('field_value');
    expect(of('newRule', ['examples', 0, 'readings'], [])).toBe('field_value');
    const reading = (at: number, changes: readonly [number, CborValue][] = []) => {
      const list: CborValue[] = ['temp', 'air temperature', 'Cel', at, 5];
      for (const [i, value] of changes) list[i] = value;
      return list;
    };
    const readings = (...list: CborValue[]) => of('newRule', ['examples', 0, 'readings'], list);
    expect(readings(reading(0), reading(0), reading(7.5))).toBe(null);
    expect(readings(reading(1), reading(0))).toBe('field_value');
    const odd: [number, CborValue][] = [
      [0, 'a/b'],
      [0, ''],
      [1, ''],
      [1, 'a\nb'],
      [1, 'q'.repeat(65)],
      [2, ''],
      [2, 'u'.repeat(17)],
      [3, -1],
      [4, '5'],
    ];
    for (const change of odd) expect(readings(reading(0, [change]))).toBe('field_value');
    expect(readings(reading(0).slice(0, 4))).toBe('field_value');
    const many = Array.from({ length: 257 }, () => reading(0));
    expect(readings(...many)).toBe('field_value');
  });

  test('bounds that can be broken', () => {
    expect(of('newRule', ['check', 'max'], null)).toBe('field_value');
    expect(of('newRule', ['check', 'min'], 9)).toBe('field_value');
    expect(of('newRule', ['check', 'min'], 8)).toBe(null);
    expect(of('unitRule', ['check', 'units'], [])).toBe('field_value');
    expect(of('unitRule', ['check', 'units'], [''])).toBe('field_value');
    expect(of('unitRule', ['check', 'units'], ['Cel', 'Cel'])).toBe('field_value');
    expect(of('budgetRule', ['check', 'outside'], null)).toBe('field_value');
    expect(of('budgetRule', ['check', 'outside', 'min'], 9)).toBe('field_value');
    expect(of('windowRule', ['check', 'aggregate'], 'outsideS')).toBe('field_value');
    expect(of('windowRule', ['check', 'windowS'], 31 * 86_400 + 1)).toBe('field_value');
    expect(of('expressionRule', ['check', 'expression'], '')).toBe('field_value');
    expect(of('expressionRule', ['check', 'expression'], 'x'.repeat(2_049))).toBe('field_value');
  });

  test('an id and a version that a batch can name', () => {
    for (const id of ['', 'Cold', '-cold', 'cold-', 'a b', 'x'.repeat(65)]) {
      expect(of('newRule', ['id'], id)).toBe('field_value');
    }
    expect(of('newRule', ['version'], 0)).toBe('field_value');
    expect(of('newRule', ['version'], 10_000)).toBe('field_value');
  });

  test('one effect: earlier readings refuse nothing', () => {
    expect(of('newRule', ['effect'], 'refuse')).toBe(null);
    expect(of('windowRule', ['effect'], 'refuse')).toBe('field_value');
  });

  test('a digest of its own', () => {
    expect(ruleDigest(sampleRule())).toEqual(ruleDigest(sampleRule()));
    expect(ruleDigest(sampleRule({ text: 'Other.' }))).not.toEqual(ruleDigest(sampleRule()));
  });
});

test('a profile has each rule once, and its own', () => {
  const rules = ['change', 'profile', 'rules'];
  expect(changed('fullProfile', [...rules, 0, 'profile'], 'food')).toBe('field_value');
  expect(changed('fullProfile', [...rules, 0, 'profile'], null)).toBe('field_value');
  const change = mapOf(memberSamples.fullProfile).get('change') as CborMap;
  const [own] = (change.get('profile') as CborMap).get('rules') as CborValue[];
  expect(changed('fullProfile', rules, [own!, own!])).toBe('field_value');
  expect(changed('fullProfile', ['change', 'profile', 'metrology', 0, 'grade'], 5)).toBe(
    'field_value',
  );
});

describe('a charter’s law', () => {
  const law = ['change', 'terms', 'law'];
  test('names no condition and no supervisor twice, and no power that is none', () => {
    const terms = (mapOf(memberSamples.lawfulTerms).get('change') as CborMap).get('terms');
    const own = (terms as CborMap).get('law') as CborMap;
    for (const field of ['conditions', 'supervisors']) {
      const [one] = own.get(field) as CborValue[];
      expect(changed('lawfulTerms', [...law, field], [one!, one!])).toBe('field_value');
    }
    const powers = [...law, 'supervisors', 0, 'powers'];
    for (const odd of [[], ['erase'], ['annotate', 'annotate']]) {
      expect(changed('lawfulTerms', powers, odd)).toBe('field_value');
    }
    expect(changed('lawfulTerms', [...law, 'memberKinds'], [])).toBe('field_value');
    expect(changed('lawfulTerms', [...law, 'examinationDays'], 0)).toBe('field_value');
  });
});

test('values that contradict each other', () => {
  const cases: [string, (string | number)[], CborValue][] = [
    ['order', ['target', 'kind'], 'subject'],
    ['order', ['action'], 'erase'],
    ['order', ['official', 'name'], ''],
    ['calibration', ['min'], 61],
    ['calibration', ['dueMs'], 0],
    ['calibration', ['uncertainty'], -0.1],
    ['calibration', ['coverageFactor'], 0.5],
    ['calibration', ['signature'], 'good'],
    ['calibration', ['sensor'], 'a/b'],
    ['tap', ['uid'], new Uint8Array(6)],
    ['tap', ['counter'], 0x1_00_00_00],
    ['seal', ['number'], 'h 1'],
    ['finding', ['found'], 'kept'],
    ['inspection', ['untilLeaf'], 1],
    ['filing', ['url'], 'http://cac.example/1'],
    ['credential', ['about'], 'acme'],
    ['examination', ['size'], 0],
    ['examination', ['own', 'cosigned', 0], ['acme', 1]],
    ['examination', ['own', 'cosigned', 0], ['https://acme.example', 1.5]],
    ['examination', ['own', 'cosigned', 0], ['https://acme.example', -1]],
    ['examination', ['own', 'expiring'], ['']],
    ['serial of a sensor', ['sensors', 0, 'serial'], ''],
  ];
  for (const [name, path, value] of cases) {
    expect(changed(name, path, value), `${name} ${path.join('.')}`).toBe('field_value');
  }
  for (const name of ['binding', 'calibration', 'inspection']) {
    expect(changed(name, ['device'], 'urn:dev:ops:')).toBe('device_urn');
  }
});

describe('rulings of a batch', () => {
  const id = new Uint8Array(32);
  const of = (...rulings: CborValue[]) => changed('batch', [9], rulings);

  test('name a statement and a rule, each pair once', () => {
    expect(of()).toBe(null);
    expect(of([id, 'cold', 1], [id, 'warm', 1])).toBe(null);
    expect(of([id, 'cold', 1], [id, 'cold', 2])).toBe('field_value');
    for (const odd of [
      [id, 'cold'],
      [id.slice(1), 'cold', 1],
      [id, 'Cold', 1],
      [id, 'cold', 0],
      [id, 'cold', 10_000],
      [id, 'cold', 1.5],
    ]) {
      expect(of(odd)).toBe('field_value');
    }
  });

  test('come with an edition', () => {
    expect(changed('batch', [8], -1)).toBe('field_value');
    expect(changed('batch', [8], 0)).toBe(null);
  });
});
