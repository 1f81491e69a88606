import { describe, expect, it } from 'vitest';
import { encodeAnswer } from '../../../device-sdk/formats/answer.ts';
import { encodeDeparture } from '../../../device-sdk/formats/departure.ts';
import { encodeEndpoint } from '../../../device-sdk/formats/endpoint.ts';
import type { CheckId, Report } from '../../../device-sdk/formats/evidence-report.ts';
import type { MemberKeyRole } from '../../../device-sdk/formats/governance.ts';
import { makeKeyProof } from '../../../device-sdk/formats/key-proof.ts';
import {
  MEDIA_ANSWER,
  MEDIA_DEPARTURE,
  MEDIA_ENDPOINT,
  MEDIA_PROPOSAL,
} from '../../../device-sdk/formats/media-types.ts';
import { makeMemberCard } from '../../../device-sdk/formats/member-card.ts';
import { type Change, encodeProposal } from '../../../device-sdk/formats/proposal.ts';
import { verifyReceipt } from '../../../device-sdk/formats/receipt.ts';
import type { Signer } from '../../../device-sdk/formats/signer.ts';
import { type EvidenceTrust, verifyEvidence } from '../../../device-sdk/formats/verify-evidence.ts';
import { nodeVerify } from '../../support/native-verify.ts';
import { ENDPOINT } from '../../support/sample-alliance.ts';
import { SampleLedger } from '../../support/sample-ledger.ts';
import {
  type SampleDevice,
  sampleCharter,
  sampleMember,
  sampleSigner,
  statementOf,
  stream,
} from '../../support/sample-members.ts';

const DAY_MS = 86_400_000;
const NAMES = ['acme', 'bolt', 'crane'];

/** Changes of the members as leaves of a sample ledger, which itself enforces nothing. */
class ChangingLedger extends SampleLedger {
  epoch = 0;

  propose(by: number, change: Change): { leaf: number; id: Uint8Array } {
    const fields = { logTimeMs: this.tick(), epoch: this.epoch, reason: 'agreed', change };
    const leaf = this.govern(MEDIA_PROPOSAL, encodeProposal(fields), undefined, by);
    return { leaf, id: statementOf(this.entries[leaf]!).id };
  }

  answer(by: number, proposalId: Uint8Array, answer: 'approve' | 'reject' = 'approve'): number {
    const fields = { logTimeMs: this.tick(), proposalId, answer, reason: '', textDigest: null };
    return this.govern(MEDIA_ANSWER, encodeAnswer(fields), undefined, by);
  }

  /** Proposed by the first and answered by all others, or by those named; the leaf of effect. */
  agree(by: number, change: Change, others = this.others(by)): number {
    const { id } = this.propose(by, change);
    const leaves = others.map((other) => this.answer(other, id));
    this.epoch += 1;
    return leaves.at(-1)!;
  }

  others(by: number): number[] {
    return [...this.members.keys()].filter((one) => one !== by);
  }

  depart(by: number, proposalId: Uint8Array): number {
    const fields = { logTimeMs: this.tick(), proposalId };
    this.epoch += 1;
    return this.govern(MEDIA_DEPARTURE, encodeDeparture(fields), undefined, by);
  }

  keyChange(by: number, role: MemberKeyRole, retired: Signer, next: Signer | null): Change {
    const { iss } = this.members[by]!;
    const { ledgerId } = this;
    const proof = next && makeKeyProof(next, { iss, role, ledgerId, record: null });
    const add = next?.key ?? null;
    return { kind: 'key', member: iss, role, retire: retired.kid, add, proof };
  }

  /** All of a member's keys, one after another; it uses them from then on. */
  rotateAll(by: number): void {
    const member = this.members[by]!;
    const next = (use: string) => sampleSigner(`${member.name} second ${use}`);
    this.agree(by, this.keyChange(by, 'log', member.log, next('log')));
    member.log = next('log');
    this.agree(by, this.keyChange(by, 'cosigner', member.cosigner, next('cosigner')));
    member.cosigner = next('cosigner');
    const { signer: gateway } = member.gateway;
    this.agree(by, this.keyChange(by, 'gateway', gateway, next('gateway')));
    member.gateway = stream(`${member.name} second gateway`);
    const { signer: own } = member.member;
    this.agree(by, this.keyChange(by, 'member', own, next('member')));
    member.member = stream(`${member.name} second member`);
  }

