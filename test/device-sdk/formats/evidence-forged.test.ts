import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../device-sdk/formats/bytes.ts';
import { makeEnrolmentProof } from '../../../device-sdk/formats/enrolment.ts';
import { encodeEvidence } from '../../../device-sdk/formats/evidence.ts';
import type { CheckId } from '../../../device-sdk/formats/evidence-report.ts';
import { sha256 } from '../../../device-sdk/formats/sha256.ts';
import { type EvidenceTrust, verifyEvidence } from '../../../device-sdk/formats/verify-evidence.ts';
import { nodeVerify } from '../../support/native-verify.ts';
import { SampleLedger, smallLedger } from '../../support/sample-ledger.ts';
import { PLAIN_GRADE, sampleSigner, TEMPERATURE } from '../../support/sample-members.ts';

/** Ids of the failed checks; the forgery's own one is what each test names. */
function failed(bytes: Uint8Array, trust: EvidenceTrust): CheckId[] {
  const { checks, verdict } = verifyEvidence(bytes, trust, nodeVerify);
  const ids = checks.filter(({ ok }) => !ok).map(({ id }) => id);
  expect(verdict).toBe('failed');
  return ids;
}

/** A ledger with a device, before anything was registered. */
function started(members?: string[], quorum?: number) {
  const ledger = new SampleLedger({ ...(members && { members }), ...(quorum && { quorum }) });
  return { ledger, device: ledger.device('1'), trust: { ledgerId: ledger.ledgerId } };
}

describe('forged: the ledger', () => {
  const { ledger, leaves } = smallLedger();
  const leaf = leaves[0]!;
  const trust = { ledgerId: ledger.ledgerId };
  const other = new SampleLedger({ salt: 'other ' });

  it('the charter of another ledger, not in the tree', () => {
    const { supporting } = ledger.evidence(leaf);
    const swapped = [{ ...supporting[0]!, entry: other.entries[0]! }, ...supporting.slice(1)];
    expect(failed(ledger.evidenceFile(leaf, { supporting: swapped }), trust)).toEqual([
      'inclusion',
    ]);
  });

  it('the charter of another ledger, in a tree built for it', () => {
    const built = smallLedger();
    built.ledger.entries[0] = other.entries[0]!;
    const file = built.ledger.evidenceFile(built.leaves[0]!);
    const ids = failed(file, { ledgerId: other.ledgerId });
    expect(ids).toEqual(['origin', 'log-signature', 'quorum']);
    expect(failed(file, {})).toContain('origin');
  });

  it('another ledger than the one named', () => {
    expect(failed(ledger.evidenceFile(leaf), { ledgerId: other.ledgerId })).toEqual(['ledger-id']);
  });

  it('a charter that somebody else signed', () => {
    const forged = new SampleLedger({ charterBy: sampleSigner('forger') });
    expect(failed(forged.evidenceFile(0), { ledgerId: forged.ledgerId })).toEqual([
      'charter-signature',
    ]);
  });

  it('an acceptance that is missing in the log, or left out of the file', () => {
    for (const accepting of [['bolt'], ['bolt', 'crane']]) {
      const { ledger: alliance, device, trust: id } = started(['acme', 'bolt', 'crane']);
      alliance.accept(...accepting);
      alliance.register(device);
      const [only] = alliance.batch([alliance.readings(device, [1])]).leaves;
      const omit = accepting.length === 2 ? [2] : [];
      expect(failed(alliance.evidenceFile(only!, { omit }), id)).toEqual(['acceptances']);
    }
  });
});

describe('forged: the checkpoint', () => {
  const { ledger, leaves } = smallLedger();
  const leaf = leaves[0]!;
  const trust = { ledgerId: ledger.ledgerId };

  it('of another size', () => {
    const checkpoint = ledger.checkpoint({ size: ledger.size - 1 });
    expect(failed(ledger.evidenceFile(leaf, { checkpoint }), trust)).toEqual(['inclusion']);
  });

  it('judged by the policy of another log', () => {
    const { policy } = new SampleLedger({ salt: 'other ' });
    expect(failed(ledger.evidenceFile(leaf), { policy })).toContain('log-signature');
  });

  it('of a log whose name the policy lists with another key', () => {
    const { policy } = ledger;
    const stranger = new SampleLedger({ salt: 'other ' }).policy.logs[0]!.key;
    const key = { ...stranger, name: ledger.origin };
    expect(
      failed(ledger.evidenceFile(leaf), { policy: { ...policy, logs: [{ key, url: null }] } }),
    ).toEqual(['log-signature']);
  });

  it('without a log signature', () => {
    const note = ledger.checkpoint();
    const [body, lines] = note.split('\n\n') as [string, string];
    const cosigned = `${body}\n\n${lines.slice(lines.indexOf('\n') + 1)}`;
    expect(failed(ledger.evidenceFile(leaf, { checkpoint: cosigned }), trust)).toEqual([
      'log-signature',
    ]);
  });

  it('with a cosignature short of the quorum', () => {
    const { ledger: alliance, trust: id } = started(['acme', 'bolt', 'crane'], 2);
    alliance.accept();
    const checkpoint = alliance.checkpoint({ cosigners: ['bolt'] });
    const file = alliance.evidenceFile(1, { checkpoint });
    expect(failed(file, { policy: alliance.policy })).toEqual(['quorum']);
    expect(failed(file, id)).toContain('quorum');
  });

  it('with a good cosignature under a changed name', () => {
    const { ledger: alliance, trust: id } = started(['acme', 'bolt'], 1);
    alliance.accept();
    const checkpoint = alliance.checkpoint().replace('— bolt.', '— bolu.');
    expect(failed(alliance.evidenceFile(0, { checkpoint }), id)).toEqual(['note-signatures']);
  });

  it('with a signature of a listed key that does not hold', () => {
    const note = ledger.checkpoint();
    const earlier = ledger.checkpoint({ size: ledger.size - 1 });
    const checkpoint =
      note.slice(0, note.lastIndexOf('— ')) + earlier.slice(earlier.lastIndexOf('— '));
    expect(failed(ledger.evidenceFile(leaf, { checkpoint }), trust)).toContain('note-signatures');
  });
});

