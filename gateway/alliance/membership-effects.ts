import {
  distinctOrganisations,
  type Membership,
  type MembershipEffect,
  validators,
} from '@truegrain/device-sdk/formats/membership.js';
import type { CommittedBlock } from '../ledger/cometbft/comet-ledger.ts';

/** What a block changed in the membership. */
export function effectsOf({ txs }: CommittedBlock): MembershipEffect[] {
  return txs.flatMap(({ result }) => {
    if (!result.ok || result.applied.kind === 'batch') return [];
    return result.applied.effect ?? [];
  });
}

export function hasOwnKeys({ added, ended }: MembershipEffect, iss: string): boolean {
  return [...added, ...ended].some((key) => key.iss === iss);
}

/** Votes are equal: of n voters, ⌊(n − 1) / 3⌋ may be down or lie. */
export function faultWords(membership: Membership): string {
  const voters = validators(membership).length;
  const distinct = distinctOrganisations(membership).length;
  const tolerated = Math.max(0, Math.floor((voters - 1) / 3));
  const stands = tolerated === 0 ? 'no fault is tolerated' : `${tolerated} may fail or lie`;
  return `${membership.members.size} members, ${distinct} of them evidenced organisations, ${voters} voting: ${stands}`;
}
