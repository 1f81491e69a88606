import { describe, expect, test } from 'vitest';
import { rulesFor } from '../../../device-sdk/formats/law-state.ts';
import type { Supervisor } from '../../../device-sdk/formats/law-terms.ts';
import { supervisorsOf } from '../../../device-sdk/formats/supervision.ts';
import { codeOf } from '../../support/result-code.ts';
import {
  DEVICE,
  LawAlliance,
  PERSON,
  sampleLaw,
  sampleProfile,
  THING,
} from '../../support/sample-law.ts';
import { sampleRule } from '../../support/sample-rule.ts';

function underLaw(changes: Parameters<typeof sampleLaw>[1] = {}): LawAlliance {
  const alliance = new LawAlliance({ names: ['acme', 'bolt', 'board'] });
  const law = sampleLaw(alliance.iss('board'), changes);
  alliance.enact({ kind: 'charter', terms: { ...alliance.membership.terms, law } });
  return alliance;
}

const newest = (alliance: LawAlliance) => [...alliance.law.orders.values()].at(-1)!;

describe('who supervises', () => {
  test('without a word in the charter: regulators all but inspect, bodies of the trade annotate', () => {
    const founders = { bolt: { kind: 'self-regulatory' as const } };
    const alliance = new LawAlliance({ founders });
    const powers = supervisorsOf(alliance.membership);
    expect(powers.map(({ member }) => member)).toEqual([
      alliance.iss('bolt'),
      alliance.iss('board'),
    ]);
    expect(codeOf(alliance.order('bolt', 'annotate', 'subject', THING))).toBeNull();
    expect(codeOf(alliance.order('bolt', 'suspend', 'device', DEVICE))).toBe('not_empowered');
    expect(codeOf(alliance.order('board', 'suspend', 'device', DEVICE))).toBeNull();
    expect(codeOf(alliance.inspect('board'))).toBe('not_empowered');
  });

  test('within its sector and no further', () => {
    const alliance = underLaw();
    expect(codeOf(alliance.order('board', 'suspend', 'device', DEVICE))).toBe('not_empowered');
    alliance.enact({ kind: 'profile', profile: sampleProfile() });
    alliance.bind('acme', 'pharma');
    expect(codeOf(alliance.order('board', 'suspend', 'device', DEVICE))).toBeNull();
    expect(codeOf(alliance.order('board', 'suspend', 'rule', 'cold@1'))).toBeNull();
    const member = alliance.order('board', 'suspend', 'member', alliance.iss('bolt'));
    expect(codeOf(member)).toBe('not_empowered');
    // A thing goes through several sectors; a recall says so and suspends nothing.
    expect(codeOf(alliance.order('board', 'annotate', 'subject', THING))).toBeNull();
  });

  test('which nobody offline can know of a device: the members did when they let it in', () => {
    const alliance = underLaw();
    alliance.owners = undefined;
    expect(codeOf(alliance.order('board', 'suspend', 'device', DEVICE))).toBeNull();
    expect(codeOf(alliance.order('acme', 'suspend', 'device', DEVICE))).toBe('not_a_supervisor');
  });

  test('nobody who is no regulator or body of the trade', () => {
    const alliance = new LawAlliance();
    const supervisors = [
      { member: alliance.iss('acme'), sectors: [], powers: ['annotate' as const] },
    ];
    const law = sampleLaw(alliance.iss('board'), { supervisors });
    const terms = { ...alliance.membership.terms, law };
    expect(codeOf(alliance.propose('acme', { kind: 'charter', terms }))).toBe(
      'charter_contradiction',
    );
  });
});

