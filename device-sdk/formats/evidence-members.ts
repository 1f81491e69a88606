// The members of a ledger as the leaves of an evidence file tell them: the fold of SPEC.md §4.8, §8.

/** @module evidence-members */
import { isSignedBy, type KnownLeaf, type KnownLedger } from './evidence-ledger.ts';
import type { Findings } from './evidence-report.ts';
import { LOG_TIME_TOLERANCE_MS, type MemberKeyRole } from './governance.ts';
import { applyMembership, isInForce, isMembershipType, memberAt } from './membership.ts';
import type { Member, MemberKey, Membership } from './membership-state.ts';
import type { NativeVerify } from './signature.ts';

/**
 * The ledger with the members it has after all leaves of the file; null where one of them could not
 * have been let in. That numbers follow each other is not asked: the file holds one statement's
 * foundations, not all that a member ever signed, so gaps are no fault. A gap can hide a statement
 * and can't make one up; most hidden changes show in the epoch that the next proposal names, and
 * the rest is said among what is not proved.
 */
export function judgeMembers(
  findings: Findings,
  ledger: KnownLedger,
  given: { leaves: readonly KnownLeaf[]; native?: NativeVerify | undefined },
): KnownLedger | null {
  const { leaves, native } = given;
  const first = ledger.charter.founders.length;
  const changes = leaves.filter(
    ({ index, statement: { payload } }) =>
      index >= first && payload.kind === 'inline' && isMembershipType(payload.contentType),
  );
  if (changes.length === 0) return ledger;
  const folded = foldMembers(ledger, changes, native);
  const why = typeof folded === 'string' ? folded : '';
  const text = `All ${changes.length} statements about members, keys and terms keep the charter’s rules`;
  findings.check('membership', why === '', text, why);
  return typeof folded === 'string' ? null : { ...ledger, membership: folded };
}

/** The membership after these leaves, or what is wrong with one of them. */
function foldMembers(
  { membership: founded, ledgerId, charter }: KnownLedger,
  leaves: readonly KnownLeaf[],
  native?: NativeVerify,
): Membership | string {
  let membership = founded;
  let clockMs = charter.logTimeMs;
  for (const { index: leafIndex, statement } of leaves) {
    const signed = signerOf(
      membership,
      { index: leafIndex, statement },
      { role: 'member', native },
    );
    if (signed === null) return `leaf ${leafIndex} is not signed by a member of that time`;
    // Keys of devices are not in the file; those of members are known to the fold itself.
    const isKeyKnown = () => false;
    const given = { leafIndex, statement, ledgerId, isKeyKnown, native };
    const result = applyMembership(membership, given);
    if (!result.ok) return `leaf ${leafIndex}: ${result.code}, ${result.detail}`;
    const { logTimeMs } = result.value;
    const toleranceMs = membership.terms.mode === 'alliance' ? LOG_TIME_TOLERANCE_MS : 0;
    if (logTimeMs < clockMs - toleranceMs) return `leaf ${leafIndex}: log time runs backwards`;
    clockMs = Math.max(clockMs, logTimeMs);
    membership = result.value.membership;
  }
  return membership;
}

/** The key of that role, in force at its leaf, by which the issuer it names signed a statement. */
export function signerOf(
  membership: Membership,
  { index, statement }: Pick<KnownLeaf, 'index' | 'statement'>,
  given: { readonly role: MemberKeyRole; readonly native?: NativeVerify | undefined },
): MemberKey | null {
  // The charter, leaf 0, brings the keys it is signed with.
  const position = Math.max(index, 1);
  const key = membership.keys.find(
    (one) =>
      one.role === given.role &&
      one.iss === statement.iss &&
      isInForce(one, position) &&
      isSignedBy(statement, one.key, given.native),
  );
  return key ?? null;
}

/** The member of that time whose key of that role signed a leaf. */
export function memberWhoSigned(
  { membership }: KnownLedger,
  leaf: KnownLeaf,
  given: { readonly role: MemberKeyRole; readonly native?: NativeVerify | undefined },
): Member | null {
  const key = signerOf(membership, leaf, given);
  return key === null ? null : memberAt(membership, key.iss, Math.max(leaf.index, 1));
}
