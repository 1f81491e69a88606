// The checkpoint of an evidence file: C2SP tlog-checkpoint judged by a tlog-policy or by the members.

/** @module evidence-checkpoint */
import { equal, toHex } from './bytes.ts';
import type { Charter } from './charter.ts';
import { type CheckpointBody, parseCheckpointBody } from './checkpoint.ts';
import type { KnownLeaf, KnownLedger } from './evidence-ledger.ts';
import type { Findings } from './evidence-report.ts';
import { foundMembership, policyOfMembership } from './membership.ts';
import { leafHash, verifyInclusion } from './merkle.ts';
import { type Note, parseNote, verifyNoteSignature } from './note.ts';
import type { NativeVerify } from './signature.ts';
import { evaluatePolicy, type Policy, type PolicyVerdict } from './tlog-policy.ts';

export interface KnownCheckpoint {
  readonly note: Note;
  readonly checkpoint: CheckpointBody;
}

/** What a charter says about checkpoints while nothing about its members has changed. */
export function policyOfCharter(charter: Charter, origin: string): Policy {
  return policyOfMembership(foundMembership(charter, new Uint8Array(32)), origin);
}

/** Names the policy and its owner in the checks. */
export interface Voucher {
  readonly policy: Policy;
  readonly source: 'policy' | 'charter';
}

export function openNote(findings: Findings, noteText: string): KnownCheckpoint | null {
  const note = parseNote(noteText);
  const body = note.ok ? parseCheckpointBody(note.value.text) : note;
  const why = body.ok ? '' : body.detail;
  findings.check('checkpoint', body.ok, 'The checkpoint is a well-formed signed note', why);
  return note.ok && body.ok ? { note: note.value, checkpoint: body.value } : null;
}

/** Whether the log that the reader trusts stands behind the checkpoint; its verdict names cosigners. */
export function judgeCheckpoint(
  findings: Findings,
  given: {
    noteText: string;
    known: KnownCheckpoint;
    voucher: Voucher;
    native?: NativeVerify | undefined;
  },
): PolicyVerdict | null {
  const { noteText, voucher, native } = given;
  const { note } = given.known;
  const strange = mislabelled(note, voucher.policy, native);
  const verdict = evaluatePolicy(voucher.policy, noteText, native);
  const unknown = !verdict.ok && verdict.code === 'note_unverified';
  const whole = strange === null && (verdict.ok || unknown);
  const why = strange ?? (verdict.ok ? '' : verdict.detail);
  findings.check('note-signatures', whole, 'Every known signature under the checkpoint holds', why);
  const whose = voucher.source === 'policy' ? 'your policy lists' : 'the ledger has for its size';
  const logged = verdict.ok && verdict.value.logs.length > 0;
  findings.check('log-signature', logged, `The checkpoint is signed by a log key that ${whose}`);
  const met = verdict.ok && verdict.value.quorumMet;
  findings.check('quorum', met, quorumClaim(voucher));
  return verdict.ok ? verdict.value : null;
}

/** The log key's name is the origin, and the origin ends in the id of the charter's entry. */
export function judgeOrigin(
  findings: Findings,
  ledger: KnownLedger,
  { checkpoint }: KnownCheckpoint,
): void {
  const same = checkpoint.origin === ledger.origin;
  const text = `The checkpoint is of the ledger this charter founds, ${ledger.origin}`;
  findings.check('origin', same, text, checkpoint.origin);
}

function quorumClaim({ policy, source }: Voucher): string {
  if (source === 'policy') {
    return policy.quorum === 'none'
      ? 'Your policy asks for no cosignature'
      : 'As many cosigned the checkpoint as your policy asks for';
  }
  const threshold = policy.groups[0]?.threshold;
  return `At least ${threshold} of its members' cosigners cosigned the checkpoint, the charter's quorum`;
}

/**
 * A line nobody listed is ignored (C2SP), but a listed key's line with a damaged name or id is not:
 * ignoring it, a changed file would give another report and still pass. It is known by its good
 * signature; or, as one base64 digit spans the end of the id and the signature's first bits, by its
 * name and three bytes of the id.
 */
function mislabelled(note: Note, policy: Policy, native?: NativeVerify): string | null {
  const { text } = note;
  const keys = [...policy.logs, ...policy.witnesses].map(({ key }) => key);
  for (const { name, keyId, signature } of note.signatures) {
    if (keys.some((key) => key.name === name && equal(key.keyId, keyId))) continue;
    const owner = keys.find((key) => {
      const sameName = key.name === name;
      if (sameName && equal(key.keyId.subarray(0, 3), keyId.subarray(0, 3))) return true;
      if (!sameName && !equal(key.keyId, keyId)) return false;
      return verifyNoteSignature({ text, signature, key, native }) !== null;
    });
    if (owner !== undefined) return `a line of ${owner.name} is labelled ${name}+${toHex(keyId)}`;
  }
  return null;
}

/** Every leaf of the file, at the one size that the checkpoint signs. */
export function judgeInclusion(
  findings: Findings,
  { size, root }: CheckpointBody,
  leaves: readonly KnownLeaf[],
): boolean {
  const astray = leaves.filter(
    ({ index, path, statement }) =>
      !verifyInclusion({ index, size, path, root, leafHash: leafHash(statement.entry) }),
  );
  const text = `All ${leaves.length} entries stand at their places in the tree of ${size} entries`;
  const list = astray.map(({ index }) => index).join(', ');
  return findings.check('inclusion', astray.length === 0, text, `not leaf ${list}`);
}
