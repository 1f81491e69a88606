import { describe, expect, test } from 'vitest';
import {
  editionAt,
  latestOf,
  nextEdition,
  profileOf,
  rulesFor,
} from '../../../device-sdk/formats/law-state.ts';
import { awaited } from '../../../device-sdk/formats/membership.ts';
import type { Change } from '../../../device-sdk/formats/proposal.ts';
import { codeOf } from '../../support/result-code.ts';
import { DEVICE, LawAlliance, sampleLaw, sampleProfile } from '../../support/sample-law.ts';
import { sampleRule } from '../../support/sample-rule.ts';

const rule = (changes = {}): Change => ({ kind: 'rule', rule: sampleRule(changes) });
const end = (action: 'suspend' | 'resume' | 'retire', version = 1): Change => {
  return { kind: 'rule-end', action, id: 'cold', version };
};
const held = (alliance: LawAlliance, leaf: number) =>
  rulesFor(alliance.law, DEVICE, leaf).map(({ rule: { id, version } }) => `${id}@${version}`);

describe('coming into force', () => {
  test('with the last word it needs, from the next leaf on, for nobody before', () => {
    const alliance = new LawAlliance();
    alliance.propose('acme', rule());
    alliance.answer('bolt');
    expect(alliance.law.rules.size).toBe(0);
    const leaf = alliance.leafIndex;
    const done = alliance.answer('board');
    expect(done.ok && done.value.effect).toMatchObject({
      kind: 'rule',
      member: alliance.iss('acme'),
    });
    expect([held(alliance, leaf), held(alliance, leaf + 1)]).toEqual([[], ['cold@1']]);
    expect(latestOf(alliance.law, 'cold')?.approvedBy).toHaveLength(3);
    // Nobody's power changed: other proposals stay open, and the epoch stays.
    expect(alliance.membership.epoch).toBe(0);
  });

  test('from a stated leaf; a leaf that is there already is refused', () => {
    const alliance = new LawAlliance();
    expect(codeOf(alliance.propose('acme', rule({ fromLeaf: 3 })))).toBe('retroactive');
    alliance.enact(rule({ fromLeaf: 50 }));
    expect([held(alliance, 49), held(alliance, 50)]).toEqual([[], ['cold@1']]);
    expect(nextEdition(alliance.law, 10)).toBe(50);
    expect([editionAt(alliance.law, 49), editionAt(alliance.law, 50)]).toEqual([0, 1]);
  });

  test('slow approval does not make it reach back', () => {
    const alliance = new LawAlliance();
    alliance.propose('acme', rule({ fromLeaf: alliance.leafIndex + 1 }));
    alliance.tap('acme', 1);
    alliance.answer('bolt');
    const leaf = alliance.leafIndex;
    alliance.answer('board');
    expect(latestOf(alliance.law, 'cold')?.fromLeaf).toBe(leaf + 1);
  });

  test('versions follow each other', () => {
    const alliance = new LawAlliance();
    expect(codeOf(alliance.propose('acme', rule({ version: 2 })))).toBe('rule_version');
    alliance.enact(rule());
    const leaf = alliance.leafIndex;
    alliance.enact(rule({ version: 2 }));
    expect(held(alliance, leaf)).toEqual(['cold@1']);
    expect(held(alliance, alliance.leafIndex)).toEqual(['cold@2']);
    expect(alliance.law.rules.get('cold@1')?.ended).toBe('amended');
  });

  test('for a profile that nobody adopted', () => {
    const alliance = new LawAlliance();
    expect(codeOf(alliance.propose('acme', rule({ profile: 'wine' })))).toBe('profile_unknown');
  });
});

