import {
  distinctOrganisations,
  type Membership,
  validators,
} from '@truegrain/device-sdk/formats/membership.js';
import type { FaultTolerance } from './http/alliance-backend.ts';

/**
 * Votes are equal: of n voters, ⌊(n − 1) / 3⌋ may be down or lie. Members without evidence of who
 * they are could all be one organisation, so together they count as one (DESIGN §5).
 */
export function faultTolerance(membership: Membership): FaultTolerance {
  const voters = validators(membership);
  const evidenced = new Set(distinctOrganisations(membership).map(({ iss }) => iss));
  const unproved = voters.filter(({ iss }) => !evidenced.has(iss)).length;
  const faultyVotes = Math.max(0, Math.floor((voters.length - 1) / 3));
  const tolerated = unproved === 0 ? faultyVotes : Math.max(0, faultyVotes - unproved + 1);
  const counts = {
    members: membership.members.size,
    voting: voters.length,
    evidenced: evidenced.size,
    tolerated,
  };
  return { ...counts, words: wordsOf(counts, unproved) };
}

function wordsOf(
  { members, voting, evidenced, tolerated }: Omit<FaultTolerance, 'words'>,
  unproved: number,
): string {
  const who = `${counted(members, 'member')}, ${evidenced} of them evidenced organisations, ${voting} voting`;
  if (tolerated > 0) return `${who}: ${tolerated} may fail or lie`;
  const why = voting < 4 ? 'below four voters' : `${unproved} voters without evidence count as one`;
  return `${who}: no fault is tolerated (${why})`;
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
