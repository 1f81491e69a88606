// SPEC.md §4.10 to §4.12: when a proposal is complete, and who may be passed over (DESIGN §5).

/** @module membership-vote */
import { isLawChange, sectorOf } from './law-rules.ts';
import {
  distinctOrganisations,
  type ExceptionUse,
  type Member,
  type Membership,
  type OpenProposal,
} from './membership-state.ts';
import { mandatoryApprovers } from './supervision.ts';

export const DAY_MS = 86_400_000;

/** Whose word a proposal needs: every member's but the one it expels. */
export function electorate({ members }: Membership, { proposal }: OpenProposal): string[] {
  const { change } = proposal;
  const expelled = change.kind === 'expel' ? change.member : null;
  return [...members.keys()].filter((iss) => iss !== expelled);
}

/**
 * Two thirds of the other organisations that showed who they are, and every other regulator. Not the
 * expelled: it is asked nothing. Where nobody else is evidenced, nobody can be passed over.
 */
export function isExcepted(membership: Membership, open: OpenProposal, silent: string): boolean {
  const named = open.exceptedBy.get(silent) ?? [];
  const { change } = open.proposal;
  const expelled = change.kind === 'expel' ? change.member : null;
  const organisations = distinctOrganisations(membership).filter(
    ({ iss }) => iss !== silent && iss !== expelled,
  );
  if (organisations.length === 0) return false;
  const has = ({ iss }: Member) => named.includes(iss);
  const regulators = [...membership.members.values()].filter(
    ({ iss, kind }) => kind === 'regulator' && iss !== silent,
  );
  return 3 * organisations.filter(has).length >= 2 * organisations.length && regulators.every(has);
}

/** Members whose word is still missing; for a rule those of whom some more have to approve. */
export function awaited(membership: Membership, open: OpenProposal): string[] {
  const { change } = open.proposal;
  const missing = electorate(membership, open).filter(
    (iss) =>
      !open.approvedBy.includes(iss) &&
      !open.rejectedBy.includes(iss) &&
      !isExcepted(membership, open, iss),
  );
  if (!isLawChange(change)) return missing;
  const mandatory = mandatoryApprovers(membership, sectorOf(membership, change));
  const isCarried = open.approvedBy.length >= membership.terms.ruleApprovals;
  return isCarried ? missing.filter((iss) => mandatory.includes(iss)) : missing;
}

/** A rule's proposal that can't be carried any more, whatever the others say. */
export function isLost(membership: Membership, open: OpenProposal): boolean {
  const { change } = open.proposal;
  if (!isLawChange(change)) return open.rejectedBy.length > 0;
  const mandatory = mandatoryApprovers(membership, sectorOf(membership, change));
  const possible = electorate(membership, open).length - open.rejectedBy.length;
  const needed = Math.min(membership.terms.ruleApprovals, membership.members.size);
  return possible < needed || mandatory.some((iss) => open.rejectedBy.includes(iss));
}

/** What has to be marked when the change takes effect at this leaf. */
export function usedExceptions(
  membership: Membership,
  open: OpenProposal,
  leafIndex: number,
): ExceptionUse[] {
  const { change } = open.proposal;
  const mark = { proposalId: open.id, leafIndex };
  // A rule needs so many, not all: who was not needed was not passed over.
  const asked = isLawChange(change)
    ? mandatoryApprovers(membership, sectorOf(membership, change))
    : electorate(membership, open);
  const silent = asked.filter((iss) => !open.approvedBy.includes(iss));
  const uses: ExceptionUse[] = silent.map((member) => ({ kind: 'silent', member, ...mark }));
  if (change.kind === 'expel') uses.push({ kind: 'expulsion', member: change.member, ...mark });
  return uses;
}
