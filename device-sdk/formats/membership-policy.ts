// Who vouches for a checkpoint of one size, as a C2SP tlog-policy: SPEC.md §8, step 5.

/** @module membership-policy */
import { isInForce, type Membership, memberAt, termsAt } from './membership-state.ts';
import { noteKey } from './note.ts';
import { effectiveQuorum } from './terms.ts';
import type { Policy } from './tlog-policy.ts';

/** A cosigner name has no `+`, so this one is free. */
const CHARTER_QUORUM = 'charter+quorum';

/**
 * Any log key of a member under the ledger's origin, and the charter's quorum among the members'
 * cosigners: those active now, or with `size` those that vouch for a tree of that size.
 */
export function policyOfMembership(
  membership: Membership,
  origin: string,
  { size }: { readonly size?: number } = {},
): Policy {
  const vouching = membership.keys.filter((key) =>
    size === undefined ? key.untilLeaf === null : isInForce(key, size),
  );
  const logs = vouching
    .filter(({ role }) => role === 'log')
    .map(({ key }) => ({ key: noteKey(origin, 1, key.x), url: null }));
  const witnesses = vouching
    .filter(({ role }) => role === 'cosigner')
    .map(({ iss, fromLeaf, key }) => {
      const name = memberAt(membership, iss, fromLeaf + 1)?.cosignerName ?? '';
      return { name, key: noteKey(name, 4, key.x), url: null };
    });
  const names = witnesses.map(({ name }) => name);
  const { quorum } = size === undefined ? membership.terms : termsAt(membership, size);
  const threshold = effectiveQuorum(quorum, names.length);
  const groups = [{ name: CHARTER_QUORUM, threshold, members: names }];
  return { logs, witnesses, groups, quorum: CHARTER_QUORUM };
}
