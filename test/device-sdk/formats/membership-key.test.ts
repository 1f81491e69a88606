import { describe, expect, test } from 'vitest';
import { keyThumbprint } from '../../../device-sdk/formats/cose-key.ts';
import { makeKeyProof } from '../../../device-sdk/formats/key-proof.ts';
import { activeKey, activeKeys } from '../../../device-sdk/formats/membership.ts';
import type { Change } from '../../../device-sdk/formats/proposal.ts';
import { outcome } from '../../support/membership-outcome.ts';
import { codeOf } from '../../support/result-code.ts';
import { SampleAlliance } from '../../support/sample-alliance.ts';
import { sampleSigner } from '../../support/sample-members.ts';

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
