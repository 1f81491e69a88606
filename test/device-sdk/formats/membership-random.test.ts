import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAnswer } from '../../../device-sdk/formats/answer.ts';
import { parseDeparture } from '../../../device-sdk/formats/departure.ts';
import { parseException } from '../../../device-sdk/formats/exception.ts';
import type { MemberKeyRole } from '../../../device-sdk/formats/governance.ts';
import {
  activeKeys,
  type Membership,
  type OpenProposal,
  proposalKey,
} from '../../../device-sdk/formats/membership.ts';
import { type Change, parseProposal } from '../../../device-sdk/formats/proposal.ts';
import type { Statement } from '../../../device-sdk/formats/statement.ts';
import { SampleAlliance } from '../../support/sample-alliance.ts';

/**
 * Any statements by anybody in any order. Names, keys and answers are drawn small, so that changes
 * do come about; expectations are said again here, not with the fold's own functions.
 */
const NAMES = ['acme', 'bolt', 'crane', 'delta'];
const ROLES: MemberKeyRole[] = ['member', 'log', 'cosigner', 'node', 'gateway'];

const who = fc.constantFrom(...NAMES);
const step = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('admit' as const), by: who, about: who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exit' as const), by: who, about: who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expel' as const), by: who, about: who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('terms' as const), by: who, about: who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('key' as const),
      by: who,
      about: who,
      role: fc.constantFrom(...ROLES),
      how: fc.constantFrom('replace' as const, 'add' as const, 'retire' as const),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('approve' as const), by: who, about: who }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reject' as const), by: who, about: who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('except' as const), by: who, about: who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('depart' as const), by: who, about: who }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('days' as const), by: who, about: who }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function take(alliance: SampleAlliance, next: Step, words: string): void {
  const { by } = next;
  const change = changeOf(alliance, next, words);
  if (change !== null) alliance.propose(by, change);
  if (next.do === 'days') alliance.days(20);
  if (alliance.membership.proposals.size === 0) return;
  if (next.do === 'approve' || next.do === 'reject') alliance.answer(by, next.do);
  if (next.do === 'except') {
    const id = alliance.proposalId;
    for (const name of NAMES) alliance.except(name, next.about, id);
  }
  if (next.do === 'depart') {
    for (const { id } of alliance.membership.proposals.values()) alliance.depart(by, id);
  }
}

function changeOf(alliance: SampleAlliance, next: Step, words: string): Change | null {
  const { about } = next;
  const member = alliance.iss(about);
  switch (next.do) {
    case 'admit':
      return alliance.admission(about);
    case 'exit':
    case 'expel':
      return { kind: next.do, member };
    case 'terms':
      return { kind: 'charter', terms: { ...alliance.membership.terms, answerTermDays: 10 } };
    case 'key': {
      const { role, how } = next;
      const rotation = alliance.rotation(about, role, words);
      if (how === 'replace') return rotation;
      if (how === 'add') return { ...rotation, retire: null };
      return rotation.retire === null ? null : { ...rotation, add: null, proof: null };
    }
    default:
      return null;
  }
}

/** One of each; node keys one at most, and for validators exactly one. */
function checkKeys(membership: Membership): void {
  const { members, keys, terms } = membership;
  for (const { iss, kind } of members.values()) {
    const held = (role: MemberKeyRole) =>
      activeKeys(membership, role).filter((key) => key.iss === iss).length;
    expect([held('member'), held('log'), held('cosigner')]).toEqual([1, 1, 1]);
    expect(held('node')).toBeLessThanOrEqual(1);
    if (terms.validatorKinds.includes(kind)) expect(held('node')).toBe(1);
  }
  expect(keys.filter(({ iss, untilLeaf }) => untilLeaf === null && !members.has(iss))).toEqual([]);
  const kids = keys.map(({ kid }) => proposalKey(kid));
  expect(new Set(kids).size).toBe(kids.length);
}

