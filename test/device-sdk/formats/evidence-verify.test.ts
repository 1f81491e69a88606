import { describe, expect, it } from 'vitest';
import { encodeEvidence } from '../../../device-sdk/formats/evidence.ts';
import type { Report } from '../../../device-sdk/formats/evidence-report.ts';
import { type EvidenceTrust, verifyEvidence } from '../../../device-sdk/formats/verify-evidence.ts';
import { backends, nodeVerify } from '../../support/native-verify.ts';
import { SampleLedger, smallLedger } from '../../support/sample-ledger.ts';

function verify(bytes: Uint8Array, trust: EvidenceTrust): Report {
  return verifyEvidence(bytes, trust, nodeVerify);
}

describe('verifyEvidence', () => {
  const { ledger, leaves, batchLeaf } = smallLedger();
  const leaf = leaves[1]!;
  const file = ledger.evidenceFile(leaf);

  it.each(backends)('verifies under policy and under ledger id, with %s', (_, native) => {
    const byPolicy = verifyEvidence(file, { policy: ledger.policy }, native);
    const byId = verifyEvidence(file, { ledgerId: ledger.ledgerId }, native);
    expect(byPolicy).toMatchObject({ verdict: 'verified', trust: 'policy' });
    expect(byId).toMatchObject({ verdict: 'verified', trust: 'ledger-id' });
    expect(byId).toEqual(verify(file, { ledgerId: ledger.ledgerId }));
  });

  it('says what it read', () => {
    const report = verify(file, { policy: ledger.policy });
    expect(report.ledger).toMatchObject({ origin: ledger.origin, mode: 'solo', size: 5 });
    expect(report.statement).toMatchObject({ kind: 'readings', leafIndex: leaf, seq: 2 });
    expect(report.content?.readings).toEqual([
      { name: 'temp', kind: 'reading', unit: 'Cel', value: 4.3, timeMs: expect.any(Number) },
    ]);
    expect(report.grade).toMatchObject({ origin: 2, fact: 'observed', gateway: 'acme', batchLeaf });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('without trust says so, however well the file fits together', () => {
    const report = verify(file, {});
    expect(report).toMatchObject({ verdict: 'self-consistent', trust: 'none' });
    expect(report.proved).toEqual([
      'The file is consistent with itself, vouched for by nobody you trust.',
    ]);
    expect(report.notProved[0]).toContain('anyone can found a ledger');
  });

  it('always says what is not proved', () => {
    const doubts = verify(file, { policy: ledger.policy }).notProved.join('\n');
    expect(doubts).toContain('A signature says who signed, not that the value is true');
    expect(doubts).toContain('never exceeds origin 2');
    expect(doubts).toContain('one party’s word');
    expect(doubts).toContain('later revocation');
    expect(doubts).toContain('completeness');
    expect(verify(file.subarray(1), {}).notProved).toHaveLength(1);
  });

  it('takes sealed content for sealed', () => {
    const report = verify(ledger.evidenceFile(leaf, { content: null }), { policy: ledger.policy });
    expect(report).toMatchObject({ verdict: 'verified', content: { disclosed: false } });
    expect(report.notProved.join('\n')).toContain('does not disclose it');
  });

  it('proves governance and batches too', () => {
    const kinds = [0, 1, batchLeaf].map(
      (index) => verify(ledger.evidenceFile(index), { policy: ledger.policy }).statement?.kind,
    );
    expect(kinds).toEqual(['charter', 'registration', 'batch']);
  });

  it('verifies ES256 devices, an alliance, and a key that was rotated and later revoked', () => {
    const alliance = new SampleLedger({ members: ['acme', 'bolt', 'crane'], quorum: 2 });
    alliance.accept();
    const device = alliance.device('7', -7);
    alliance.register(device);
    alliance.rotate(device);
    const [first] = alliance.batch([alliance.readings(device, [1, 2])]).leaves;
    const revokedAt = alliance.revoke(device);
    const trust = { ledgerId: alliance.ledgerId };
    const report = verify(alliance.evidenceFile(first!), trust);
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.statement?.device?.keyEnded).toEqual({ how: 'revoked', leaf: revokedAt });
    expect(report.ledger?.cosigners).toHaveLength(3);
    const two = alliance.checkpoint({ cosigners: ['acme', 'crane'] });
    const atQuorum = alliance.evidenceFile(first!, { checkpoint: two });
    expect(verify(atQuorum, trust).verdict).toBe('verified');
  });

  it('is as short when it fails: nothing of the file is shown', () => {
    const report = verify(ledger.evidenceFile(leaf, { content: new Uint8Array(9) }), {});
    expect(report).toMatchObject({ verdict: 'failed', proved: [], statement: null, ledger: null });
  });

  it('answers any bytes without throwing', () => {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0xa0), file.subarray(0, 99)]) {
      expect(verify(bytes, {}).verdict).toBe('failed');
    }
  });

  it('counts a cosigner who signed twice once', () => {
    const alliance = new SampleLedger({ members: ['acme', 'bolt'], quorum: 2 });
    const line = alliance.checkpoint({ cosigners: ['acme'] });
    const twice = line + line.slice(line.lastIndexOf('— '));
    const report = verify(encodeEvidence({ ...alliance.evidence(0), checkpoint: twice }), {
      ledgerId: alliance.ledgerId,
    });
    expect(report.checks.filter(({ ok }) => !ok).map(({ id }) => id)).toContain('quorum');
  });
});
