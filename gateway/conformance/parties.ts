import { policyOfMembership, validators } from '@truegrain/device-sdk/formats/membership.js';
import { isQuorumMet } from '@truegrain/device-sdk/formats/tlog-policy.js';
import type { FoldedLedger } from './fold.ts';
import type { Independence, Organisation } from './organisations.ts';
import type { View } from './view.ts';

/** What one organisation could do with its own keys and those of members nobody has shown to be others. */
export interface Power {
  readonly organisation: Organisation;
  /** Sign and cosign a second history that outsiders would accept. */
  readonly rewrites: boolean;
  /** Commit blocks without any other vote. */
  readonly commits: boolean;
  readonly cosigners: number;
  readonly votes: number;
}

export function powersOf(
  { membership, origin }: FoldedLedger,
  { organisations, unshown }: Independence,
): Power[] {
  const policy = policyOfMembership(membership, origin);
  const voters = validators(membership);
  return organisations.map((organisation) => {
    const held = new Set([...organisation.members, ...unshown].map(({ iss }) => iss));
    const names = [...membership.members.values()]
      .filter(({ iss }) => held.has(iss))
      .map(({ cosignerName }) => cosignerName);
    const votes = voters.filter(({ iss }) => held.has(iss)).length;
    return {
      organisation,
      rewrites: isQuorumMet(policy, new Set(names)),
      commits: voters.length > 0 && 3 * votes > 2 * voters.length,
      cosigners: names.length,
      votes,
    };
  });
}

/** The fewest organisations whose keys make up the quorum, all who are not shown counted as one. */
export function fewestForQuorum(
  { membership, origin }: FoldedLedger,
  { evidenced, unshown }: Independence,
): number {
  const policy = policyOfMembership(membership, origin);
  const groups = [unshown, ...evidenced.map(({ members }) => members)]
    .filter((members) => members.length > 0)
    .sort((a, b) => b.length - a.length);
  const cosigned = new Set<string>();
  for (const [i, members] of groups.entries()) {
    for (const { cosignerName } of members) cosigned.add(cosignerName);
    if (isQuorumMet(policy, cosigned)) return i + 1;
  }
  return groups.length;
}

/**
 * Who shows itself as a keeper: the members that the law names, else the log keys in the user's
 * policy. Witnesses keep nothing. What a ledger calls itself is not asked.
 */
export function presentedKeepers({
  law,
  trust,
  source,
}: Pick<View, 'law' | 'trust' | 'source'>): number {
  if (source.kind === 'scitt') return 1;
  if (law?.ok) return law.value.membership.members.size;
  return Math.max(1, trust.policy?.logs.length ?? 1);
}