/** What the log shows of the proposal that took effect: who approved, who named whom. */
function checkConsent(before: Membership, after: Membership, open: OpenProposal | undefined): void {
  if (after.epoch === before.epoch) {
    expect(after.exceptions).toEqual(before.exceptions);
    return;
  }
  expect(after.epoch).toBe(before.epoch + 1);
  if (open === undefined) throw new Error('an effect of no proposal');
  const uses = after.exceptions.slice(before.exceptions.length);
  const { change } = open.proposal;
  const excused = new Set(uses.map(({ member }) => member));
  const departs = uses.some(({ kind }) => kind === 'departure');
  if (departs) expect(change.kind === 'exit' && uses).toHaveLength(1);
  const silent = [...before.members.keys()].filter((iss) => !open.approvedBy.includes(iss));
  if (!departs) expect([...excused].toSorted()).toEqual(silent.toSorted());
  for (const { kind, member } of uses) {
    if (kind === 'expulsion') expect(change).toMatchObject({ kind: 'expel', member });
    if (kind === 'silent') {
      const others = [...before.members.keys()].filter(
        (iss) => iss !== member && !(change.kind === 'expel' && change.member === iss),
      );
      const named = open.exceptedBy.get(member)?.filter((iss) => others.includes(iss)) ?? [];
      expect(named.length).toBeGreaterThanOrEqual((others.length * 2) / 3);
    }
  }
}

/** The proposal that a statement completed, with that statement's own word in it. */
function completedBy(before: Membership, statement: Statement): OpenProposal | undefined {
  const { iss, id, payloadBytes: bytes } = statement;
  const find = (of: Uint8Array) => before.proposals.get(proposalKey(of));
  const proposal = parseProposal(bytes);
  if (proposal.ok) {
    const fresh = { id, leafIndex: 0, logTimeMs: 0, by: iss, proposal: proposal.value };
    return { ...fresh, approvedBy: [iss], exceptedBy: new Map(), rejectedBy: [], closed: null };
  }
  const answer = parseAnswer(bytes);
  const answered = answer.ok ? find(answer.value.proposalId) : undefined;
  if (answered) return { ...answered, approvedBy: [...answered.approvedBy, iss] };
  const exception = parseException(bytes);
  const excepted = exception.ok ? find(exception.value.proposalId) : undefined;
  if (exception.ok && excepted) {
    const { member } = exception.value;
    const named = [...(excepted.exceptedBy.get(member) ?? []), iss];
    return { ...excepted, exceptedBy: new Map([...excepted.exceptedBy, [member, named]]) };
  }
  const departure = parseDeparture(bytes);
  return departure.ok ? find(departure.value.proposalId) : undefined;
}

test('no sequence of statements breaks what the charter promises', { timeout: 120_000 }, () => {
  const effects = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const names = ['acme', 'bolt', 'crane'];
      const alliance = new SampleAlliance({ names });
      for (const [i, next] of steps.entries()) {
        const count = alliance.taken.length;
        take(alliance, next, `key ${i}`);
        for (const { before, after, statement } of alliance.taken.slice(count)) {
          checkKeys(after);
          checkConsent(before, after, completedBy(before, statement));
          for (const { kind } of after.exceptions) effects.add(kind);
          if (after.epoch > before.epoch) effects.add(next.do);
        }
      }
      let again = alliance.founded();
      for (const one of alliance.taken) {
        const result = alliance.apply(again, one);
        if (!result.ok) throw new Error(`${result.code} on replay: ${result.detail}`);
        again = result.value.membership;
      }
      expect(again).toEqual(alliance.membership);
    }),
    { numRuns: 100, seed: 7 },
  );
  // The draw reaches what it is about: consent, silence, and a member that goes alone.
  expect([...effects]).toEqual(
    expect.arrayContaining(['approve', 'except', 'silent', 'expulsion']),
  );
  expect([...effects]).toContain('departure');
});
