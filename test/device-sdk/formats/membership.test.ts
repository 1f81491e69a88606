import { describe, expect, test } from 'vitest';
import { MEDIA_PROPOSAL, MEDIA_REGISTRATION } from '../../../device-sdk/formats/media-types.ts';
import {
  activeKey,
  activeKeys,
  distinctOrganisations,
  grantKey,
  isMembershipType,
  termsAt,
  validators,
} from '../../../device-sdk/formats/membership.ts';
import type { Change } from '../../../device-sdk/formats/proposal.ts';
import { outcome } from '../../support/membership-outcome.ts';
import { codeOf } from '../../support/result-code.ts';
import { ENDPOINT, SampleAlliance, UNEVIDENCED } from '../../support/sample-alliance.ts';

describe('a founded membership', () => {
  const alliance = new SampleAlliance();
  const { membership, charter } = alliance;

  test('is what the charter lists, in its order', () => {
    expect([...membership.members.keys()]).toEqual(charter.founders.map(({ iss }) => iss));
    expect(membership.keys[0]).toMatchObject({
      role: 'member',
      key: charter.founders[0]!.memberKey,
    });
    expect(membership.keys.map(({ role }) => role).slice(0, 5)).toEqual([
      'member',
      'log',
      'cosigner',
      'node',
      'gateway',
    ]);
    expect(membership).toMatchObject({ epoch: 0, exceptions: [], formerMembers: [] });
    expect(membership.terms).toEqual(termsAt(membership, 1));
    expect(membership.terms).not.toHaveProperty('founders');
  });

  test('answers who has which key, who votes and who is evidenced', () => {
    const iss = alliance.iss('bolt');
    expect(activeKey(membership, iss, 'log')?.key).toEqual(charter.founders[1]!.logKey);
    expect(activeKey(membership, 'https://nobody.example', 'log')).toBe(null);
    expect(activeKeys(membership, 'gateway')).toHaveLength(3);
    expect(validators(membership).map((key) => key.iss)).toEqual([...membership.members.keys()]);
    const others = new SampleAlliance({ founders: { bolt: { ...UNEVIDENCED, kind: 'auditor' } } });
    expect(distinctOrganisations(others.membership)).toHaveLength(2);
    expect(validators(others.membership)).toHaveLength(2);
  });
});

describe('who may speak', () => {
  test('is a member, about its ledger, in a format of this fold', () => {
    const alliance = new SampleAlliance();
    const exit: Change = { kind: 'exit', member: alliance.iss('acme') };
    expect(codeOf(alliance.propose('stranger', exit))).toBe('not_a_member');
    expect(codeOf(alliance.send('acme', MEDIA_PROPOSAL, Uint8Array.of(0xa0)))).toBe('malformed');
    expect(codeOf(alliance.send('acme', MEDIA_PROPOSAL, Uint8Array.of(0xa0), 'other'))).toBe(
      'not_allowed',
    );
    expect(codeOf(alliance.send('acme', MEDIA_REGISTRATION, Uint8Array.of(0xa0)))).toBe(
      'malformed',
    );
    expect(isMembershipType(MEDIA_PROPOSAL)).toBe(true);
    expect(isMembershipType(MEDIA_REGISTRATION)).toBe(false);
  });

  test('is nobody who left', () => {
    const alliance = new SampleAlliance();
    alliance.propose('crane', { kind: 'exit', member: alliance.iss('crane') });
    alliance.answer('acme');
    expect(outcome(alliance.answer('bolt'))).toBe('effect exit');
    expect(codeOf(alliance.announce('crane', ENDPOINT))).toBe('not_a_member');
  });
});

