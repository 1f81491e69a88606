// SPEC.md §8: whether an evidence file proves its statement, to somebody who has nothing but the file.

/**
 * A pure function of the bytes and of what the reader trusts. Every byte of the file is under a
 * signature, under the checkpoint's root, or can have no other value, so a changed file either
 * fails or says the very same.
 *
 * @module verify-evidence
 */
import { equal, toHex } from './bytes.ts';
import { type Evidence, parseEvidence } from './evidence.ts';
import { judgeCheckpoint, judgeInclusion, judgeOrigin, openNote } from './evidence-checkpoint.ts';
import { judgeDigest } from './evidence-content.ts';
import {
  judgeAcceptances,
  judgeCharter,
  judgeOwnLedger,
  type KnownLedger,
  readLeaves,
} from './evidence-ledger.ts';
import { judgeMembers } from './evidence-members.ts';
import { Findings, type Report, type TrustKind } from './evidence-report.ts';
import { judgeDevice, judgeMember } from './evidence-subject.ts';
import { type Facts, notProvedBy, provedBy } from './evidence-words.ts';
import { policyOfMembership } from './membership.ts';
import type { NativeVerify } from './signature.ts';
import type { Policy } from './tlog-policy.ts';

export type { Report } from './evidence-report.ts';

/** What the reader trusts, from elsewhere than the file; without either nothing is vouched for. */
export interface EvidenceTrust {
  readonly policy?: Policy | undefined;
  /** SHA-256 of the ledger's leaf 0: the charter, and from it every later member and key. */
  readonly ledgerId?: Uint8Array | undefined;
}

export function verifyEvidence(
  bytes: Uint8Array,
  trust: EvidenceTrust,
  native?: NativeVerify,
): Report {
  const findings = new Findings();
  const kind = trustKind(trust);
  const parsed = parseEvidence(bytes);
  const why = parsed.ok ? '' : `${parsed.code}: ${parsed.detail}`;
  findings.check('file', parsed.ok, 'The file is a well-formed evidence file', why);
  const facts = parsed.ok ? judge(findings, { evidence: parsed.value, trust, native }) : null;
  return reportOf(findings, kind, facts);
}

function trustKind(trust: EvidenceTrust): TrustKind {
  if (trust.policy !== undefined) return 'policy';
  return trust.ledgerId === undefined ? 'none' : 'ledger-id';
}

function reportOf(findings: Findings, trust: TrustKind, facts: Facts | null): Report {
  const { checks } = findings;
  if (!findings.ok || facts === null) {
    const nothing = { ledger: null, statement: null, content: null, grade: null };
    const notProved = ['Anything: a check failed, so nothing in the file may be relied on.'];
    return { verdict: 'failed', trust, checks, proved: [], notProved, ...nothing };
  }
  const { ledger, statement, content, grade } = facts;
  return {
    verdict: trust === 'none' ? 'self-consistent' : 'verified',
    trust,
    checks,
    proved: provedBy(facts),
    notProved: notProvedBy(facts),
    ledger,
    statement,
    content,
    grade,
  };
}

interface Case {
  readonly evidence: Evidence;
  readonly trust: EvidenceTrust;
  readonly native: NativeVerify | undefined;
}

/**
 * The straight line. Hashes come before signatures: an entry that is not in the tree ends it, so
 * that a damaged file costs little and no key is touched for entries the log does not hold.
 */
function judge(findings: Findings, given: Case): Facts | null {
  const { evidence, trust, native } = given;
  const leaves = readLeaves(findings, evidence);
  const known = openNote(findings, evidence.checkpoint);
  if (leaves === null || known === null) return null;
  const subject = leaves.find(({ index }) => index === evidence.statement.index);
  const placed = judgeInclusion(findings, known.checkpoint, leaves);
  if (!placed || subject === undefined) return null;
  if (!judgeDigest(findings, evidence.content, subject.statement)) return null;
  const noteText = evidence.checkpoint;
  const byPolicy = trust.policy && { policy: trust.policy, source: 'policy' as const };
  const listed =
    byPolicy && judgeCheckpoint(findings, { noteText, known, voucher: byPolicy, native });
  if (!findings.ok) return null;
  const founded = judgeCharter(findings, leaves[0], native);
  if (founded === null) return null;
  judgeLedgerId(findings, founded, trust.ledgerId);
  judgeOrigin(findings, founded, known);
  const ledger = judgeMembers(findings, founded, { leaves, native });
  if (ledger === null) return null;
  // Every leaf is below the checkpoint's size, so the keys now active are those that vouch for it.
  const policy = policyOfMembership(ledger.membership, ledger.origin);
  const voucher = { policy, source: 'charter' as const };
  const verdict = listed ?? judgeCheckpoint(findings, { noteText, known, voucher, native });
  if (verdict === null) return null;
  judgeAcceptances(findings, ledger, leaves, native);
  judgeOwnLedger(findings, ledger, leaves);
  const scene = { evidence, trust: trustKind(trust), native, leaves, ledger, subject, verdict };
  const isDevice = subject.statement.device !== null;
  return isDevice ? judgeDevice(findings, scene) : judgeMember(findings, scene);
}

function judgeLedgerId(findings: Findings, ledger: KnownLedger, named?: Uint8Array): void {
  if (named === undefined) return;
  const same = equal(named, ledger.ledgerId);
  findings.check('ledger-id', same, `This is the ledger you named, ${toHex(named)}`);
}
