import { describe, expect, test } from 'vitest';
import { outcome } from '../../support/membership-outcome.ts';
import { codeOf } from '../../support/result-code.ts';
import { SampleAlliance, UNEVIDENCED } from '../../support/sample-alliance.ts';

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
