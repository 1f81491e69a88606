import { describe, expect, test } from 'vitest';
import type { Change } from '../../../device-sdk/formats/proposal.ts';
import { outcome } from '../../support/membership-outcome.ts';
import { codeOf } from '../../support/result-code.ts';
import { SampleAlliance } from '../../support/sample-alliance.ts';
import { sampleSigner } from '../../support/sample-members.ts';

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
