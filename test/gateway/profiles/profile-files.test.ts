import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_LAW } from '@truegrain/device-sdk/formats/law-state.js';
import { lawWords } from '@truegrain/device-sdk/formats/law-words.js';
import type { Profile } from '@truegrain/device-sdk/formats/profile.js';
import { isProducibleUnit } from '@truegrain/device-sdk/formats/senml-units.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { executabilityFault } from '../../../gateway/law/executability.ts';
import {
  PROFILES_FOLDER,
  profileFrom,
  profileNamed,
  profileNames,
  profilesFolder,
} from '../../../gateway/profiles/profile-files.ts';

const RESPONSIBLE = { name: 'Li Wei', organisation: 'Cold Store Ltd', contact: 'li@example.org' };
const NAMES = [
  'dangerous-goods',
  'food-chilled',
  'food-frozen',
  'general',
  'grain-storage',
  'pharma-gdp',
];

function jsonOf(id: string, folder = PROFILES_FOLDER): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, `${id}.json`), 'utf8'));
}

function profileOf(id: string, folder?: string): Profile {
  const json = profileNamed(id, folder);
  if (!json.ok) throw new Error(`${json.code}: ${json.detail}`);
  const profile = profileFrom(json.value, RESPONSIBLE);
  if (!profile.ok) throw new Error(`${profile.code}: ${profile.detail}`);
  return profile.value;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'profiles-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the profiles that come with the program', () => {
  test('are these', () => {
    expect(profileNames()).toEqual(NAMES);
  });

  test('are found from source and from what is built of it', () => {
    const folder = join('/srv', 'gateway', 'profiles');
    expect(profilesFolder(join('/srv', 'gateway', 'profiles'))).toBe(folder);
    expect(profilesFolder(join('/srv', 'gateway', 'dist', 'profiles'))).toBe(folder);
  });

  test.each(NAMES)('%s can be signed, and every rule runs and keeps its examples', (id) => {
    const profile = profileOf(id);
    expect(profile.id).toBe(id);
    expect(executabilityFault(profile.rules)).toBeNull();
    expect(profile.rules.every((rule) => rule.responsible.name === 'Li Wei')).toBe(true);
    expect(profile.rules.some(({ check }) => check.kind === 'cel')).toBe(true);
  });

  test.each(NAMES)('%s measures in units that sensors can give', (id) => {
    const { metrology, rules } = profileOf(id);
    const units = [
      ...metrology.map(({ unit }) => unit),
      ...rules.flatMap(({ check }) =>
        check.kind === 'unit' ? check.units : check.kind === 'cel' ? [] : [check.unit],
      ),
    ];
    for (const unit of units) expect(isProducibleUnit(unit), unit).toBe(true);
  });

  test('say nothing about breaches being refused, but of a wrong unit or an impossible value', () => {
    const refusing = NAMES.flatMap((id) => profileOf(id).rules)
      .filter(({ effect }) => effect === 'refuse')
      .map(({ id }) => id);
    expect(refusing).toEqual([
      'dangerous-unit',
      'chilled-unit',
      'frozen-unit',
      'general-unit',
      'general-humidity',
      'grain-unit',
      'grain-moisture-unit',
      'pharma-unit',
    ]);
  });

  test('no rule id is in two of them: a chain can adopt all', () => {
    const ids = NAMES.flatMap((id) => profileOf(id).rules.map((rule) => rule.id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('differ where the law does', () => {
    const days = Object.fromEntries(NAMES.map((id) => [id, profileOf(id).retentionDays]));
    expect(days).toEqual({
      // Road transport in China: twelve months.
      'dangerous-goods': 366,
      // Food Safety Law, Article 50: two years.
      'food-chilled': 731,
      // Regulation (EC) No 37/2005: one year.
      'food-frozen': 366,
      // CAC Order 3: six months.
      general: 184,
      'grain-storage': 1096,
      // GDP 4.2: five years.
      'pharma-gdp': 1827,
    });
    const ranges = ['food-chilled', 'food-frozen', 'pharma-gdp', 'dangerous-goods'].map((id) => {
      const check = profileOf(id).rules.find((rule) => rule.check.kind === 'range')?.check;
      return check?.kind === 'range' ? [check.min, check.max] : null;
    });
    expect(ranges).toEqual([
      [2, 8],
      [null, -15],
      [2, 8],
      [null, 20],
    ]);
  });

  test('pharma has the range, the mean kinetic temperature and the excursion budget', () => {
    const { rules } = profileOf('pharma-gdp');
    expect(rules.find(({ id }) => id === 'pharma-cold-2-8')).toMatchObject({
      effect: 'report',
      check: { kind: 'range', quantity: 'temperature', unit: 'Cel', min: 2, max: 8 },
    });
    const aggregates = rules.flatMap(({ check }) =>
      check.kind === 'window' ? [check.aggregate] : [],
    );
    expect(aggregates).toEqual(['mkt', 'outsideS']);
  });

  test('read as words, with who answers for it', () => {
    const words = lawWords({ law: NO_LAW }, { kind: 'profile', profile: profileOf('food-frozen') });
    expect(words).toContain('Responsible: Li Wei, Cold Store Ltd, li@example.org');
  });
});

describe('a profile more', () => {
  test('is one file of data', () => {
    const sixth = jsonOf('general');
    sixth['id'] = 'museum-loan';
    for (const rule of sixth['rules'] as { profile: string }[]) rule.profile = 'museum-loan';
    for (const id of NAMES) writeFileSync(join(folder, `${id}.json`), JSON.stringify(jsonOf(id)));
    writeFileSync(join(folder, 'museum-loan.json'), JSON.stringify(sixth));
    expect(profileNames(folder)).toEqual([...NAMES, 'museum-loan'].sort());
    const profile = profileOf('museum-loan', folder);
    expect(profile.id).toBe('museum-loan');
    expect(executabilityFault(profile.rules)).toBeNull();
  });

  test('is read from wherever its author keeps it', () => {
    const path = join(folder, 'mine.json');
    writeFileSync(path, JSON.stringify(jsonOf('pharma-gdp')));
    expect(profileNamed(path)).toEqual({ ok: true, value: jsonOf('pharma-gdp') });
  });

  test('a failing example is found', () => {
    const json = jsonOf('pharma-gdp');
    const rules = json['rules'] as { id: string; check: { max: number } }[];
    rules.find(({ id }) => id === 'pharma-cold-2-8')!.check.max = 9;
    const profile = profileFrom(json, RESPONSIBLE);
    expect(profile.ok && executabilityFault(profile.value.rules)).toMatchObject({
      code: 'rule_example',
    });
  });
});

describe('refused', () => {
  test('a name that nobody has', () => {
    expect(profileNamed('wine')).toMatchObject({ ok: false, code: 'profile_unknown' });
  });

  test('a file that is not there, and one that is a folder', () => {
    expect(profileNamed(join(folder, 'no.json'))).toMatchObject({ code: 'profile_unreadable' });
    expect(profileNamed(folder)).toMatchObject({ code: 'profile_unreadable' });
  });

  test('a file that is not JSON, or far too long', () => {
    const path = join(folder, 'mine.json');
    writeFileSync(path, '{"id": ');
    expect(profileNamed(path)).toMatchObject({ code: 'profile_not_json' });
    writeFileSync(path, ' '.repeat(262_145));
    expect(profileNamed(path)).toMatchObject({ code: 'profile_too_large' });
  });

  test('a file that is called after another profile', () => {
    writeFileSync(join(folder, 'wine.json'), JSON.stringify(jsonOf('general')));
    expect(profileNamed('wine', folder)).toMatchObject({ code: 'profile_name' });
  });

  function fault(change: (json: ReturnType<typeof jsonOf>, rule: Record<string, unknown>) => void) {
    const json = jsonOf('pharma-gdp');
    change(json, (json['rules'] as Record<string, unknown>[])[1]!);
    return profileFrom(json, RESPONSIBLE);
  }
  const DROP = (key: string) => (json: Record<string, unknown>) => {
    delete json[key];
  };

  test.each([
    'id',
    'version',
    'title',
    'text',
    'legalBasis',
    'retentionDays',
    'metrology',
    'rules',
  ])('a profile without %s', (key) => {
    expect(fault(DROP(key))).toEqual({
      ok: false,
      code: 'field_missing',
      detail: `profile.${key}`,
    });
  });

  test.each(['id', 'text', 'legalBasis', 'fromLeaf', 'effect', 'check', 'examples'])(
    'a rule without %s',
    (key) => {
      expect(fault((_json, rule) => DROP(key)(rule))).toMatchObject({
        code: 'field_missing',
        detail: `profile.rules[1].${key}`,
      });
    },
  );

  test('a rule that has its own responsible person already', () => {
    const named = fault((_json, rule) => {
      rule['responsible'] = RESPONSIBLE;
    });
    expect(named).toMatchObject({ code: 'field_unknown' });
  });

  test('a field that nobody knows, a rule of another profile, a window that refuses', () => {
    const odd = { ...jsonOf('general'), colour: 'blue' };
    expect(profileFrom(odd, RESPONSIBLE)).toMatchObject({ code: 'field_unknown' });
    expect(fault((_json, rule) => Object.assign(rule, { profile: 'general' }))).toMatchObject({
      code: 'field_value',
      detail: 'profile.rules: a rule of another profile',
    });
    const refusing = fault((json) => {
      Object.assign((json['rules'] as object[])[2]!, { effect: 'refuse' });
    });
    expect(refusing).toMatchObject({ code: 'field_value' });
  });

  test('an example’s reading with a field missing or too many', () => {
    const readingsOf = (rule: Record<string, unknown>) =>
      (rule['examples'] as { readings: Record<string, unknown>[] }[])[0]!.readings;
    const missing = fault((_json, rule) => DROP('unit')(readingsOf(rule)[0]!));
    expect(missing).toMatchObject({ code: 'field_value' });
    const more = fault((_json, rule) => Object.assign(readingsOf(rule)[0]!, { note: 'x' }));
    expect(more).toMatchObject({ code: 'field_value' });
  });

  test('what is no profile at all', () => {
    for (const json of [null, 3, 'pharma', []]) {
      expect(profileFrom(json, RESPONSIBLE)).toMatchObject({ code: 'field_type' });
    }
    expect(profileFrom({ rules: { a: 1 } }, RESPONSIBLE)).toMatchObject({ ok: false });
    expect(profileFrom({ id: '\ud800' }, RESPONSIBLE)).toMatchObject({ code: 'field_value' });
    expect(profileFrom(JSON.parse('{"id":1e999}'), RESPONSIBLE)).toMatchObject({
      code: 'field_value',
    });
    const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);
    expect(profileFrom({ id: deep }, RESPONSIBLE)).toMatchObject({ code: 'cbor_depth' });
  });

  test('a person without a contact', () => {
    expect(profileFrom(jsonOf('general'), { ...RESPONSIBLE, contact: '' })).toMatchObject({
      code: 'field_value',
      detail: 'profile.rules[0].responsible.contact: length 0',
    });
  });
});
