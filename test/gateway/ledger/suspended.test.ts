import { isListable } from '@truegrain/device-sdk/formats/refusal.js';
import { describe, expect, test } from 'vitest';
import { applyGovernance } from '../../../gateway/ledger/apply-governance.ts';
import { LawRig } from '../../support/law-rig.ts';
import { statementOf } from '../../support/sample-members.ts';

const ACCEPTED = { kind: 'accept', late: false, fork: false, gap: false };
const REFUSED = { kind: 'refuse', code: 'suspended' };
const ACME = 'https://acme.example';

describe('a suspended device', () => {
  test('is refused so that its frame waits, and after reinstatement is as good as before', () => {
    const rig = new LawRig();
    const facts = rig.facts();
    expect(rig.judge(facts)).toEqual(ACCEPTED);
    expect(rig.order('suspend', 'device', rig.device.urn)).toBe('ok');
    expect(rig.judge(facts)).toEqual(REFUSED);
    expect(isListable('suspended')).toBe(false);
    expect(rig.batch([facts])).toBe('stale_batch');
    expect(rig.order('reinstate', 'device', rig.device.urn)).toBe('ok');
    expect(rig.judge(facts)).toEqual(ACCEPTED);
    expect(rig.batch([facts])).toBe('ok');
  });

  test('does not stop another, nor what was in the log before', () => {
    const rig = new LawRig();
    const other = rig.ledger.device('2');
    const leaf = rig.ledger.register(other);
    expect(applyGovernance(rig.state, statementOf(rig.ledger.entries[leaf]!)).ok).toBe(true);
    rig.order('suspend', 'device', other.urn);
    expect(rig.judge(rig.facts())).toEqual(ACCEPTED);
    expect(rig.judge(rig.facts([4], other))).toEqual(REFUSED);
  });
});

describe('a suspended member', () => {
  test('brings nothing by its devices and its gateway', () => {
    const rig = new LawRig();
    const facts = rig.facts();
    expect(rig.order('suspend', 'member', ACME)).toBe('ok');
    expect(rig.judge(facts)).toEqual(REFUSED);
    const refusals = [{ id: new Uint8Array(32), code: 'range' as const }];
    expect(rig.batch([], { refusals })).toBe('not_allowed');
    expect(rig.batch([], { refusals, by: 1 })).toBe('ok');
    expect(rig.batch([facts], { by: 1 })).toBe('stale_batch');
    rig.order('reinstate', 'member', ACME);
    expect(rig.batch([facts])).toBe('ok');
  });

  test('registers and rotates nothing, and revokes what was stolen', () => {
    const rig = new LawRig();
    rig.order('suspend', 'member', ACME);
    const { ledger, state } = rig;
    const { member } = ledger.members[0]!;
    const answered = (make: () => number) => {
      const before = { ...member };
      const key = { ...rig.device };
      const done = applyGovernance(state, statementOf(ledger.entries[make()]!));
      if (done.ok) return 'ok';
      Object.assign(member, before);
      Object.assign(rig.device, key);
      return done.code;
    };
    expect(answered(() => ledger.register(ledger.device('2')))).toBe('suspended');
    expect(answered(() => ledger.rotate(rig.device))).toBe('suspended');
    expect(rig.calibrate()).toBe('suspended');
    expect(answered(() => ledger.revoke(rig.device))).toBe('ok');
    rig.order('reinstate', 'member', ACME);
    expect(answered(() => ledger.register(ledger.device('2')))).toBe('ok');
  });
});

test('a vote that is played again is out of its signer’s sequence', () => {
  const rig = new LawRig();
  rig.rule();
  const [entry] = rig.ledger.entries.slice(-1);
  const replayed = applyGovernance(rig.state, statementOf(entry!));
  expect(replayed).toMatchObject({ ok: false, code: 'seq' });
});