  /** Who it is from then on a member like the others. */
  admit(name: string): number {
    const member = sampleMember(name);
    const [plain] = sampleCharter([member], 1).founders;
    const node = sampleSigner(`${name} node`);
    const record = { ...plain!, nodeKey: node.key };
    const signers = [
      member.member.signer,
      member.log,
      member.cosigner,
      node,
      member.gateway.signer,
    ];
    const { ledgerId } = this;
    const card = makeMemberCard({ member: record, endpoint: ENDPOINT, ledgerId }, signers);
    const leaf = this.agree(0, {
      kind: 'admit',
      member: record,
      endpoint: ENDPOINT,
      proofs: card.proofs,
    });
    this.members.push(member);
    return leaf;
  }
}

function verify(bytes: Uint8Array, trust: EvidenceTrust): Report {
  return verifyEvidence(bytes, trust, nodeVerify);
}

function failed(bytes: Uint8Array, trust: EvidenceTrust): CheckId[] {
  const { checks, verdict } = verify(bytes, trust);
  expect(verdict).toBe('failed');
  return checks.filter(({ ok }) => !ok).map(({ id }) => id);
}

function started(terms = {}): {
  ledger: ChangingLedger;
  device: SampleDevice;
  trust: EvidenceTrust;
} {
  const ledger = new ChangingLedger({ members: NAMES, quorum: 2, terms });
  ledger.accept();
  const device = ledger.device('1');
  ledger.register(device);
  return { ledger, device, trust: { ledgerId: ledger.ledgerId } };
}

function oneReading(ledger: ChangingLedger, device: SampleDevice): number {
  return ledger.batch([ledger.readings(device, [4.1])]).leaves[0]!;
}

describe('evidence of a ledger whose members changed', () => {
  const { ledger, device, trust } = started();
  const before = oneReading(ledger, device);
  const oldReceipt = ledger.receipt(before);
  const oldLog = ledger.members[0]!.log;
  ledger.rotateAll(0);
  const { leaf: noticeLeaf, id: notice } = ledger.propose(1, {
    kind: 'exit',
    member: ledger.members[1]!.iss,
  });
  ledger.answer(2, notice, 'reject');
  const admittedAt = ledger.admit('delta');
  // Bolt was a member yet, and delta had just become one: both cosign this tree.
  const atAdmission = ledger.checkpoint({ cosigners: ['bolt', 'delta'] });
  ledger.wait(30 * DAY_MS);
  const departedAt = ledger.depart(1, notice);
  ledger.members.splice(1, 1);
  ledger.rotate(device);
  const after = oneReading(ledger, device);

  it('verifies with the ledger id alone, before the changes and after them', () => {
    for (const leaf of [before, after]) {
      const report = verify(ledger.evidenceFile(leaf), trust);
      expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(report).toMatchObject({ verdict: 'verified', grade: { gateway: 'acme' } });
    }
  });

  it('names the members of its size, who cosigned, and what exception was used', () => {
    const checkpoint = ledger.checkpoint({ cosigners: ['acme', 'delta'] });
    const { ledger: found, proved } = verify(ledger.evidenceFile(after, { checkpoint }), trust);
    expect(found?.members.map(({ name }) => name)).toEqual(['acme', 'crane', 'delta']);
    expect(found?.cosigners.map(({ member }) => member)).toEqual(['acme', 'delta']);
    const member = 'https://bolt.example';
    const use = { kind: 'departure', member, leafIndex: departedAt };
    expect(found).toMatchObject({ epoch: 6, exceptions: [use] });
    expect(proved.join('\n')).toContain(`the members changed at entry ${departedAt}, by notice`);
    expect(proved.join('\n')).toContain('Member acme (acme.example/witness) says it saw');
  });

  it('says what stays open: hidden changes, later ones, and who the members really are', () => {
    const byId = verify(ledger.evidenceFile(after), trust).notProved.join('\n');
    expect(byId).toContain(
      'no change of members, keys or terms before the checkpoint was left out',
    );
    expect(byId).toContain('later changes are not in the file');
    expect(byId).toContain('fewer than two showed evidence');
  });

  it('at an earlier size is of the members of then', () => {
    const file = ledger.evidenceFile(before, { size: admittedAt + 1, checkpoint: atAdmission });
    const report = verify(file, trust);
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.ledger?.members.map(({ name }) => name)).toEqual([
      'acme',
      'bolt',
      'crane',
      'delta',
    ]);
    expect(report.ledger).toMatchObject({ epoch: 5, exceptions: [] });
  });

  it('proves proposals, answers and departures themselves', () => {
    const kinds = [noticeLeaf, noticeLeaf + 1, departedAt].map(
      (leaf) => verify(ledger.evidenceFile(leaf), trust).statement?.kind,
    );
    expect(kinds).toEqual(['proposal', 'answer', 'departure']);
  });

  it('leaves receipts of the retired log key good', () => {
    const entry = ledger.entries[before]!;
    const claim = { receipt: oldReceipt, entry, key: oldLog.key, native: nodeVerify };
    expect(verifyReceipt(claim).ok).toBe(true);
    expect(verifyReceipt({ ...claim, key: ledger.members[0]!.log.key }).ok).toBe(false);
  });
});