describe('forged: the device', () => {
  it('a key registered after the statement', () => {
    const { ledger, device, trust } = started();
    const [leaf] = ledger.batch([ledger.readings(device, [1])]).leaves;
    ledger.register(device);
    expect(failed(ledger.evidenceFile(leaf!), trust)).toEqual(['key-in-force']);
  });

  it('a key revoked before the statement', () => {
    const { ledger, device, trust } = started();
    ledger.register(device);
    ledger.revoke(device, device.key.signer.kid);
    const [leaf] = ledger.batch([ledger.readings(device, [1])]).leaves;
    expect(failed(ledger.evidenceFile(leaf!), trust)).toEqual(['key-in-force']);
  });

  it('a key rotated out before the statement', () => {
    const { ledger, device, trust } = started();
    ledger.register(device);
    const old = device.key;
    ledger.rotate(device);
    const [leaf] = ledger.batch([ledger.readings({ ...device, key: old }, [1])]).leaves;
    expect(failed(ledger.evidenceFile(leaf!), trust)).toEqual(['key-in-force']);
  });

  it('a key nobody registered, and no registration at all', () => {
    const { ledger, device, trust } = started();
    const registration = ledger.register(device);
    const stranger = { urn: device.urn, key: ledger.device('2').key };
    const { leaves } = ledger.batch([ledger.readings(stranger, [1]), ledger.readings(device, [1])]);
    expect(failed(ledger.evidenceFile(leaves[0]!), trust)).toEqual(['device-key']);
    const omitted = ledger.evidenceFile(leaves[1]!, { omit: [registration] });
    expect(failed(omitted, trust)).toEqual(['registration', 'device-key']);
  });

  it('a signature of another key under the registered kid', () => {
    const { ledger, device, trust } = started();
    ledger.register(device);
    const { kid } = device.key.signer;
    const forger = { ...sampleSigner('forger'), kid };
    const { bytes, content } = ledger.readings(
      { ...device, key: { ...device.key, signer: forger } },
      [1],
    );
    const [leaf] = ledger.batch([{ bytes, content }]).leaves;
    expect(failed(ledger.evidenceFile(leaf!), trust)).toEqual(['statement-signature']);
  });

  it('a proof of possession by another key, or for another ledger', () => {
    for (const forger of [true, false]) {
      const { ledger, device, trust } = started();
      const token = sha256(utf8('token'));
      const { key, kid } = device.key.signer;
      const signer = forger ? { ...sampleSigner('forger'), kid } : device.key.signer;
      const ledgerId = forger ? ledger.ledgerId : token;
      const proof = makeEnrolmentProof(signer, { device: device.urn, key, token, ledgerId });
      ledger.register(device, { proof });
      const [leaf] = ledger.batch([ledger.readings(device, [1])]).leaves;
      expect(failed(ledger.evidenceFile(leaf!), trust)).toContain('possession');
    }
  });

  it('an owner who did not sign, a second registration, a revocation by another member', () => {
    const alien = started(['acme', 'bolt']);
    alien.ledger.accept();
    alien.ledger.register(alien.device, { owner: 'https://bolt.example' });
    const [leaf] = alien.ledger.batch([alien.ledger.readings(alien.device, [1])]).leaves;
    expect(failed(alien.ledger.evidenceFile(leaf!), alien.trust)).toContain('registration');

    const twice = started();
    twice.ledger.register(twice.device);
    twice.ledger.register({ ...twice.device, key: twice.ledger.device('2').key });
    const [second] = twice.ledger.batch([twice.ledger.readings(twice.device, [1])]).leaves;
    expect(failed(twice.ledger.evidenceFile(second!), twice.trust)).toEqual(['registration']);
  });

  it('a subject the device is not registered for', () => {
    const { ledger, device, trust } = started();
    ledger.register(device, { subjects: ['https://id.example/01/04012345678901'] });
    const [leaf] = ledger.batch([ledger.readings(device, [1], { sub: 'urn:else' })]).leaves;
    expect(failed(ledger.evidenceFile(leaf!), trust)).toEqual(['subject']);
  });
});

