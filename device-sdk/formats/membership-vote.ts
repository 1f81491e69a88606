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
import type { LawChange } from './proposal.ts';
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
  const isCarried = open.approvedBy.length >= approvalsNeeded(membership, open);
  return isCarried ? missing.filter((iss) => mandatory.includes(iss)) : missing;
}

/** Of those who can be heard as many as the charter asks: a silent member is not waited for. */
function approvalsNeeded(membership: Membership, open: OpenProposal): number {
  const heard = membership.members.size - passedOver(membership, open).length;
  return Math.min(membership.terms.ruleApprovals, heard);
}

/** Excepted, and silent to this day: a late answer counts. */
function passedOver(membership: Membership, open: OpenProposal): string[] {
  const { approvedBy, rejectedBy } = open;
  return electorate(membership, open).filter(
    (iss) =>
      !approvedBy.includes(iss) && !rejectedBy.includes(iss) && isExcepted(membership, open, iss),
  );
}

/** A rule's proposal that can't be carried any more, whatever the others say. */
export function isLost(membership: Membership, open: OpenProposal): boolean {
  const { change } = open.proposal;
  if (!isLawChange(change)) return open.rejectedBy.length > 0;
  const mandatory = mandatoryApprovers(membership, sectorOf(membership, change));
  const { rejectedBy } = open;
  const silent = passedOver(membership, open).length;
  const possible = electorate(membership, open).length - rejectedBy.length - silent;
  const isShort = possible < approvalsNeeded(membership, open);
  return isShort || mandatory.some((iss) => rejectedBy.includes(iss));
}

/** What has to be marked when the change takes effect at this leaf. */
export function usedExceptions(
  membership: Membership,
  open: OpenProposal,
  leafIndex: number,
): ExceptionUse[] {
  const { change } = open.proposal;
  const mark = { proposalId: open.id, leafIndex };
  const silent = isLawChange(change)
    ? missedByRule(membership, open, change)
    : electorate(membership, open).filter((iss) => !open.approvedBy.includes(iss));
  const uses: ExceptionUse[] = silent.map((member) => ({ kind: 'silent', member, ...mark }));
  if (change.kind === 'expel') uses.push({ kind: 'expulsion', member: change.member, ...mark });
  return uses;
}

/** A rule needs so many, not all: who was not needed was not passed over. */
function missedByRule(membership: Membership, open: OpenProposal, change: LawChange): string[] {
  const { members, terms } = membership;
  const isShort = open.approvedBy.length < Math.min(terms.ruleApprovals, members.size);
  const mandatory = mandatoryApprovers(membership, sectorOf(membership, change));
  return passedOver(membership, open).filter((iss) => isShort || mandatory.includes(iss));
}
