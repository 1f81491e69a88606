import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { executabilityFault } from '../../../gateway/law/executability.ts';
import {
  type ProfileFile,
  profileFrom,
  profileNamed,
  profileNames,
} from '../../../gateway/profiles/profile-files.ts';

const SOMEBODY = { name: 'A. Example', organisation: 'Mill', contact: 'mailto:a@mill.example' };
const folder = mkdtempSync(join(tmpdir(), 'truegrain-profiles-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(which: string): ProfileFile {
  const file = profileNamed(which);
  if (!file.ok) throw new Error(file.detail);
  return file.value;
}

test('the industries of the issue are there', () => {
  expect(profileNames()).toEqual([
    'dangerous-goods',
    'food-chilled',
    'food-frozen',
    'general',
    'grain-storage',
    'pharma-gdp',
  ]);
});

describe.each(profileNames())('%s', (name) => {
  const profile = profileFrom(fileOf(name), SOMEBODY);

  test('has the form that members sign, its own name, and a legal basis', () => {
    expect(profile).toMatchObject({ ok: true, value: { id: name, version: 1 } });
    expect(profile.ok && profile.value.legalBasis.length).toBeGreaterThan(0);
  });

  test('its rules can be run, and their examples come out as they say', () => {
    expect(profile.ok && executabilityFault(profile.value.rules)).toBeNull();
  });

  test('an example turned round is noticed', () => {
    if (!profile.ok) throw new Error(profile.detail);
    const [rule] = profile.value.rules;
    const examples = rule!.examples.map((example) => ({
      ...example,
      verdict: example.verdict === 'kept' ? ('broken' as const) : ('kept' as const),
    }));
    expect(executabilityFault([{ ...rule!, examples }])?.code).toBe('rule_example');
  });
});

test('profiles differ where the law differs', () => {
  const of = (name: string) => {
    const { retentionDays, metrology, rules } = fileOf(name);
    return JSON.stringify([retentionDays, metrology, rules.map(({ check }) => check)]);
  };
  const all = profileNames().map(of);
  expect(new Set(all).size).toBe(all.length);
});

describe('a profile more is one file of data', () => {
  const flowers = { ...fileOf('general'), id: 'cut-flowers', title: 'Cut flowers' };
  const rules = flowers.rules.map((rule) => ({ ...rule, profile: 'cut-flowers' }));

  test('by its path, or in the folder by its name', () => {
    const file = join(folder, 'cut-flowers.json');
    writeFileSync(file, JSON.stringify({ ...flowers, rules }));
    for (const found of [profileNamed(file), profileNamed('cut-flowers', folder)]) {
      expect(found.ok && profileFrom(found.value, SOMEBODY)).toMatchObject({
        ok: true,
        value: { id: 'cut-flowers' },
      });
    }
  });

  test.each([
    ['no JSON', '{', 'profile_file'],
    ['a field is missing', JSON.stringify({ ...flowers, rules, title: undefined }), 'profile_form'],
    ['no rules', JSON.stringify({ ...flowers, rules: undefined }), 'profile_form'],
    ['a rule of another profile', JSON.stringify(flowers), 'field_value'],
    ['no legal basis', JSON.stringify({ ...flowers, rules, legalBasis: [] }), 'field_value'],
  ])('%s', (name, text, code) => {
    const file = join(folder, `${name.replaceAll(' ', '-')}.json`);
    writeFileSync(file, text);
    const found = profileNamed(file);
    const made = found.ok ? profileFrom(found.value, SOMEBODY) : found;
    expect(made).toMatchObject({ ok: false, code });
  });

  test('a name that nobody knows', () => {
    expect(profileNamed('wine')).toMatchObject({ ok: false, code: 'profile_file' });
    expect(readFileSync(join(folder, 'cut-flowers.json'), 'utf8')).toContain('Cut flowers');
  });
});
