import { describe, expect, test } from 'vitest';
import { keyThumbprint } from '../../../device-sdk/formats/cose-key.ts';
import { makeKeyProof } from '../../../device-sdk/formats/key-proof.ts';
import { MEDIA_PROPOSAL, MEDIA_REGISTRATION } from '../../../device-sdk/formats/media-types.ts';
import {
  activeKey,
  activeKeys,
  awaited,
  distinctOrganisations,
  grantKey,
  isInForce,
  isMembershipType,
  type MembershipResult,
  proposalKey,
  termsAt,
  validators,
} from '../../../device-sdk/formats/membership.ts';
import type { Change } from '../../../device-sdk/formats/proposal.ts';
import { ENDPOINT, SampleAlliance } from '../../support/sample-alliance.ts';
import { sampleSigner } from '../../support/sample-members.ts';

function codeOf(result: MembershipResult): string | null {
  return result.ok ? null : result.code;
}

/** What happened: `effect`, or that it was taken without one, or the code of the refusal. */
function outcome(result: MembershipResult): string {
  if (!result.ok) return result.code;
  return result.value.effect === null ? 'taken' : `effect ${result.value.effect.kind}`;
}

const UNEVIDENCED = { legalId: { scheme: 'none', value: '', evidence: null } } as const;

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

describe('admission', () => {
  const alliance = new SampleAlliance();
  const first = alliance.charter.founders[0]!;
  const admit = (change: Change) => codeOf(alliance.propose('acme', change));

  test.each([
    ['the issuer', { iss: first.iss }],
    ['the cosigner name', { cosignerName: first.cosignerName }],
  ])('needs %s to be free', (_, changes) => {
    expect(admit(alliance.admission('delta', changes))).toBe('charter_contradiction');
  });

  test('needs a legal-entity id to be free', () => {
    const legalId = { scheme: 'lei', value: '5493001KJTIIGC8Y1R12', evidence: null } as const;
    const others = new SampleAlliance({ founders: { bolt: { legalId } } });
    expect(codeOf(others.propose('acme', others.admission('delta', { legalId })))).toBe(
      'charter_contradiction',
    );
    const other = { ...legalId, value: '5493001KJTIIGC8Y1R99' };
    expect(outcome(others.propose('acme', others.admission('delta', { legalId: other })))).toBe(
      'taken',
    );
  });

  test('needs keys that nobody ever registered, devices included', () => {
    const others = new SampleAlliance();
    const change = others.admission('delta');
    others.deviceKids.push(sampleSigner('delta node').kid);
    expect(codeOf(others.propose('acme', change))).toBe('key_in_use');
    const kept = others.deviceKids.pop()!;
    expect(outcome(others.propose('acme', change))).toBe('taken');
    others.answer('bolt');
    // In use since: what was possible when it was proposed is asked again.
    others.deviceKids.push(kept);
    expect(codeOf(others.answer('crane'))).toBe('key_in_use');
    expect(others.membership.epoch).toBe(0);
    others.deviceKids.pop();
    expect(outcome(others.answer('crane'))).toBe('effect admit');
  });

  test('needs keys that no member has or had, and one key a use', () => {
    const rotated = new SampleAlliance();
    rotated.propose('acme', rotated.rotation('acme', 'log', 'acme second log'));
    for (const by of ['bolt', 'crane']) rotated.answer(by);
    const { member, endpoint, proofs } = rotated.applicant('delta');
    const stolen = (changes: object): Change => {
      return { kind: 'admit', member: { ...member, ...changes }, endpoint, proofs };
    };
    const founder = rotated.charter.founders[0]!;
    expect(codeOf(rotated.propose('acme', stolen({ logKey: founder.logKey })))).toBe('key_in_use');
    expect(codeOf(rotated.propose('acme', stolen({ logKey: member.cosigningKey })))).toBe(
      'key_in_use',
    );
  });

  test('needs every key to prove itself, for this record and this ledger', () => {
    const { member, endpoint, proofs } = alliance.applicant('delta');
    const admitted = (changes: object): Change => {
      return { kind: 'admit', member, endpoint, proofs, ...changes } as Change;
    };
    expect(admit(admitted({ proofs: proofs.slice(1) }))).toBe('proof');
    expect(admit(admitted({ proofs: [...proofs].reverse() }))).toBe('proof');
    expect(admit(admitted({ member: { ...member, name: 'Another' } }))).toBe('proof');
    const elsewhere = alliance.applicant('delta', {}, new Uint8Array(32));
    expect(admit({ kind: 'admit', ...elsewhere })).toBe('proof');
    const founding = alliance.applicant('delta', {}, null);
    expect(admit({ kind: 'admit', ...founding })).toBe('proof');
  });

  test('of a validator needs a node key, of an auditor none', () => {
    expect(admit(alliance.admission('delta', { nodeKey: null }))).toBe('charter_contradiction');
    const auditor = alliance.admission('delta', { nodeKey: null, kind: 'auditor' });
    expect(admit(auditor)).toBe(null);
  });
});

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

