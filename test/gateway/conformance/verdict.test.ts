import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { describe, expect, it } from 'vitest';
import { SampleLedger } from '../../support/sample-ledger.ts';
import {
  type AllianceWishes,
  allianceLedger,
  announce,
  decide,
  endpointOf,
  evidenceOf,
  judge,
  outcomeOf,
} from './chain-samples.ts';

describe('the verdict', () => {
  it('an alliance of four evidenced organisations is an alliance chain', async () => {
    const report = await judge(allianceLedger(), { memory: { isOpen: true } });
    expect(report).toMatchObject({ verdict: 'alliance chain', presented: 4, evidenced: 4 });
    const failed = report.criteria.filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ id }) => id)).toEqual(['C-14']);
    expect(
      report.criteria.filter(({ outcome }) => outcome === 'not seen').map(({ id }) => id),
    ).toEqual(['C-13']);
  });

  it('without a token the same is said, and what was not seen is named', async () => {
    const ledger = allianceLedger();
    // The convener's registration is hidden from the public, and this comes after it.
    announce(ledger, 0, endpointOf('acme'));
    const report = await judge(ledger);
    expect(report.verdict).toBe('alliance chain');
    expect(outcomeOf(report, 'C-11')).toMatch(/^not seen/);
    expect(outcomeOf(report, 'C-17')).toMatch(/^not seen/);
    expect(outcomeOf(report, 'C-09')).toMatch(/^not seen/);
    expect(report.reasons.join()).toMatch(/C-11 not seen/);
  });

  it('a solo ledger is a private chain, whatever it says of its mode', async () => {
    const ledger = new SampleLedger();
    const report = await judge(ledger, { memory: { isOpen: true } });
    expect(report).toMatchObject({ verdict: 'private chain', presented: 1, evidenced: 0 });
    expect(report.reasons[0]).toBe('one member keeps it: acme (https://acme.example)');
    expect(report.reasons.join()).toMatch(/not an alliance chain: C-04 failed/);
    expect(report.reasons.join()).toMatch(
      /not an alliance chain: C-06 failed: acme could sign and cosign a second history/,
    );
  });

  it('an alliance whose others have left is a private chain, though its charter says alliance', async () => {
    const ledger = allianceLedger({
      names: ['acme', 'bolt'],
      quorum: 1,
      terms: { validatorKinds: ['participant', 'regulator'] },
    });
    const leaver = ledger.members[1]!.iss;
    decide(ledger, { by: 1, change: { kind: 'exit', member: leaver }, epoch: 0, approvers: [0] });
    const { policy } = ledger;
    const alone = {
      ...policy,
      logs: policy.logs.slice(0, 1),
      witnesses: policy.witnesses.slice(0, 1),
      groups: [{ ...policy.groups[0]!, members: policy.groups[0]!.members.slice(0, 1) }],
    };
    const report = await judge(ledger, { policy: alone });
    expect(ledger.charter.mode).toBe('alliance');
    expect(report).toMatchObject({ verdict: 'private chain', presented: 1 });
  });

  it.each<[string, AllianceWishes, RegExp]>([
    [
      'no evidence',
      { records: records((name) => ({ legalId: { ...evidenceOf(name), evidence: null } })) },
      /0 of them evidenced/,
    ],
    [
      'one evidence for all',
      {
        records: records((name) => ({
          legalId: { ...evidenceOf(name), evidence: sha256(new Uint8Array(1)) },
        })),
      },
      /1 of them evidenced/,
    ],
    [
      'legal ids that nobody gave out',
      {
        records: records((name) => ({
          legalId: { ...evidenceOf(name), value: `${evidenceOf(name).value.slice(0, 18)}00` },
        })),
      },
      /0 of them evidenced/,
    ],
    [
      'one host',
      { endpoints: endpoints(() => ({ http: 'https://all.example:8443', publicUrl: null })) },
      /1 of them evidenced/,
    ],
    [
      'one machine behind the engines',
      { endpoints: endpoints(() => ({ p2p: '203.0.113.7:26656' })) },
      /1 of them evidenced/,
    ],
    [
      'one certificate authority',
      { endpoints: endpoints(() => ({ ca: new Uint8Array(64).fill(5) })) },
      /1 of them evidenced/,
    ],
  ])('three keys in one hand are a pseudo-chain: %s', async (_name, wishes, why) => {
    const ledger = allianceLedger({ ...wishes, names: ['acme', 'bolt', 'cargo'], quorum: 2 });
    const report = await judge(ledger, { memory: { isOpen: true } });
    expect(report).toMatchObject({ verdict: 'pseudo-chain', presented: 3 });
    expect(outcomeOf(report, 'C-04')).toMatch(/^failed/);
    expect(outcomeOf(report, 'C-04')).toMatch(why);
    expect(outcomeOf(report, 'C-06')).toMatch(/^failed/);
    expect(report.reasons[0]).toBe('3 keepers are presented');
  });

  it('members on one machine with loopback addresses are told apart by evidence alone', async () => {
    const local = endpoints((name) => ({
      http: `https://127.0.0.1:${name.length}443`,
      p2p: '127.0.0.1:26656',
      publicUrl: 'http://localhost:8080',
    }));
    const ledger = allianceLedger({ endpoints: local });
    const report = await judge(ledger);
    expect(report).toMatchObject({ verdict: 'alliance chain', evidenced: 4 });
    const found = report.criteria.find(({ id }) => id === 'C-04');
    expect(found?.notSeen.filter((text) => text.includes('local or private'))).toHaveLength(4);
  });

  it('fewer organisations than the quorum needs are a pseudo-chain', async () => {
    const bare = { legalId: { scheme: 'none' as const, value: '', evidence: null } };
    const ledger = allianceLedger({ records: { cargo: bare, duty: bare } });
    const report = await judge(ledger);
    expect(report).toMatchObject({ verdict: 'pseudo-chain', presented: 4, evidenced: 2 });
    expect(outcomeOf(report, 'C-04')).toMatch(
      /3 are needed \(quorum 3\); without evidence: cargo, duty/,
    );
  });

  it('broken integrity is a pseudo-chain even where one member keeps it', async () => {
    const ledger = new SampleLedger();
    const other = new SampleLedger({ salt: 'other' });
    const report = await judge(ledger, { policy: other.policy });
    expect(report).toMatchObject({ verdict: 'pseudo-chain', presented: 1 });
    expect(report.reasons.join()).toMatch(/C-01 failed/);
  });

  it('several keepers of whom the law was not shown are undecided, not passed', async () => {
    const ledger = allianceLedger();
    const report = await judge(ledger, {
      memory: { tile: () => ({ seen: false, why: 'unreachable', detail: 'cut off' }) },
    });
    expect(report.verdict).toBe('undecided');
    expect(report.reasons.join()).toMatch(/C-02 not seen/);
  });

  it('no file of the checker reads a mode', () => {
    const root = new URL('../../../gateway/conformance/', import.meta.url).pathname;
    const files = readdirSync(root, { recursive: true })
      .map(String)
      .filter((file) => file.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(30);
    for (const file of files) {
      expect(readFileSync(join(root, file), 'utf8'), file).not.toMatch(/\bmode\b/);
    }
  });
});

const NAMES = ['acme', 'bolt', 'cargo', 'duty'];

function records(of: (name: string) => NonNullable<AllianceWishes['records']>[string]) {
  return Object.fromEntries(NAMES.map((name) => [name, of(name)]));
}

function endpoints(of: (name: string) => NonNullable<AllianceWishes['endpoints']>[string]) {
  return Object.fromEntries(NAMES.map((name) => [name, of(name)]));
}
