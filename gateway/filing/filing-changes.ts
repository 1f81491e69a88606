import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Filing } from '@truegrain/device-sdk/formats/filing.js';
import type { Membership } from '@truegrain/device-sdk/formats/membership-state.js';
import { ruleKey } from '@truegrain/device-sdk/formats/rule.js';
import type { FiledChange } from '../http/filing-backend.ts';

export interface ChangeSources {
  readonly membership: Membership;
  /** Leaves in which a member said where its node is. */
  readonly announced: readonly { readonly leafIndex: number; readonly iss: string }[];
  /** Every filing statement: the law has the newest of a number alone. */
  readonly filed: readonly (Filing & { readonly leafIndex: number })[];
  /** A governance leaf; null for any other. */
  readonly leafOf: (leafIndex: number) => GovernanceStatement | null;
}

export interface GovernanceStatement {
  readonly kind: string;
  /** `iss` of the member that signed it. */
  readonly by: string;
  readonly timeMs: number;
}

type Change = readonly [leafIndex: number, text: string];

/**
 * All that an authority is told of: members, addresses, keys, charter, rules, orders, filings. What all
 * have to sign stands at the leaf that made it complete, under whoever signed last.
 */
export function changesSince(sources: ChangeSources, sinceLeaf: number | null): FiledChange[] {
  const { membership, announced, filed, leafOf } = sources;
  const all = [
    ...memberChanges(membership),
    ...announced.map(({ leafIndex, iss }): Change => [leafIndex, `${iss} has a new address.`]),
    ...keyChanges(membership),
    ...charterChanges(membership),
    ...ruleChanges(membership),
    ...recordChanges(membership),
    ...filed.map(({ leafIndex, number, authority, status }): Change => {
      return [leafIndex, `Filing ${number} with ${authority}: ${status}.`];
    }),
  ];
  return all
    .filter(([leafIndex]) => sinceLeaf === null || leafIndex > sinceLeaf)
    .sort(([a], [b]) => a - b)
    .map(([leafIndex, text]) => {
      const { kind = null, by = null, timeMs = null } = leafOf(leafIndex) ?? {};
      return { leafIndex, timeMs, kind, by, text };
    });
}

function memberChanges({ members, formerMembers, exceptions }: Membership): Change[] {
  return [
    ...[...formerMembers, ...members.values()].map(({ sinceLeaf, name, iss, kind }): Change => {
      const how = sinceLeaf === 0 ? 'founds the ledger' : 'enters';
      return [sinceLeaf, `${name} (${iss}), ${kind}, ${how}.`];
    }),
    ...formerMembers.map(({ untilLeaf, name, iss }): Change => {
      return [untilLeaf, `${name} (${iss}) is a member no more.`];
    }),
    ...exceptions.map(({ kind, member, leafIndex, proposalId }): Change => {
      const what = `proposal ${toHex(proposalId).slice(0, 16)}`;
      return [leafIndex, `Less than all members signed ${what}: ${kind}, ${member}.`];
    }),
  ];
}

/** Keys of the founders are the charter's own. */
function keyChanges({ keys }: Membership): Change[] {
  return keys.flatMap(({ iss, role, fromLeaf, untilLeaf, kid }): Change[] => {
    const key = `${role} key ${toHex(kid).slice(0, 16)} of ${iss}`;
    const begins: Change[] = fromLeaf === 0 ? [] : [[fromLeaf, `A new ${key}.`]];
    return untilLeaf === null ? begins : [...begins, [untilLeaf, `The ${key} is used no more.`]];
  });
}

function charterChanges({ termsHistory }: Membership): Change[] {
  return termsHistory
    .filter(({ fromLeaf }) => fromLeaf > 0)
    .map(({ fromLeaf }) => [fromLeaf, 'The charter is amended.']);
}

/** What ends or pauses a rule stands one leaf before the first that it does not govern. */
function ruleChanges({ law }: Membership): Change[] {
  return [...law.rules.values()].flatMap((record): Change[] => {
    const { rule, enactedLeaf, fromLeaf, untilLeaf, ended, pauses } = record;
    const key = `Rule ${ruleKey(rule)} (${rule.title})`;
    const changes: Change[] = [[enactedLeaf, `${key} is approved, from leaf ${fromLeaf} on.`]];
    if (ended === 'retired' && untilLeaf !== null) {
      changes.push([untilLeaf - 1, `${key} is retired.`]);
    }
    for (const pause of pauses) {
      changes.push([pause.fromLeaf - 1, `${key} is suspended.`]);
      if (pause.untilLeaf !== null)
        changes.push([pause.untilLeaf - 1, `${key} is in force again.`]);
    }
    return changes;
  });
}

function recordChanges({ law }: Membership): Change[] {
  return [
    ...[...law.profiles.values()].map(({ profile, leafIndex }): Change => {
      return [leafIndex, `Industry profile ${profile.id}@${profile.version} is adopted.`];
    }),
    ...[...law.orders.values()].map(({ leafIndex, by, order: { action, target } }): Change => {
      return [leafIndex, `Order of ${by}: ${action} ${target.kind} ${target.id}.`];
    }),
  ];
}
