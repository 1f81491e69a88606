import { describe, expect, test } from 'vitest';
import { awaited, isInForce, proposalKey } from '../../../device-sdk/formats/membership.ts';
import type { Change } from '../../../device-sdk/formats/proposal.ts';
import { outcome } from '../../support/membership-outcome.ts';
import { codeOf } from '../../support/result-code.ts';
import { SampleAlliance } from '../../support/sample-alliance.ts';

describe('a proposal', () => {
  test('takes effect when the last of all has signed, and not before', () => {
    const alliance = new SampleAlliance();
    const before = alliance.membership;
    expect(outcome(alliance.propose('acme', alliance.admission('delta')))).toBe('taken');
    const open = alliance.membership.proposals.get(proposalKey(alliance.proposalId))!;
    expect(awaited(alliance.membership, open)).toEqual([
      alliance.iss('bolt'),
      alliance.iss('crane'),
    ]);
    expect(outcome(alliance.answer('bolt'))).toBe('taken');
    const leaf = alliance.leafIndex;
    const done = alliance.answer('crane');
    expect(outcome(done)).toBe('effect admit');
    const { membership } = alliance;
    expect(membership.members.get(alliance.iss('delta'))).toMatchObject({ sinceLeaf: leaf });
    expect(membership).toMatchObject({ epoch: 1, exceptions: [] });
    expect(membership.proposals.size).toBe(0);
    const keys = membership.keys.filter(({ iss }) => iss === alliance.iss('delta'));
    expect(done.ok && done.value.effect?.added).toEqual(keys);
    expect(keys.map((key) => isInForce(key, leaf))).toEqual(keys.map(() => false));
    expect(keys.map((key) => isInForce(key, leaf + 1))).toEqual(keys.map(() => true));
    expect(before.members.size).toBe(3);
    expect(before.proposals.size).toBe(0);
  });

  test('of an only member takes effect at once', () => {
    const solo = new SampleAlliance({ names: ['acme'] });
    expect(outcome(solo.propose('acme', solo.admission('bolt')))).toBe('effect admit');
    expect(outcome(solo.propose('acme', solo.admission('crane')))).toBe('taken');
  });

  test('ends with one rejection', () => {
    const alliance = new SampleAlliance();
    alliance.propose('acme', alliance.admission('delta'));
    const id = alliance.proposalId;
    expect(outcome(alliance.answer('bolt', 'reject'))).toBe('taken');
    expect(codeOf(alliance.answer('crane', 'approve', id))).toBe('proposal_unknown');
    expect(alliance.membership).toMatchObject({ epoch: 0 });
  });

  test('is answered once by a member, its proposer included, who may take it back', () => {
    const alliance = new SampleAlliance();
    alliance.propose('acme', alliance.admission('delta'));
    const id = alliance.proposalId;
    alliance.answer('bolt');
    expect(codeOf(alliance.answer('bolt'))).toBe('answered');
    expect(codeOf(alliance.answer('bolt', 'reject'))).toBe('answered');
    expect(codeOf(alliance.answer('acme'))).toBe('answered');
    expect(outcome(alliance.answer('acme', 'reject'))).toBe('taken');
    expect(codeOf(alliance.answer('crane', 'approve', id))).toBe('proposal_unknown');
    expect(codeOf(alliance.answer('acme', 'approve', new Uint8Array(32)))).toBe('proposal_unknown');
  });

  test('of another epoch is stale, and every effect voids the others', () => {
    const alliance = new SampleAlliance();
    expect(codeOf(alliance.propose('acme', alliance.admission('delta'), { epoch: 1 }))).toBe(
      'stale_proposal',
    );
    alliance.propose('acme', alliance.admission('delta'));
    const admission = alliance.proposalId;
    alliance.propose('bolt', alliance.rotation('bolt', 'log', 'new log'));
    const rotation = alliance.proposalId;
    for (const by of ['acme', 'crane']) alliance.answer(by, 'approve', rotation);
    expect(alliance.membership.epoch).toBe(1);
    expect(codeOf(alliance.answer('bolt', 'approve', admission))).toBe('proposal_unknown');
    expect(codeOf(alliance.propose('acme', alliance.admission('delta'), { epoch: 0 }))).toBe(
      'stale_proposal',
    );
  });

  test('is one of sixteen of its member at most', () => {
    const alliance = new SampleAlliance();
    const exit: Change = { kind: 'expel', member: alliance.iss('bolt') };
    for (let i = 0; i < 16; i++) expect(outcome(alliance.propose('acme', exit))).toBe('taken');
    expect(codeOf(alliance.propose('acme', exit))).toBe('not_allowed');
    alliance.answer('acme', 'reject');
    expect(outcome(alliance.propose('acme', exit))).toBe('taken');
    expect(outcome(alliance.answer('crane'))).toBe('effect expel');
    expect(alliance.membership.proposals.size).toBe(0);
  });
});