describe('terms', () => {
  test('change with all, and hold from the next leaf on', () => {
    const alliance = new SampleAlliance();
    const { terms: old } = alliance.membership;
    const terms = { ...old, quorum: 'two-thirds' as const, answerTermDays: 7 };
    alliance.propose('acme', { kind: 'charter', terms });
    alliance.answer('bolt');
    const leaf = alliance.leafIndex;
    expect(outcome(alliance.answer('crane'))).toBe('effect charter');
    const { membership } = alliance;
    expect(membership.terms).toEqual(terms);
    expect(termsAt(membership, leaf)).toEqual(old);
    expect(termsAt(membership, leaf + 1)).toEqual(terms);
  });

  test('fit the members there are', () => {
    const alliance = new SampleAlliance({
      founders: { crane: { kind: 'regulator', nodeKey: null } },
    });
    const { terms } = alliance.membership;
    const code = (changes: object) =>
      codeOf(alliance.propose('acme', { kind: 'charter', terms: { ...terms, ...changes } }));
    expect(code({ quorum: 4 })).toBe('charter_contradiction');
    expect(code({ ruleApprovals: 4 })).toBe('charter_contradiction');
    expect(code({ validatorKinds: ['auditor'] })).toBe('charter_contradiction');
    expect(code({ validatorKinds: ['participant', 'regulator'] })).toBe('charter_contradiction');
    expect(code({ quorum: 3 })).toBe(null);
    expect(code({ mode: 'solo' })).toBe('not_allowed');
  });

  test('make an alliance of a solo ledger, before or after others come', () => {
    const change = ({ membership }: SampleAlliance): Change => {
      return { kind: 'charter', terms: { ...membership.terms, mode: 'alliance' } };
    };
    const alone = new SampleAlliance({ names: ['acme'] });
    expect(codeOf(alone.propose('acme', change(alone)))).toBe('charter_contradiction');
    expect(outcome(alone.propose('acme', alone.addition('acme', 'node', 'acme node')))).toBe(
      'effect key',
    );
    expect(outcome(alone.propose('acme', change(alone)))).toBe('effect charter');
    const more = new SampleAlliance({ names: ['acme'] });
    more.propose('acme', more.admission('bolt'));
    const solo: Change = { kind: 'charter', terms: more.membership.terms };
    expect(codeOf(more.propose('acme', solo))).toBe('charter_contradiction');
    more.propose('acme', more.addition('acme', 'node', 'acme node'));
    expect(outcome(more.answer('bolt'))).toBe('effect key');
    more.propose('bolt', change(more));
    expect(outcome(more.answer('acme'))).toBe('effect charter');
  });
});

describe('what needs no consent', () => {
  test('an endpoint is its member’s own and holds at once', () => {
    const alliance = new SampleAlliance();
    alliance.propose('acme', alliance.admission('delta'));
    expect(outcome(alliance.announce('bolt', ENDPOINT))).toBe('effect endpoint');
    const { members, epoch, proposals } = alliance.membership;
    expect([...members.values()].map(({ endpoint }) => endpoint)).toEqual([null, ENDPOINT, null]);
    expect([epoch, proposals.size]).toEqual([0, 1]);
  });

  const device = 'urn:dev:ops:32473-tg1-1';

  test('a grant opens one device to one member, the later one replacing the former', () => {
    const alliance = new SampleAlliance();
    const to = alliance.iss('bolt');
    const grantOf = () => alliance.membership.grants.get(grantKey(device, to));
    expect(outcome(alliance.grant('acme', { device, to }))).toBe('effect grant');
    const by = alliance.iss('acme');
    expect(grantOf()).toEqual({ device, by, to, fromLeaf: 0, untilLeaf: null });
    alliance.grant('acme', { device, to, fromLeaf: 5, untilLeaf: 9 });
    expect(grantOf()).toMatchObject({ fromLeaf: 5, untilLeaf: 9 });
    alliance.grant('acme', { device, to, fromLeaf: 5, untilLeaf: 5 });
    expect(grantOf()).toBe(undefined);
    alliance.grant('acme', { device, to });
    alliance.propose('bolt', { kind: 'exit', member: to });
    for (const name of ['acme', 'crane']) alliance.answer(name);
    expect(grantOf()).toBe(undefined);
  });

  test('a grant is its owner’s, to another member, about the device it names', () => {
    const alliance = new SampleAlliance();
    const to = alliance.iss('bolt');
    expect(codeOf(alliance.grant('acme', { device, to: alliance.iss('acme') }))).toBe(
      'not_allowed',
    );
    expect(codeOf(alliance.grant('acme', { device, to: 'https://x.example' }))).toBe('not_allowed');
    alliance.owners = (asked) => (asked === device ? alliance.iss('acme') : null);
    expect(codeOf(alliance.grant('crane', { device, to }))).toBe('not_allowed');
    expect(codeOf(alliance.grant('acme', { device: `${device}2`, to }))).toBe('not_allowed');
    expect(outcome(alliance.grant('acme', { device, to }))).toBe('effect grant');
  });
});