describe('forged: the members', () => {
  it('a decision that is left out', () => {
    const { ledger, device, trust } = started();
    ledger.rotateAll(0);
    const leaf = oneReading(ledger, device);
    const { supporting } = ledger.evidence(leaf);
    const decisions = supporting.filter(({ index }) => index > 3 && index < leaf);
    expect(decisions).toHaveLength(12);
    for (const { index } of decisions.slice(0, -2)) {
      const ids = failed(ledger.evidenceFile(leaf, { omit: [index] }), trust);
      expect(ids).toEqual(['membership']);
    }
  });

  it('but not an answer that completed the last change: that is said to be open', () => {
    const { ledger, device, trust } = started();
    const { member } = ledger.members[0]!;
    const next = sampleSigner('second member');
    const last = ledger.agree(0, ledger.keyChange(0, 'member', member.signer, next));
    const leaf = oneReading(ledger, device);
    const report = verify(ledger.evidenceFile(leaf, { omit: [last] }), trust);
    expect(report).toMatchObject({ verdict: 'verified', ledger: { epoch: 0 } });
    expect(report.notProved.join('\n')).toContain('was left out of the file');
  });

  it('a change that not all had approved', () => {
    const { ledger, device, trust } = started();
    const next = sampleSigner('thief log');
    ledger.agree(0, ledger.keyChange(0, 'log', ledger.members[0]!.log, next), [1]);
    ledger.members[0]!.log = next;
    const leaf = oneReading(ledger, device);
    expect(failed(ledger.evidenceFile(leaf), trust)).toContain('log-signature');
    ledger.propose(0, { kind: 'exit', member: ledger.members[0]!.iss });
    expect(failed(ledger.evidenceFile(leaf), trust)).toEqual(['membership']);
  });

  it('a decision signed by a stranger, by a retired key, by a member that left', () => {
    const forged = started();
    forged.ledger.members[0]!.member = { ...stream('forger'), seq: 5, prev: new Uint8Array(32) };
    forged.ledger.propose(0, { kind: 'exit', member: forged.ledger.members[0]!.iss });
    const one = oneReading(forged.ledger, forged.device);
    expect(failed(forged.ledger.evidenceFile(one), forged.trust)).toEqual(['membership']);

    const retired = started();
    const old = { ...retired.ledger.members[0]!.member };
    retired.ledger.rotateAll(0);
    const { seq, prev } = retired.ledger.members[0]!.member;
    Object.assign(retired.ledger.members[0]!.member, old);
    retired.ledger.propose(0, { kind: 'exit', member: retired.ledger.members[0]!.iss });
    Object.assign(retired.ledger.members[0]!.member, { seq, prev });
    const two = oneReading(retired.ledger, retired.device);
    expect(failed(retired.ledger.evidenceFile(two), retired.trust)).toEqual(['membership']);

    const left = started();
    left.ledger.agree(2, { kind: 'exit', member: left.ledger.members[2]!.iss });
    left.ledger.propose(2, { kind: 'exit', member: left.ledger.members[2]!.iss });
    const three = oneReading(left.ledger, left.device);
    expect(failed(left.ledger.evidenceFile(three), left.trust)).toEqual(['membership']);
  });

  it('a decision whose log time runs backwards', () => {
    const { ledger, device, trust } = started();
    ledger.propose(0, { kind: 'exit', member: ledger.members[0]!.iss });
    ledger.wait(-10 * 60_000);
    ledger.propose(1, { kind: 'exit', member: ledger.members[1]!.iss });
    ledger.wait(20 * 60_000);
    expect(failed(ledger.evidenceFile(oneReading(ledger, device)), trust)).toEqual(['membership']);
  });

  it('a checkpoint under keys that no longer vouch for its size', () => {
    const { ledger, device, trust } = started();
    const { log, cosigner } = ledger.members[0]!;
    ledger.rotateAll(0);
    const leaf = oneReading(ledger, device);
    const now = { ...ledger.members[0]! };
    ledger.members[0]!.log = log;
    expect(failed(ledger.evidenceFile(leaf), trust)).toEqual(['log-signature']);
    Object.assign(ledger.members[0]!, { log: now.log, cosigner });
    const checkpoint = ledger.checkpoint({ cosigners: ['acme', 'bolt'] });
    expect(failed(ledger.evidenceFile(leaf, { checkpoint }), trust)).toContain('quorum');
  });

  it('a checkpoint that too few of the present members cosigned', () => {
    const { ledger, device, trust } = started({ quorum: 'two-thirds' });
    ledger.admit('delta');
    const leaf = oneReading(ledger, device);
    const short = ledger.checkpoint({ cosigners: ['acme', 'bolt'] });
    expect(failed(ledger.evidenceFile(leaf, { checkpoint: short }), trust)).toEqual(['quorum']);
    const enough = ledger.checkpoint({ cosigners: ['acme', 'bolt', 'delta'] });
    const file = ledger.evidenceFile(leaf, { checkpoint: enough });
    expect(verify(file, trust).verdict).toBe('verified');
  });

  it('a batch of a retired gateway key, a registration under a retired member key', () => {
    const batch = started();
    const { gateway: old } = batch.ledger.members[0]!;
    const change = batch.ledger.keyChange(0, 'gateway', old.signer, null);
    batch.ledger.propose(0, change);
    const one = oneReading(batch.ledger, batch.device);
    expect(failed(batch.ledger.evidenceFile(one), batch.trust)).toEqual(['batch']);
    const other = batch.ledger.batch([batch.ledger.readings(batch.device, [1])], { member: 1 });
    const file = batch.ledger.evidenceFile(other.leaves[0]!);
    expect(verify(file, batch.trust)).toMatchObject({
      verdict: 'verified',
      grade: { gateway: 'bolt' },
    });

    const { ledger, trust } = started();
    const { member: retired } = ledger.members[0]!;
    ledger.rotateAll(0);
    const current = ledger.members[0]!.member;
    ledger.members[0]!.member = retired;
    const device = ledger.device('2');
    ledger.register(device);
    ledger.members[0]!.member = current;
    const two = oneReading(ledger, device);
    expect(failed(ledger.evidenceFile(two), trust)).toContain('registration');
  });

  it('an endpoint, as the statement itself, by somebody else', () => {
    const { ledger, trust } = started();
    const bytes = encodeEndpoint({ logTimeMs: ledger.tick(), ...ENDPOINT });
    const good = ledger.govern(MEDIA_ENDPOINT, bytes, undefined, 1);
    expect(verify(ledger.evidenceFile(good), trust).statement?.kind).toBe('endpoint');
    ledger.members[1]!.member.signer = sampleSigner('forger');
    const bad = ledger.govern(MEDIA_ENDPOINT, bytes, undefined, 1);
    expect(failed(ledger.evidenceFile(bad), trust)).toEqual(['membership']);
  });
});