describe('who has to approve', () => {
  test('as many as the charter asks, and every supervisor of the sector', () => {
    const alliance = new LawAlliance({
      names: ['acme', 'bolt', 'crane', 'board'],
      terms: { ruleApprovals: 2 },
    });
    alliance.propose('acme', rule());
    const open = () => [...alliance.membership.proposals.values()][0]!;
    expect(awaited(alliance.membership, open())).toHaveLength(3);
    alliance.answer('bolt');
    expect(awaited(alliance.membership, open())).toEqual([alliance.iss('board')]);
    alliance.answer('board');
    expect(alliance.law.rules.size).toBe(1);
    expect(alliance.membership.exceptions).toEqual([]);
  });

  test('no supervisor of another sector', () => {
    const alliance = new LawAlliance({ terms: { ruleApprovals: 2 } });
    const law = sampleLaw(alliance.iss('board'), {
      supervisors: [
        { member: alliance.iss('board'), sectors: ['food'], powers: ['approve-rules'] },
      ],
    });
    alliance.enact({ kind: 'charter', terms: { ...alliance.membership.terms, law } });
    alliance.propose('acme', rule());
    alliance.answer('bolt');
    expect(alliance.law.rules.size).toBe(1);
  });

  test('a no that leaves enough others is kept; one that does not ends it', () => {
    const names = ['acme', 'bolt', 'crane', 'board'];
    const alliance = new LawAlliance({ names, terms: { ruleApprovals: 2 } });
    alliance.propose('acme', rule());
    alliance.answer('bolt', 'reject');
    expect(alliance.membership.proposals.size).toBe(1);
    expect(codeOf(alliance.answer('bolt'))).toBe('answered');
    alliance.answer('crane');
    alliance.answer('board');
    expect(alliance.law.rules.size).toBe(1);
    const other = new LawAlliance({ names, terms: { ruleApprovals: 4 } });
    other.propose('acme', rule());
    other.answer('crane', 'reject');
    expect(other.membership.proposals.size).toBe(0);
    const regulator = new LawAlliance({ names, terms: { ruleApprovals: 1 } });
    regulator.propose('acme', rule());
    regulator.answer('board', 'reject');
    expect([regulator.membership.proposals.size, regulator.law.rules.size]).toEqual([0, 0]);
  });
});

describe('one who is silent', () => {
  const names = ['acme', 'bolt', 'crane', 'board'];
  function overdue(approvals: number): LawAlliance {
    const alliance = new LawAlliance({ names, terms: { ruleApprovals: approvals } });
    alliance.propose('acme', rule());
    alliance.answer('board');
    alliance.days(15);
    return alliance;
  }
  const passOver = (alliance: LawAlliance, silent: string, by: readonly string[]) =>
    by.map((one) => codeOf(alliance.except(one, silent)));

  test('is not waited for, and that it lacked is on record', () => {
    const alliance = overdue(4);
    alliance.answer('bolt');
    expect(alliance.law.rules.size).toBe(0);
    expect(passOver(alliance, 'crane', ['acme', 'board'])).toEqual([null, null]);
    expect(alliance.law.rules.size).toBe(1);
    expect(alliance.membership.exceptions).toMatchObject([
      { kind: 'silent', member: alliance.iss('crane') },
    ]);
  });

  test('does not outvote who said no', () => {
    const alliance = overdue(3);
    alliance.answer('bolt', 'reject');
    expect(alliance.membership.proposals.size).toBe(1);
    passOver(alliance, 'crane', ['acme', 'board']);
    expect([alliance.membership.proposals.size, alliance.law.rules.size]).toEqual([0, 0]);
    expect(alliance.membership.exceptions).toEqual([]);
  });

  test('is nobody who said no', () => {
    const alliance = overdue(3);
    alliance.answer('bolt', 'reject');
    expect(codeOf(alliance.except('acme', 'bolt'))).toBe('not_silent');
  });

  test('is no exception where it was not needed', () => {
    const alliance = overdue(3);
    passOver(alliance, 'crane', ['acme', 'board']);
    alliance.answer('bolt');
    expect(alliance.law.rules.size).toBe(1);
    expect(alliance.membership.exceptions).toEqual([]);
  });
});

