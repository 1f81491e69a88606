import { describe, expect, test } from 'vitest';
import {
  type Membership,
  policyOfMembership,
  previewOf,
} from '../../../device-sdk/formats/membership.ts';
import type { Proposal } from '../../../device-sdk/formats/proposal.ts';
import { formatPolicy, parsePolicy } from '../../../device-sdk/formats/tlog-policy.ts';
import { type AllianceOptions, SampleAlliance } from '../../support/sample-alliance.ts';
import { sampleSigner } from '../../support/sample-members.ts';

const ORIGIN = 'ledger.example/rice/00';

/** What a policy of a size asks for, by names and keys. */
function asked(membership: Membership, size?: number) {
  const policy = policyOfMembership(membership, ORIGIN, size === undefined ? {} : { size });
  return {
    logs: policy.logs.map(({ key }) => key.key),
    cosigners: policy.witnesses.map(({ name }) => name),
    threshold: policy.groups[0]?.threshold,
  };
}

function rotated(options: AllianceOptions = {}): { alliance: SampleAlliance; leaf: number } {
  const alliance = new SampleAlliance(options);
  alliance.propose('acme', alliance.rotation('acme', 'log', 'acme second log'));
  alliance.answer('bolt');
  const leaf = alliance.leafIndex;
  alliance.answer('crane');
  return { alliance, leaf };
}

describe('the policy of a membership', () => {
  test('lists the active keys, and is one that others read', () => {
    const { alliance } = rotated();
    const policy = policyOfMembership(alliance.membership, ORIGIN);
    expect(policy.logs[0]?.key.name).toBe(ORIGIN);
    expect(policy.witnesses.map(({ name }) => name)).toEqual([
      'acme.example/witness',
      'bolt.example/witness',
      'crane.example/witness',
    ]);
    expect(policy.groups[0]?.threshold).toBe(2);
    expect(parsePolicy(formatPolicy(policy))).toEqual({ ok: true, value: policy });
  });

  test('of a size lists the keys that vouch for it: the tree with the change is the new keys’', () => {
    const { alliance, leaf } = rotated();
    const first = alliance.charter.founders[0]!.logKey.x;
    const second = sampleSigner('acme second log').key.x;
    expect(asked(alliance.membership, leaf).logs).toContainEqual(first);
    expect(asked(alliance.membership, leaf).logs).not.toContainEqual(second);
    expect(asked(alliance.membership, leaf + 1).logs).toContainEqual(second);
    expect(asked(alliance.membership, leaf + 1).logs).not.toContainEqual(first);
    expect(asked(alliance.membership)).toEqual(asked(alliance.membership, leaf + 1));
  });

  test('follows who came and went, by the terms of that size', () => {
    const terms = { quorum: 'two-thirds' as const };
    const alliance = new SampleAlliance({ names: ['acme', 'bolt', 'crane', 'delta'], terms });
    alliance.propose('acme', { kind: 'expel', member: alliance.iss('delta') });
    for (const by of ['bolt', 'crane']) alliance.answer(by);
    const left = alliance.leafIndex;
    const changed = { ...alliance.membership.terms, quorum: 1 };
    alliance.propose('acme', { kind: 'charter', terms: changed });
    for (const by of ['bolt', 'crane']) alliance.answer(by);
    const { membership } = alliance;
    expect(asked(membership, left - 1)).toMatchObject({ threshold: 3 });
    expect(asked(membership, left - 1).cosigners).toContain('delta.example/witness');
    expect(asked(membership, left)).toMatchObject({ threshold: 3 });
    expect(asked(membership, left).cosigners).not.toContain('delta.example/witness');
    expect(asked(membership)).toMatchObject({ threshold: 1 });
  });

  test('never asks for more cosigners than there are', () => {
    const alliance = new SampleAlliance({ terms: { quorum: 3 } });
    alliance.propose('crane', { kind: 'exit', member: alliance.iss('crane') });
    for (const by of ['acme', 'bolt']) alliance.answer(by);
    expect(asked(alliance.membership)).toMatchObject({ threshold: 2 });
  });
});

describe('a preview', () => {
  const alliance = new SampleAlliance();
  const { membership } = alliance;
  const by = alliance.iss('acme');
  const words = (change: Proposal['change'], epoch = 0) =>
    previewOf(membership, { by, proposal: { logTimeMs: 0, epoch, reason: 'why', change } });

  test('says what an admission changes and who has to sign', () => {
    const lines = words(alliance.admission('delta'));
    expect(lines[0]).toBe('delta (https://delta.example) becomes a member, kind participant.');
    expect(lines).toContain('Members: 3 → 4');
    expect(lines).toContain('Cosigners a checkpoint needs: 2 of 3 → 2 of 4');
    expect(lines).toContain('Validators: 3 → 4');
    expect(lines).toContain('Reason: why');
    expect(lines.at(-1)).toBe(
      'Still to sign: bolt (https://bolt.example), crane (https://crane.example)',
    );
  });

  test('says which terms change, old and new', () => {
    const terms = { ...membership.terms, quorum: 'two-thirds' as const, retentionDays: 9 };
    const lines = words({ kind: 'charter', terms });
    expect(lines.slice(0, 2).toSorted()).toEqual([
      'quorum: 2 → "two-thirds"',
      'retentionDays: 365 → 9',
    ]);
    expect(words({ kind: 'charter', terms: membership.terms })[0]).toContain('stay as they are');
  });

  test('says what leaving does, and that expelling is an exception', () => {
    expect(words({ kind: 'exit', member: by })).toContain(
      'Validators: 3 → 2, so no fault of a validator is tolerated',
    );
    const lines = words({ kind: 'expel', member: alliance.iss('bolt') });
    expect(lines[0]).toContain('recorded as an exception');
    expect(lines.at(-1)).toBe('Still to sign: crane (https://crane.example)');
  });

  test('says which key replaces which, and when nobody else is asked', () => {
    const change = alliance.rotation('acme', 'log', 'second');
    expect(words(change)[0]).toMatch(/^The log key of acme .*: [0-9a-f]{64} → [0-9a-f]{64}$/);
    const { retire, member } = alliance.rotation('acme', 'gateway', 'x');
    const lines = words({ kind: 'key', member, role: 'gateway', retire, add: null, proof: null });
    expect(lines[0]).toMatch(/→ none$/);
    expect(lines.at(-1)).toContain('alone');
  });

  test('follows an open proposal, and says when one is void', () => {
    const asked = new SampleAlliance();
    asked.propose('bolt', { kind: 'exit', member: asked.iss('bolt') });
    const open = () => [...asked.membership.proposals.values()][0]!;
    asked.answer('acme');
    expect(previewOf(asked.membership, open()).at(-1)).toBe(
      'Still to sign: crane (https://crane.example)',
    );
    asked.answer('crane', 'reject');
    expect(previewOf(asked.membership, open()).at(-1)).toContain('rejected');
    expect(words({ kind: 'exit', member: by }, 7)).toContain(
      'Void: made at epoch 7, the ledger is at 0.',
    );
    const solo = new SampleAlliance({ names: ['acme'] });
    const change = solo.admission('bolt');
    const proposal = { logTimeMs: 0, epoch: 0, reason: 'why', change };
    expect(previewOf(solo.membership, { by, proposal }).at(-1)).toContain('at once');
  });
});