describe('forged: the statement', () => {
  it('made for another ledger', () => {
    const { ledger, device, trust } = started();
    ledger.register(device);
    const stranger = new SampleLedger({ salt: 'other ' }).readings(device, [1]);
    const [leaf] = ledger.batch([stranger]).leaves;
    expect(failed(ledger.evidenceFile(leaf!), trust)).toEqual(['own-ledger']);
  });
});

describe('forged: batch, grade, content', () => {
  it('a batch that does not cover the statement, and none', () => {
    const { ledger, device, trust } = started();
    ledger.register(device);
    const { leaves } = ledger.batch([ledger.readings(device, [1])]);
    const { batchLeaf } = ledger.batch([ledger.readings(device, [2])]);
    const leaf = leaves[0]!;
    const { supporting } = ledger.evidence(leaf);
    const later = [...supporting, ledger.leaf(batchLeaf)];
    const inBatch = { index: 0, path: [] };
    const wrong = ledger.evidenceFile(leaf, { supporting: later, batchLeaf, inBatch });
    expect(failed(wrong, trust)).toEqual(['batch-covers']);
    const none = ledger.evidenceFile(leaf, { batchLeaf: null, inBatch: null });
    expect(failed(none, trust)).toEqual(['batch']);
    expect(failed(ledger.evidenceFile(leaf, { batchLeaf: 1 }), trust)).toEqual(['batch']);
  });

  it('another place in the batch, to borrow its grade', () => {
    const { ledger, leaves } = smallLedger();
    const [first, second] = leaves as [number, number];
    const trust = { ledgerId: ledger.ledgerId };
    const { inBatch } = ledger.evidence(first);
    expect(failed(ledger.evidenceFile(second, { inBatch }), trust)).toEqual(['batch-root']);
    const moved = { ...ledger.evidence(second).inBatch!, index: 0 };
    expect(failed(ledger.evidenceFile(second, { inBatch: moved }), trust)).toEqual(['batch-root']);
  });

  it('a batch by a key that is no gateway', () => {
    const { ledger, device, trust } = started();
    ledger.register(device);
    const by = { signer: sampleSigner('forger'), seq: 0, prev: null };
    const [leaf] = ledger.batch([ledger.readings(device, [1])], { by }).leaves;
    expect(failed(ledger.evidenceFile(leaf!), trust)).toEqual(['batch']);
  });

  it.each([
    ['a bus reading above origin 2', { origin: 3 as const }],
    ['a forked key above grade 0', { fork: true }],
    ['an untrusted clock that is not', { untrustedClock: true }],
  ])('a grade of %s', (_, change) => {
    const { ledger, device, trust } = started();
    ledger.register(device);
    const grades = [{ ...PLAIN_GRADE, ...change }];
    const [leaf] = ledger.batch([ledger.readings(device, [1])], { grades }).leaves;
    expect(failed(ledger.evidenceFile(leaf!), trust)).toEqual(['grade']);
  });

  it('content swapped for that of another statement', () => {
    const { ledger, leaves } = smallLedger();
    const content = ledger.contents.get(leaves[1]!)!;
    const file = ledger.evidenceFile(leaves[0]!, { content });
    expect(failed(file, { ledgerId: ledger.ledgerId })).toEqual(['content-digest']);
  });

  it('content out of range, of another unit, of another device, of another number', () => {
    const { ledger, device, trust } = started();
    ledger.register(device, { sensors: [{ ...TEMPERATURE, max: 30 }] });
    const hot = ledger.readings(device, [31]);
    const kelvin = ledger.readings(device, [3], { unit: 'K' });
    const other = ledger.readings({ ...device, urn: `${device.urn}-b` }, [1]);
    const claims = { quality: 3 as const, errorMs: null, count: 1, firstMs: 0, lastMs: 0 };
    const bootId = new Uint8Array(16);
    const moved = ledger.envelope(device, other.content, { ...claims, bootId }, 'urn:x');
    const junk = ledger.envelope(device, utf8('junk'), { ...claims, bootId }, 'urn:x');
    const { leaves } = ledger.batch([hot, kelvin, moved, junk]);
    const ids = leaves.map((leaf) => failed(ledger.evidenceFile(leaf), trust));
    expect(ids).toEqual([
      ['content-limits'],
      ['content-limits'],
      ['content-claims'],
      ['content-form'],
    ]);
  });

  it('an entry with something in its unprotected header', () => {
    const { ledger, leaves } = smallLedger();
    const evidence = ledger.evidence(leaves[0]!);
    const { entry } = evidence.statement;
    const at = entry.indexOf(0xa0, 4);
    const padded = Uint8Array.of(
      ...entry.subarray(0, at),
      0xa1,
      0x18,
      99,
      0,
      ...entry.subarray(at + 1),
    );
    const file = encodeEvidence({
      ...evidence,
      statement: { ...evidence.statement, entry: padded },
    });
    expect(failed(file, { ledgerId: ledger.ledgerId })).not.toEqual([]);
  });
});