describe('of all versions one governs', () => {
  const at = (alliance: LawAlliance, ...leaves: number[]) =>
    leaves.map((leaf) => held(alliance, leaf).join());

  test('though a later one begins before one that is to come', () => {
    const alliance = new LawAlliance();
    alliance.enact(
      rule(),
      rule({ version: 2, fromLeaf: 200 }),
      rule({ version: 3, fromLeaf: 100 }),
    );
    expect(at(alliance, 99, 100, 200)).toEqual(['cold@1', 'cold@3', 'cold@3']);
  });

  test('and ends when it is told, though its successor is agreed', () => {
    const alliance = new LawAlliance();
    alliance.enact(rule(), rule({ version: 2, fromLeaf: 200 }));
    expect(alliance.law.rules.get('cold@1')).toMatchObject({ ended: 'amended', untilLeaf: 200 });
    alliance.enact(end('suspend'), end('resume'), end('retire'));
    const next = alliance.leafIndex;
    expect(at(alliance, next, 199, 200)).toEqual(['', '', 'cold@2']);
    expect(codeOf(alliance.propose('acme', end('retire')))).toBe('rule_unknown');
    alliance.enact(end('retire', 2));
    expect(at(alliance, 200)).toEqual(['']);
  });
});

test('a rule stays with its profile: else it would leave its supervisors by an amendment', () => {
  const alliance = new LawAlliance({ terms: { ruleApprovals: 1 } });
  const law = sampleLaw(alliance.iss('board'));
  alliance.enact({ kind: 'charter', terms: { ...alliance.membership.terms, law } });
  alliance.enact({ kind: 'profile', profile: sampleProfile() });
  expect(held(alliance, 99)).toEqual([]);
  expect(codeOf(alliance.propose('acme', rule({ version: 2 })))).toBe('not_allowed');
  const food = { id: 'food', rules: [sampleRule({ profile: 'food', version: 2 })] };
  const profile = sampleProfile(food);
  expect(codeOf(alliance.propose('acme', { kind: 'profile', profile }))).toBe('not_allowed');
  expect(alliance.law.rules.get('cold@1')).toMatchObject({ ended: null });
});

describe('suspend, resume, retire', () => {
  test('not what a supervisor ordered: that is lifted by an order', () => {
    const alliance = new LawAlliance();
    alliance.enact(rule());
    alliance.order('board', 'suspend', 'rule', 'cold@1');
    expect(codeOf(alliance.propose('acme', end('resume')))).toBe('not_allowed');
    expect(codeOf(alliance.order('board', 'reinstate', 'rule', 'cold@1'))).toBeNull();
    expect(held(alliance, alliance.leafIndex)).toEqual(['cold@1']);
    const [order] = alliance.law.orders.values();
    expect(order?.liftedBy).toBe([...alliance.law.orders.keys()][1]);
  });

  test('by everybody, each from the next leaf on, and only what can be', () => {
    const alliance = new LawAlliance();
    alliance.enact(rule());
    expect(codeOf(alliance.propose('acme', end('resume')))).toBe('not_suspended');
    expect(codeOf(alliance.propose('acme', end('suspend', 2)))).toBe('rule_unknown');
    const before = alliance.leafIndex;
    alliance.enact(end('suspend'));
    const paused = alliance.leafIndex;
    expect(codeOf(alliance.propose('acme', end('suspend')))).toBe('already_suspended');
    alliance.enact(end('resume'));
    const resumed = alliance.leafIndex;
    alliance.enact(end('retire'));
    expect(
      [before, paused, resumed, alliance.leafIndex].map((leaf) => held(alliance, leaf)),
    ).toEqual([['cold@1'], [], ['cold@1'], []]);
    expect(codeOf(alliance.propose('acme', end('retire')))).toBe('rule_unknown');
    expect(editionAt(alliance.law, alliance.leafIndex)).toBe(4);
  });
});