describe('an order', () => {
  test('suspends a device until it is lifted, and both stay on record', () => {
    const alliance = new LawAlliance();
    expect(codeOf(alliance.order('board', 'reinstate', 'device', DEVICE))).toBe('not_suspended');
    alliance.order('board', 'suspend', 'device', DEVICE);
    const first = newest(alliance);
    expect(alliance.law.suspendedDevices.has(DEVICE)).toBe(true);
    expect(first.order.official).toEqual(PERSON);
    expect(codeOf(alliance.order('board', 'suspend', 'device', DEVICE))).toBe('already_suspended');
    expect(codeOf(alliance.appeal('acme', first.id))).toBeNull();
    expect(alliance.law.suspendedDevices.has(DEVICE)).toBe(true);
    alliance.order('board', 'reinstate', 'device', DEVICE);
    expect(alliance.law.suspendedDevices.has(DEVICE)).toBe(false);
    const [lifted] = [...alliance.law.orders.values()];
    expect(lifted).toMatchObject({
      liftedBy: Buffer.from(newest(alliance).id).toString('hex'),
      appeals: [{ by: alliance.iss('acme'), text: 'Not so.' }],
    });
  });

  test('keeps a suspended device in its sector', () => {
    const alliance = underLaw();
    alliance.enact({ kind: 'profile', profile: sampleProfile() });
    alliance.bind('acme', 'pharma');
    alliance.order('board', 'suspend', 'device', DEVICE);
    expect(codeOf(alliance.bind('acme', 'pharma'))).toBe('suspended');
    alliance.order('board', 'reinstate', 'device', DEVICE);
    expect(codeOf(alliance.bind('acme', 'pharma'))).toBeNull();
  });

  test('suspends a rule, from the next leaf on', () => {
    const alliance = new LawAlliance();
    alliance.enact({ kind: 'rule', rule: sampleRule() });
    const before = alliance.leafIndex;
    alliance.order('board', 'suspend', 'rule', 'cold@1');
    const paused = alliance.leafIndex;
    alliance.order('board', 'reinstate', 'rule', 'cold@1');
    const count = (leaf: number) => rulesFor(alliance.law, DEVICE, leaf).length;
    expect([before, paused, alliance.leafIndex].map(count)).toEqual([1, 0, 1]);
  });

  test('a suspended member answers, appeals and leaves, and brings nothing', () => {
    const alliance = new LawAlliance();
    alliance.propose('acme', { kind: 'rule', rule: sampleRule() });
    alliance.order('board', 'suspend', 'member', alliance.iss('bolt'));
    const { id } = newest(alliance);
    expect(codeOf(alliance.claim('bolt'))).toBe('suspended');
    expect(codeOf(alliance.tap('bolt', 1))).toBe('suspended');
    const rule = sampleRule({ id: 'own' });
    expect(codeOf(alliance.propose('bolt', { kind: 'rule', rule }))).toBe('suspended');
    expect(codeOf(alliance.appeal('bolt', id))).toBeNull();
    expect(codeOf(alliance.answer('bolt'))).toBeNull();
    const exit = { kind: 'exit' as const, member: alliance.iss('bolt') };
    expect(codeOf(alliance.propose('bolt', exit))).toBeNull();
    alliance.order('board', 'reinstate', 'member', alliance.iss('bolt'));
    expect(codeOf(alliance.claim('bolt'))).toBeNull();
  });

  test('never against a supervisor, nor against what is not there', () => {
    const alliance = new LawAlliance();
    expect(codeOf(alliance.order('board', 'suspend', 'member', alliance.iss('board')))).toBe(
      'not_empowered',
    );
    expect(codeOf(alliance.order('board', 'suspend', 'device', `${DEVICE}2`))).toBe(
      'target_unknown',
    );
    expect(codeOf(alliance.order('board', 'suspend', 'rule', 'cold@1'))).toBe('target_unknown');
    expect(codeOf(alliance.order('board', 'suspend', 'member', 'https://x.example'))).toBe(
      'target_unknown',
    );
    expect(codeOf(alliance.order('board', 'suspend', 'subject', THING))).toBe('malformed');
    expect(codeOf(alliance.appeal('acme', new Uint8Array(32)))).toBe('target_unknown');
  });

  describe('of another supervisor', () => {
    /** The board, and a body of the trade with the same powers. */
    function two(): LawAlliance {
      const alliance = new LawAlliance({ founders: { bolt: { kind: 'self-regulatory' } } });
      const [board] = sampleLaw(alliance.iss('board')).supervisors;
      const supervisors = ['board', 'bolt'].map((name) => {
        return { ...board!, member: alliance.iss(name), sectors: [] };
      });
      const law = sampleLaw(alliance.iss('board'), { supervisors });
      alliance.enact({ kind: 'charter', terms: { ...alliance.membership.terms, law } });
      return alliance;
    }

    test('is lifted by who gave it', () => {
      const alliance = two();
      alliance.order('board', 'suspend', 'device', DEVICE);
      expect(codeOf(alliance.order('bolt', 'reinstate', 'device', DEVICE))).toBe('not_empowered');
      expect(alliance.law.suspendedDevices.has(DEVICE)).toBe(true);
      expect(codeOf(alliance.order('board', 'reinstate', 'device', DEVICE))).toBeNull();
    });

    test.each<[string, Partial<Supervisor> | null]>([
      ['supervises no more', null],
      ['has lost the power', { powers: ['annotate'] }],
      ['supervises another sector', { sectors: ['food'] }],
    ])('or by another, once that one %s', (_, changes) => {
      const alliance = two();
      alliance.order('board', 'suspend', 'device', DEVICE);
      const { terms } = alliance.membership;
      const [board, ...others] = terms.law!.supervisors;
      const supervisors = changes === null ? others : [{ ...board!, ...changes }, ...others];
      alliance.enact({ kind: 'charter', terms: { ...terms, law: { ...terms.law!, supervisors } } });
      expect(codeOf(alliance.order('board', 'reinstate', 'device', DEVICE))).toMatch(/^not_/);
      expect(codeOf(alliance.order('bolt', 'reinstate', 'device', DEVICE))).toBeNull();
    });

    test('by whom it was, nobody offline holds against the members', () => {
      const alliance = two();
      alliance.order('board', 'suspend', 'device', DEVICE);
      alliance.owners = undefined;
      expect(codeOf(alliance.order('bolt', 'reinstate', 'device', DEVICE))).toBeNull();
    });

    test('annotations stay where one’s own are withdrawn', () => {
      const alliance = two();
      alliance.order('board', 'annotate', 'subject', THING);
      expect(codeOf(alliance.order('bolt', 'reinstate', 'subject', THING))).toBe('not_empowered');
      alliance.order('bolt', 'annotate', 'subject', THING);
      expect(codeOf(alliance.order('bolt', 'reinstate', 'subject', THING))).toBeNull();
      const open = [...alliance.law.orders.values()].filter(({ liftedBy }) => liftedBy === null);
      expect(open.map(({ by, order }) => [by, order.action])).toEqual([
        [alliance.iss('board'), 'annotate'],
        [alliance.iss('bolt'), 'reinstate'],
      ]);
    });
  });

  test('annotates a thing as often as needed; one withdrawal ends all of it', () => {
    const alliance = new LawAlliance();
    alliance.order('board', 'annotate', 'subject', THING);
    alliance.order('board', 'annotate', 'subject', THING);
    expect(codeOf(alliance.order('board', 'reinstate', 'subject', THING))).toBeNull();
    const open = [...alliance.law.orders.values()].filter(({ liftedBy }) => liftedBy === null);
    expect(open.map(({ order }) => order.action)).toEqual(['reinstate']);
    expect(codeOf(alliance.order('board', 'reinstate', 'subject', THING))).toBe('not_suspended');
  });
});

test('an inspection is on record before anything is read', () => {
  const alliance = underLaw({
    supervisors: [{ member: new LawAlliance().iss('board'), sectors: [], powers: ['inspect'] }],
  });
  expect(codeOf(alliance.inspect('acme'))).toBe('not_a_supervisor');
  expect(codeOf(alliance.inspect('board', `${DEVICE}2`))).toBe('target_unknown');
  expect(codeOf(alliance.inspect('board'))).toBeNull();
  expect(alliance.law.inspections.get(DEVICE)).toMatchObject([
    { by: alliance.iss('board'), fromLeaf: 0, untilLeaf: 9, legalBasis: 'Act', official: PERSON },
  ]);
});
