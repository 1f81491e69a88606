// The list of the issue: each refused with a code of its own.
import { describe, expect, test } from 'vitest';
import { changeDigest } from '../../../device-sdk/formats/proposal.ts';
import { codeOf } from '../../support/result-code.ts';
import { DEVICE, LawAlliance, sampleLaw, sampleProfile } from '../../support/sample-law.ts';
import { sampleRule } from '../../support/sample-rule.ts';

const rule = (changes = {}) => ({ kind: 'rule' as const, rule: sampleRule(changes) });

test('two rules with the same id and version, in force or proposed', () => {
  const alliance = new LawAlliance();
  expect(codeOf(alliance.propose('acme', rule()))).toBeNull();
  expect(codeOf(alliance.propose('bolt', rule({ title: 'Other' })))).toBe('rule_exists');
  alliance.answer('bolt');
  alliance.answer('board');
  expect(codeOf(alliance.propose('bolt', rule({ title: 'Other' })))).toBe('rule_exists');
});

describe('a vote', () => {
  test('by a non-member', () => {
    const alliance = new LawAlliance();
    alliance.propose('acme', rule());
    expect(codeOf(alliance.answer('stranger'))).toBe('not_a_member');
  });

  test('for another version’s text', () => {
    const alliance = new LawAlliance();
    const first = rule({ title: 'What was read' });
    alliance.propose('acme', rule());
    expect(codeOf(alliance.approve('bolt', changeDigest(first)))).toBe('other_text');
    expect(codeOf(alliance.approve('bolt', changeDigest(rule())))).toBeNull();
  });

  test('replayed: the same word twice, and the same statement in the ledger (seq, ledger tests)', () => {
    const alliance = new LawAlliance();
    alliance.propose('acme', rule());
    alliance.answer('bolt');
    expect(codeOf(alliance.answer('bolt'))).toBe('answered');
  });

  test('on what is ended', () => {
    const alliance = new LawAlliance();
    alliance.propose('acme', rule());
    const id = alliance.proposalId;
    alliance.answer('bolt', 'reject');
    expect(codeOf(alliance.answer('board', 'approve', id))).toBe('proposal_unknown');
  });
});

test('a proposal signed by all but one holds for nothing', () => {
  const alliance = new LawAlliance();
  alliance.propose('acme', { kind: 'profile', profile: sampleProfile() });
  alliance.answer('bolt');
  expect([...alliance.membership.proposals.values()]).toMatchObject([
    { approvedBy: [alliance.iss('acme'), alliance.iss('bolt')] },
  ]);
  expect([alliance.law.profiles.size, alliance.law.rules.size]).toEqual([0, 0]);
  expect(codeOf(alliance.bind('acme', 'pharma'))).toBe('not_in_force');
  alliance.answer('board');
  expect(codeOf(alliance.bind('acme', 'pharma'))).toBeNull();
  expect(codeOf(alliance.bind('acme', 'wine'))).toBe('profile_unknown');
});

test('an order by a participant', () => {
  const alliance = new LawAlliance();
  expect(codeOf(alliance.order('acme', 'suspend', 'device', DEVICE))).toBe('not_a_supervisor');
  expect(alliance.law.orders.size).toBe(0);
});

test('a charter that would leave zero members', () => {
  const alliance = new LawAlliance();
  const law = sampleLaw(alliance.iss('board'), { memberKinds: ['auditor'] });
  const terms = { ...alliance.membership.terms, law };
  expect(codeOf(alliance.propose('acme', { kind: 'charter', terms }))).toBe('no_members');
  const last = new LawAlliance({ names: ['acme'] });
  const exit = { kind: 'exit' as const, member: last.iss('acme') };
  expect(codeOf(last.propose('acme', exit))).toBe('no_members');
});

test('a certificate for another serial number, or for none', () => {
  const alliance = new LawAlliance();
  alliance.sensors = () => ({ serial: 'SN-1', unit: 'Cel' });
  expect(codeOf(alliance.calibration('acme', { serial: 'SN-2' }))).toBe('dcc_serial');
  expect(codeOf(alliance.calibration('acme', { unit: 'K' }))).toBe('dcc_unit');
  expect(codeOf(alliance.calibration('acme'))).toBeNull();
  alliance.sensors = () => ({ unit: 'Cel' });
  expect(codeOf(alliance.calibration('acme'))).toBe('dcc_serial');
  alliance.sensors = () => null;
  expect(codeOf(alliance.calibration('acme'))).toBe('target_unknown');
});

test('a SUN message with a counter seen before', () => {
  const alliance = new LawAlliance();
  expect(codeOf(alliance.tap('acme', 5))).toBeNull();
  expect(codeOf(alliance.tap('bolt', 5))).toBe('sun_replayed');
  expect(codeOf(alliance.tap('bolt', 4))).toBe('sun_replayed');
  expect(codeOf(alliance.tap('bolt', 6))).toBeNull();
});