describe('a profile', () => {
  const pharma = (changes = {}): Change => ({ kind: 'profile', profile: sampleProfile(changes) });

  test('brings its rules, to the streams that are bound to it', () => {
    const alliance = new LawAlliance();
    alliance.enact(pharma());
    expect(held(alliance, alliance.leafIndex)).toEqual([]);
    expect(codeOf(alliance.bind('bolt', 'pharma'))).toBe('not_allowed');
    const leaf = alliance.leafIndex;
    alliance.bind('acme', 'pharma');
    expect([held(alliance, leaf), held(alliance, leaf + 1)]).toEqual([[], ['cold@1']]);
    expect(profileOf(alliance.law, DEVICE)).toBe('pharma');
  });

  test('a device that is bound anew was bound to what it was before', () => {
    const alliance = new LawAlliance();
    alliance.enact(
      pharma(),
      pharma({ id: 'food', rules: [sampleRule({ id: 'food-cold', profile: 'food' })] }),
    );
    alliance.bind('acme', 'pharma');
    const first = alliance.leafIndex;
    alliance.bind('acme', 'food');
    expect(held(alliance, first)).toEqual(['cold@1']);
    expect(held(alliance, first + 1)).toEqual(['food-cold@1']);
  });

  test('its next version amends what changed, keeps what did not, and retires what is gone', () => {
    const alliance = new LawAlliance();
    const kept = sampleRule({ id: 'kept', profile: 'pharma' });
    const gone = sampleRule({ id: 'gone', profile: 'pharma' });
    alliance.enact(pharma({ rules: [sampleRule({ profile: 'pharma' }), kept, gone] }));
    alliance.bind('acme', 'pharma');
    const changed = sampleRule({ profile: 'pharma', version: 2, title: 'Changed' });
    expect(codeOf(alliance.propose('acme', pharma()))).toBe('profile_exists');
    alliance.enact(pharma({ version: 2, rules: [changed, kept] }));
    expect(held(alliance, alliance.leafIndex).sort()).toEqual(['cold@2', 'kept@1']);
    expect(alliance.law.rules.get('gone@1')?.ended).toBe('retired');
    const stale = sampleRule({ profile: 'pharma', version: 2, title: 'Another 2' });
    expect(codeOf(alliance.propose('acme', pharma({ version: 3, rules: [stale] })))).toBe(
      'rule_exists',
    );
  });

  test('that drops a rule drops the version before it as well', () => {
    const alliance = new LawAlliance();
    alliance.enact(pharma());
    alliance.bind('acme', 'pharma');
    alliance.enact(rule({ profile: 'pharma', version: 2, fromLeaf: 500 }));
    expect(held(alliance, alliance.leafIndex)).toEqual(['cold@1']);
    alliance.enact(pharma({ version: 2, rules: [] }));
    expect([held(alliance, alliance.leafIndex), held(alliance, 500)]).toEqual([[], []]);
  });

  test('does not reach back either, and is proposed once at a time', () => {
    const alliance = new LawAlliance();
    const late = pharma({ rules: [sampleRule({ profile: 'pharma', fromLeaf: 1 })] });
    expect(codeOf(alliance.propose('acme', late))).toBe('retroactive');
    alliance.propose('acme', pharma({ rules: [] }));
    expect(codeOf(alliance.propose('bolt', pharma()))).toBe('profile_exists');
    expect(codeOf(alliance.propose('bolt', pharma({ id: 'food', rules: [] })))).toBeNull();
  });

  test('that the charter does not name', () => {
    const alliance = new LawAlliance();
    const law = sampleLaw(alliance.iss('board'), { profiles: ['food'] });
    alliance.enact({ kind: 'charter', terms: { ...alliance.membership.terms, law } });
    expect(codeOf(alliance.propose('acme', pharma()))).toBe('charter_contradiction');
  });
});
