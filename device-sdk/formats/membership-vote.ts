// SPEC.md §4.10 to §4.12: when a proposal is complete, and who may be passed over (DESIGN §5).

/** @module membership-vote */
import {
  distinctOrganisations,
  type ExceptionUse,
  type Member,
  type Membership,
  type OpenProposal,
} from './membership-state.ts';

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

/** Members whose word is still missing. */
export function awaited(membership: Membership, open: OpenProposal): string[] {
  return electorate(membership, open).filter(
    (iss) => !open.approvedBy.includes(iss) && !isExcepted(membership, open, iss),
  );
}

/** What has to be marked when the change takes effect at this leaf. */
export function usedExceptions(
  membership: Membership,
  open: OpenProposal,
  leafIndex: number,
): ExceptionUse[] {
  const { change } = open.proposal;
  const mark = { proposalId: open.id, leafIndex };
  const silent = electorate(membership, open).filter((iss) => !open.approvedBy.includes(iss));
  const uses: ExceptionUse[] = silent.map((member) => ({ kind: 'silent', member, ...mark }));
  if (change.kind === 'expel') uses.push({ kind: 'expulsion', member: change.member, ...mark });
  return uses;
}
