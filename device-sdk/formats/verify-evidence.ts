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
import {
  judgeCheckpoint,
  judgeInclusion,
  type KnownCheckpoint,
  openNote,
  policyOfCharter,
  type Voucher,
} from './evidence-checkpoint.ts';
import {
  judgeAcceptances,
  judgeCharter,
  judgeOwnLedger,
  type KnownLedger,
  readLeaves,
} from './evidence-ledger.ts';
import { Findings, type Report, type TrustKind } from './evidence-report.ts';
import { judgeDevice, judgeMember } from './evidence-subject.ts';
import { type Facts, notProvedBy, provedBy } from './evidence-words.ts';
import type { NativeVerify } from './signature.ts';
import type { Policy, PolicyVerdict } from './tlog-policy.ts';

export type { Report } from './evidence-report.ts';

/** What the reader trusts, from elsewhere than the file; without either nothing is vouched for. */
export interface EvidenceTrust {
  readonly policy?: Policy | undefined;
  /** SHA-256 of the ledger's leaf 0: the charter and its keys follow from it. */
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
  const { evidence, native } = given;
  const leaves = readLeaves(findings, evidence);
  const known = openNote(findings, evidence.checkpoint);
  if (leaves === null || known === null) return null;
  if (!judgeInclusion(findings, known.checkpoint, leaves)) return null;
  const ledger = judgeCharter(findings, leaves[0], native);
  if (ledger === null) return null;
  const verdict = judgeTrust(findings, { ...given, known, ledger });
  judgeAcceptances(findings, ledger, leaves, native);
  judgeOwnLedger(findings, ledger, leaves);
  const subject = leaves.find(({ index }) => index === evidence.statement.index);
  if (subject === undefined || verdict === null) return null;
  const trust = trustKind(given.trust);
  const scene = { evidence, trust, native, leaves, ledger, subject, verdict };
  const isDevice = subject.statement.device !== null;
  return isDevice ? judgeDevice(findings, scene) : judgeMember(findings, scene);
}

/** Where the reader's trust meets the file: the ledger's id, and who vouches for the checkpoint. */
function judgeTrust(
  findings: Findings,
  given: Case & { known: KnownCheckpoint; ledger: KnownLedger },
): PolicyVerdict | null {
  const { evidence, trust, ledger, known, native } = given;
  if (trust.ledgerId !== undefined) {
    const same = equal(trust.ledgerId, ledger.ledgerId);
    findings.check('ledger-id', same, `This is the ledger you named, ${toHex(trust.ledgerId)}`);
  }
  const voucher: Voucher =
    trust.policy === undefined
      ? { policy: policyOfCharter(ledger.charter, ledger.origin), source: 'charter' }
      : { policy: trust.policy, source: 'policy' };
  const noteText = evidence.checkpoint;
  return judgeCheckpoint(findings, { noteText, known, ledger, voucher, native });
}