describe('a silent member', () => {
  const names = ['acme', 'bolt', 'crane', 'delta'];

  function asked(options: ConstructorParameters<typeof SampleAlliance>[0] = {}): SampleAlliance {
    const alliance = new SampleAlliance({ names, ...options });
    alliance.propose('acme', alliance.rotation('acme', 'log', 'new log'));
    return alliance;
  }

  test('counts as excepted once two thirds of the other organisations say so, after the term', () => {
    const alliance = asked();
    alliance.answer('bolt');
    alliance.answer('crane');
    alliance.days(13.99);
    expect(codeOf(alliance.except('acme', 'delta'))).toBe('term_running');
    alliance.days(0.01);
    const proposalId = alliance.proposalId;
    expect(outcome(alliance.except('acme', 'delta'))).toBe('taken');
    expect(codeOf(alliance.except('acme', 'delta'))).toBe('answered');
    const leafIndex = alliance.leafIndex;
    expect(outcome(alliance.except('bolt', 'delta'))).toBe('effect key');
    const use = { kind: 'silent', member: alliance.iss('delta'), proposalId, leafIndex };
    expect(alliance.membership.exceptions).toEqual([use]);
  });

  test('still counts when the exception came before the last approval', () => {
    const alliance = asked();
    alliance.answer('bolt');
    alliance.days(14);
    for (const by of ['acme', 'bolt']) alliance.except(by, 'delta');
    expect(alliance.membership.epoch).toBe(0);
    expect(outcome(alliance.answer('crane'))).toBe('effect key');
    expect(alliance.membership.exceptions).toHaveLength(1);
  });

  test('that speaks up late is heard', () => {
    const rejecting = asked();
    rejecting.answer('bolt');
    rejecting.days(14);
    for (const by of ['acme', 'bolt']) rejecting.except(by, 'delta');
    expect(outcome(rejecting.answer('delta', 'reject'))).toBe('taken');
    expect(rejecting.membership.proposals.size).toBe(0);
    const approving = asked();
    approving.answer('bolt');
    approving.days(14);
    approving.except('acme', 'delta');
    approving.answer('delta');
    expect(codeOf(approving.except('bolt', 'delta'))).toBe('not_silent');
    expect(outcome(approving.answer('crane'))).toBe('effect key');
    expect(approving.membership.exceptions).toEqual([]);
  });

  test('is named by others, who are asked as well', () => {
    const alliance = asked();
    alliance.days(14);
    expect(codeOf(alliance.except('delta', 'delta'))).toBe('not_allowed');
    expect(codeOf(alliance.except('acme', 'stranger'))).toBe('not_allowed');
    expect(codeOf(alliance.except('acme', 'delta', new Uint8Array(32)))).toBe('proposal_unknown');
    alliance.answer('acme', 'reject');
    alliance.propose('acme', { kind: 'expel', member: alliance.iss('bolt') });
    alliance.days(14);
    expect(codeOf(alliance.except('acme', 'bolt'))).toBe('not_allowed');
    expect(codeOf(alliance.except('bolt', 'delta'))).toBe('not_allowed');
    alliance.answer('crane');
    expect(outcome(alliance.except('acme', 'delta'))).toBe('taken');
    // Of acme and crane, two thirds are both: the expelled is not among them.
    expect(outcome(alliance.except('crane', 'delta'))).toBe('effect expel');
    expect(alliance.membership.exceptions.map(({ kind }) => kind)).toEqual(['silent', 'expulsion']);
  });

  test('is not passed over without every other regulator', () => {
    const alliance = asked({ founders: { crane: { kind: 'regulator', nodeKey: null } } });
    alliance.answer('bolt');
    alliance.answer('crane');
    alliance.days(14);
    for (const by of ['acme', 'bolt']) expect(outcome(alliance.except(by, 'delta'))).toBe('taken');
    expect(outcome(alliance.except('crane', 'delta'))).toBe('effect key');
  });

  test('that is the regulator itself is passed over by the others', () => {
    const alliance = asked({ founders: { delta: { kind: 'regulator', nodeKey: null } } });
    alliance.answer('bolt');
    alliance.answer('crane');
    alliance.days(14);
    alliance.except('acme', 'delta');
    expect(outcome(alliance.except('bolt', 'delta'))).toBe('effect key');
  });

  test('is passed over by organisations that showed who they are, and by no others', () => {
    const some = asked({ founders: { bolt: UNEVIDENCED, crane: UNEVIDENCED } });
    some.answer('bolt');
    some.answer('crane');
    some.days(14);
    for (const by of ['bolt', 'crane']) expect(outcome(some.except(by, 'delta'))).toBe('taken');
    expect(outcome(some.except('acme', 'delta'))).toBe('effect key');
    const founders = { acme: UNEVIDENCED, bolt: UNEVIDENCED, crane: UNEVIDENCED };
    const none = asked({ founders });
    none.answer('bolt');
    none.answer('crane');
    none.days(14);
    for (const by of ['acme', 'bolt', 'crane']) {
      expect(outcome(none.except(by, 'delta'))).toBe('taken');
    }
    expect(none.membership.epoch).toBe(0);
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

describe('a key', () => {
  test.each(['member', 'log', 'cosigner', 'node'] as const)('of role %s is replaced', (role) => {
    const alliance = new SampleAlliance();
    const change = alliance.rotation('bolt', role, `second ${role}`);
    expect(outcome(alliance.propose('bolt', change))).toBe('taken');
    alliance.answer('acme');
    const leaf = alliance.leafIndex;
    expect(outcome(alliance.answer('crane'))).toBe('effect key');
    const keys = alliance.membership.keys.filter(
      (key) => key.iss === alliance.iss('bolt') && key.role === role,
    );
    expect(keys.map(({ fromLeaf, untilLeaf }) => [fromLeaf, untilLeaf])).toEqual([
      [0, leaf],
      [leaf, null],
    ]);
    expect(activeKey(alliance.membership, alliance.iss('bolt'), role)?.key).toEqual(change.add);
    expect(alliance.membership.keys.at(-1)).toBe(keys[1]);
  });

  test('is changed by its own member alone, one for one', () => {
    const alliance = new SampleAlliance();
    const log = alliance.rotation('bolt', 'log', 'second log');
    expect(codeOf(alliance.propose('acme', log))).toBe('not_allowed');
    const { kid } = activeKey(alliance.membership, alliance.iss('acme'), 'log')!;
    expect(codeOf(alliance.propose('bolt', { ...log, retire: kid }))).toBe('not_allowed');
    expect(codeOf(alliance.propose('bolt', { ...log, retire: null }))).toBe('not_allowed');
    for (const role of ['member', 'log', 'cosigner', 'node'] as const) {
      const { retire, member } = alliance.rotation('bolt', role, 'x');
      const change: Change = { kind: 'key', member, role, retire, add: null, proof: null };
      expect(codeOf(alliance.propose('bolt', change))).toBe('not_allowed');
    }
    expect(codeOf(alliance.propose('bolt', alliance.addition('bolt', 'node', 'x')))).toBe(
      'not_allowed',
    );
  });

  test('that was ever registered never comes again', () => {
    const alliance = new SampleAlliance({ names: ['acme'] });
    alliance.propose('acme', alliance.rotation('acme', 'log', 'second log'));
    expect(codeOf(alliance.propose('acme', alliance.rotation('acme', 'log', 'second log')))).toBe(
      'key_in_use',
    );
    const { logKey: first } = alliance.charter.founders[0]!;
    const back = { ...alliance.rotation('acme', 'log', 'third log'), add: first };
    expect(codeOf(alliance.propose('acme', back))).toBe('key_in_use');
    alliance.deviceKids.push(sampleSigner('fourth log').kid);
    expect(codeOf(alliance.propose('acme', alliance.rotation('acme', 'log', 'fourth log')))).toBe(
      'key_in_use',
    );
  });

  test('proves itself for this member, role and ledger', () => {
    const alliance = new SampleAlliance();
    const change = alliance.rotation('bolt', 'log', 'second log');
    const { proof: ofOther } = alliance.rotation('acme', 'log', 'second log');
    const { proof: ofRole } = alliance.rotation('bolt', 'cosigner', 'second log');
    const { proof: ofKey } = alliance.rotation('bolt', 'log', 'third log');
    const elsewhere = new SampleAlliance({ names: ['bolt'] }).rotation('bolt', 'log', 'second log');
    for (const proof of [ofOther, ofRole, ofKey, elsewhere.proof]) {
      expect(codeOf(alliance.propose('bolt', { ...change, proof }))).toBe('proof');
    }
    expect(codeOf(alliance.propose('bolt', change))).toBe(null);
  });

  test('outside the acceptance set is not registered', () => {
    const alliance = new SampleAlliance();
    const x = Uint8Array.of(1, ...new Uint8Array(31));
    const add = { kty: 'OKP', crv: 'Ed25519', x } as const;
    const signer = { ...sampleSigner('any'), key: add, kid: keyThumbprint(add) };
    const iss = alliance.iss('bolt');
    const terms = { iss, role: 'log', ledgerId: alliance.ledgerId, record: null } as const;
    const change = alliance.rotation('bolt', 'log', 'any');
    const proof = makeKeyProof(signer, terms);
    expect(codeOf(alliance.propose('bolt', { ...change, add, proof }))).toBe('key_invalid');
  });

  test('of a node comes and goes where its member does not validate', () => {
    const alliance = new SampleAlliance({ founders: { bolt: { kind: 'auditor' } } });
    const { retire, member } = alliance.rotation('bolt', 'node', 'x');
    alliance.propose('bolt', { kind: 'key', member, role: 'node', retire, add: null, proof: null });
    alliance.answer('acme');
    expect(outcome(alliance.answer('crane'))).toBe('effect key');
    expect(activeKey(alliance.membership, member, 'node')).toBe(null);
    expect(outcome(alliance.propose('bolt', alliance.addition('bolt', 'node', 'x')))).toBe('taken');
  });

  test('of a gateway is added and exchanged with all, and retired by its owner alone', () => {
    const alliance = new SampleAlliance();
    alliance.propose('bolt', alliance.addition('bolt', 'gateway', 'second gateway'));
    alliance.answer('acme');
    expect(outcome(alliance.answer('crane'))).toBe('effect key');
    alliance.propose('acme', alliance.admission('delta'));
    const waiting = alliance.proposalId;
    const { retire, member } = alliance.rotation('bolt', 'gateway', 'x');
    const change: Change = { kind: 'key', member, role: 'gateway', retire, add: null, proof: null };
    expect(codeOf(alliance.propose('acme', change))).toBe('not_allowed');
    const leaf = alliance.leafIndex;
    const done = alliance.propose('bolt', change);
    expect(outcome(done)).toBe('effect key');
    expect(done.ok && done.value.effect).toMatchObject({ added: [], ended: [{ kid: retire }] });
    const own = activeKeys(alliance.membership, 'gateway').filter(({ iss }) => iss === member);
    expect(own.map(({ kid }) => kid)).toEqual([sampleSigner('second gateway').kid]);
    expect(alliance.membership.epoch).toBe(1);
    expect(alliance.membership.keys.find(({ kid }) => kid === own[0]?.kid)?.untilLeaf).toBe(null);
    expect(alliance.membership.keys.filter(({ untilLeaf }) => untilLeaf === leaf)).toHaveLength(1);
    expect(codeOf(alliance.propose('bolt', change))).toBe('not_allowed');
    expect(outcome(alliance.answer('bolt', 'approve', waiting))).toBe('taken');
    const exchange = alliance.rotation('bolt', 'gateway', 'third gateway');
    expect(outcome(alliance.propose('bolt', exchange))).toBe('taken');
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
