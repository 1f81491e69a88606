import { describe, expect, test } from 'vitest';
import { activeKeys, isInForce, proposalKey } from '../../../device-sdk/formats/membership.ts';
import type { Change } from '../../../device-sdk/formats/proposal.ts';
import { outcome } from '../../support/membership-outcome.ts';
import { codeOf } from '../../support/result-code.ts';
import { SampleAlliance } from '../../support/sample-alliance.ts';

describe('leaving', () => {
  test('is for the leaver itself to propose', () => {
    const alliance = new SampleAlliance();
    const exit: Change = { kind: 'exit', member: alliance.iss('bolt') };
    expect(codeOf(alliance.propose('acme', exit))).toBe('not_allowed');
  });

  test('with everybody’s consent ends all its keys, and no exception is marked', () => {
    const alliance = new SampleAlliance();
    alliance.propose('bolt', { kind: 'exit', member: alliance.iss('bolt') });
    alliance.answer('acme');
    const leaf = alliance.leafIndex;
    const done = alliance.answer('crane');
    const { keys, formerMembers, members, exceptions } = alliance.membership;
    const own = keys.filter(({ iss }) => iss === alliance.iss('bolt'));
    expect(own.map(({ untilLeaf }) => untilLeaf)).toEqual([leaf, leaf, leaf, leaf, leaf]);
    expect(done.ok && done.value.effect?.ended).toEqual(own);
    expect(own.every((key) => isInForce(key, leaf) && !isInForce(key, leaf + 1))).toBe(true);
    expect(formerMembers).toMatchObject([{ iss: alliance.iss('bolt'), untilLeaf: leaf }]);
    expect(members.has(alliance.iss('bolt'))).toBe(false);
    expect(exceptions).toEqual([]);
  });

  test('goes alone after the notice term, even where it was rejected, and that is marked', () => {
    const alliance = new SampleAlliance();
    alliance.propose('bolt', { kind: 'exit', member: alliance.iss('bolt') });
    const id = alliance.proposalId;
    expect(outcome(alliance.answer('acme', 'reject'))).toBe('taken');
    expect(alliance.membership.proposals.get(proposalKey(id))?.closed).toBe('rejected');
    expect(codeOf(alliance.answer('crane'))).toBe('stale_proposal');
    alliance.days(29.99);
    expect(codeOf(alliance.depart('bolt'))).toBe('term_running');
    expect(codeOf(alliance.except('acme', 'crane'))).toBe('stale_proposal');
    alliance.days(0.01);
    expect(codeOf(alliance.depart('crane'))).toBe('not_allowed');
    const leafIndex = alliance.leafIndex;
    expect(outcome(alliance.depart('bolt'))).toBe('effect exit');
    const use = { kind: 'departure', member: alliance.iss('bolt'), proposalId: id, leafIndex };
    expect(alliance.membership.exceptions).toEqual([use]);
    expect(codeOf(alliance.depart('bolt', id))).toBe('not_a_member');
  });

  test('can’t be put off by other changes: the notice runs on, but nobody answers it', () => {
    const alliance = new SampleAlliance({ names: ['acme', 'bolt', 'crane', 'delta'] });
    alliance.propose('bolt', { kind: 'exit', member: alliance.iss('bolt') });
    const notice = alliance.proposalId;
    alliance.propose('acme', { kind: 'expel', member: alliance.iss('delta') });
    const expulsion = alliance.proposalId;
    alliance.answer('bolt', 'approve', expulsion);
    expect(outcome(alliance.answer('crane', 'approve', expulsion))).toBe('effect expel');
    expect(codeOf(alliance.answer('acme', 'approve', notice))).toBe('stale_proposal');
    alliance.days(30);
    expect(outcome(alliance.depart('bolt', notice))).toBe('effect exit');
  });

  test('of the expelled ends with it; a notice can be taken back', () => {
    const alliance = new SampleAlliance();
    alliance.propose('bolt', { kind: 'exit', member: alliance.iss('bolt') });
    const notice = alliance.proposalId;
    alliance.answer('acme', 'reject', notice);
    expect(outcome(alliance.answer('bolt', 'reject', notice))).toBe('taken');
    alliance.days(30);
    expect(codeOf(alliance.depart('bolt', notice))).toBe('proposal_unknown');
    alliance.propose('bolt', { kind: 'exit', member: alliance.iss('bolt') });
    alliance.propose('acme', { kind: 'expel', member: alliance.iss('bolt') });
    alliance.answer('crane');
    expect(alliance.membership.proposals.size).toBe(0);
  });

  test('is not for the last member, nor for the last that may validate', () => {
    const solo = new SampleAlliance({ names: ['acme'] });
    expect(codeOf(solo.propose('acme', { kind: 'exit', member: solo.iss('acme') }))).toBe(
      'no_members',
    );
    const pair = new SampleAlliance({
      names: ['acme', 'bolt'],
      founders: { bolt: { kind: 'auditor' } },
    });
    expect(codeOf(pair.propose('acme', { kind: 'exit', member: pair.iss('acme') }))).toBe(
      'charter_contradiction',
    );
    expect(outcome(pair.propose('bolt', { kind: 'exit', member: pair.iss('bolt') }))).toBe('taken');
  });
});

describe('expulsion', () => {
  test('needs all but the expelled, who is not asked, and is marked', () => {
    const alliance = new SampleAlliance();
    const expel: Change = { kind: 'expel', member: alliance.iss('bolt') };
    expect(codeOf(alliance.propose('bolt', expel))).toBe('not_allowed');
    expect(outcome(alliance.propose('acme', expel))).toBe('taken');
    expect(codeOf(alliance.answer('bolt', 'reject'))).toBe('not_allowed');
    const proposalId = alliance.proposalId;
    const leafIndex = alliance.leafIndex;
    expect(outcome(alliance.answer('crane'))).toBe('effect expel');
    const use = { kind: 'expulsion', member: alliance.iss('bolt'), proposalId, leafIndex };
    expect(alliance.membership.exceptions).toEqual([use]);
    expect(activeKeys(alliance.membership, 'member')).toHaveLength(2);
  });

  test('is not of strangers, and not by one member alone', () => {
    const alliance = new SampleAlliance();
    const stranger: Change = { kind: 'expel', member: 'https://stranger.example' };
    expect(codeOf(alliance.propose('acme', stranger))).toBe('not_allowed');
    const pair = new SampleAlliance({ names: ['acme', 'bolt'] });
    expect(codeOf(pair.propose('acme', { kind: 'expel', member: pair.iss('bolt') }))).toBe(
      'not_allowed',
    );
  });
});
