import { describe, expect, test } from 'vitest';
import type { LawTerms } from '../../../device-sdk/formats/law-terms.ts';
import { codeOf } from '../../support/result-code.ts';
import { DEVICE, digest, LawAlliance, sampleLaw, THING } from '../../support/sample-law.ts';
import { sampleRule } from '../../support/sample-rule.ts';

const CONDITIONS: LawTerms['conditions'] = [
  {
    id: 'licence',
    on: 'entry',
    kind: 'participant',
    requirement: 'licence',
    text: 'A licence to trade',
    attestedBy: 'regulator',
  },
  {
    id: 'accounts',
    on: 'exit',
    kind: null,
    requirement: 'other',
    text: 'Accounts are settled',
    attestedBy: 'participant',
  },
];

function conditioned(): LawAlliance {
  const alliance = new LawAlliance();
  const law = sampleLaw(alliance.iss('board'), { conditions: CONDITIONS });
  alliance.enact({ kind: 'charter', terms: { ...alliance.membership.terms, law } });
  return alliance;
}

describe('conditions of the charter', () => {
  test('for coming in: a document that the right kind of member attests', () => {
    const alliance = conditioned();
    const lab = alliance.iss('lab');
    expect(codeOf(alliance.propose('acme', alliance.admission('lab')))).toBe('entry_condition');
    alliance.credential('acme', lab, 'licence');
    expect(codeOf(alliance.propose('acme', alliance.admission('lab')))).toBe('entry_condition');
    alliance.credential('board', lab, 'licence', alliance.clockMs - 1);
    expect(codeOf(alliance.propose('acme', alliance.admission('lab')))).toBe('entry_condition');
    alliance.credential('board', lab, 'licence', alliance.clockMs + 86_400_000);
    expect(codeOf(alliance.propose('acme', alliance.admission('lab')))).toBeNull();
    expect(alliance.law.credentials.size).toBe(2);
  });

  test('a document that ran out while members were asked', () => {
    const alliance = conditioned();
    alliance.credential('board', alliance.iss('lab'), 'licence', alliance.clockMs + 86_400_000);
    alliance.propose('acme', alliance.admission('lab'));
    alliance.answer('bolt');
    alliance.days(2);
    expect(codeOf(alliance.answer('board'))).toBe('entry_condition');
  });

  test('not asked of another kind, and no kind that may not be', () => {
    const alliance = conditioned();
    const regulator = alliance.admission('office', { kind: 'regulator' });
    expect(codeOf(alliance.propose('acme', regulator))).toBeNull();
    const auditor = alliance.admission('checker', { kind: 'auditor' });
    expect(codeOf(alliance.propose('acme', auditor))).toBe('charter_contradiction');
  });

  test('for leaving', () => {
    const alliance = conditioned();
    const exit = { kind: 'exit' as const, member: alliance.iss('bolt') };
    expect(codeOf(alliance.propose('bolt', exit))).toBe('exit_condition');
    alliance.credential('acme', alliance.iss('bolt'), 'accounts');
    expect(codeOf(alliance.propose('bolt', exit))).toBeNull();
  });

  test('nobody attests its own', () => {
    const alliance = conditioned();
    const exit = { kind: 'exit' as const, member: alliance.iss('bolt') };
    alliance.credential('bolt', alliance.iss('bolt'), 'accounts');
    expect(codeOf(alliance.propose('bolt', exit))).toBe('exit_condition');
    alliance.credential('acme', alliance.iss('bolt'), 'accounts');
    expect(codeOf(alliance.propose('bolt', exit))).toBeNull();
  });

  test('one that the charter does not have', () => {
    const alliance = conditioned();
    const about = alliance.iss('bolt');
    expect(codeOf(alliance.credential('board', about, 'wealth'))).toBe('target_unknown');
    expect(codeOf(new LawAlliance().credential('board', about, 'licence'))).toBe('target_unknown');
  });
});

describe('evidence for grades', () => {
  test('a calibration is the owner’s to show; the newest counts', () => {
    const alliance = new LawAlliance();
    expect(codeOf(alliance.calibration('bolt'))).toBe('not_allowed');
    expect(codeOf(alliance.calibration('acme'))).toBeNull();
    expect(codeOf(alliance.calibration('acme', { certificate: 'LAB-2' }))).toBeNull();
    expect([...alliance.law.calibrations.values()]).toMatchObject([{ certificate: 'LAB-2' }]);
    expect(codeOf(alliance.calibration('acme', { dueMs: 0 }))).toBe('malformed');
  });

  test('a tag that turns up on another thing was moved', () => {
    const alliance = new LawAlliance();
    alliance.tap('acme', 1);
    alliance.tap('acme', 2, 'https://id.example/lot-8');
    expect([...alliance.law.tags.values()]).toMatchObject([
      { counter: 2, subject: 'https://id.example/lot-8' },
    ]);
  });

  test('a seal has a closing before its opening, and both are kept as they were read', () => {
    const alliance = new LawAlliance();
    expect(codeOf(alliance.seal('acme', 'opening'))).toBe('target_unknown');
    alliance.seal('acme', 'closing');
    alliance.seal('bolt', 'opening', 'H-2');
    expect(alliance.law.seals.get(THING)).toMatchObject({
      closing: { number: 'H-1', by: alliance.iss('acme') },
      opening: { number: 'H-2', by: alliance.iss('bolt') },
    });
    expect(codeOf(alliance.seal('acme', 'opening', 'H-1'))).toBe('target_unknown');
    alliance.seal('acme', 'closing', 'H-3');
    expect(alliance.law.seals.get(THING)?.opening).toBeNull();
  });
});

test('a claim changes no state, and is about what its subject says', () => {
  const alliance = new LawAlliance();
  const before = alliance.law;
  expect(codeOf(alliance.claim('acme'))).toBeNull();
  expect(alliance.law).toBe(before);
  expect(codeOf(alliance.claim('acme', DEVICE))).toBe('not_allowed');
});

test('a finding is about a leaf that is there and a rule that was in force', () => {
  const alliance = new LawAlliance();
  expect(codeOf(alliance.finding('bolt'))).toBe('rule_unknown');
  alliance.enact({ kind: 'rule', rule: sampleRule() });
  expect(codeOf(alliance.finding('bolt'))).toBeNull();
  expect(codeOf(alliance.finding('bolt', { leafIndex: 10_000 }))).toBe('target_unknown');
  expect(codeOf(alliance.finding('bolt', { found: 'kept' }))).toBe('malformed');
});

test('reports and filings: the newest of each', () => {
  const alliance = new LawAlliance();
  expect(codeOf(alliance.examination('acme'))).toBeNull();
  expect(codeOf(alliance.examination('acme', { size: 10_000 }))).toBe('target_unknown');
  alliance.examination('acme', { size: 3 });
  expect(alliance.law.examinations.get(alliance.iss('acme'))).toMatchObject({
    size: 3,
    seen: { root: digest(9) },
  });
  alliance.filing('acme');
  alliance.filing('acme');
  expect([...alliance.law.filings.keys()]).toEqual(['京ICP-1']);
});

test('a filing is changed by who recorded it, while that is a member', () => {
  const alliance = new LawAlliance();
  alliance.filing('acme');
  expect(codeOf(alliance.filing('bolt'))).toBe('not_allowed');
  expect(codeOf(alliance.filing('acme'))).toBeNull();
  alliance.enact({ kind: 'exit', member: alliance.iss('acme') });
  expect(codeOf(alliance.filing('bolt'))).toBeNull();
});
