// SPEC.md §4.8: a change takes effect; it governs every leaf after the one that completed it.

/** @module membership-effect */
import { equal, toHex } from './bytes.ts';
import { keyThumbprint } from './cose-key.ts';
import { changedLaw, isLawChange } from './law-rules.ts';
import {
  type ExceptionUse,
  type Member,
  type MemberKey,
  type Membership,
  memberKeysOf,
  memberOf,
  type OpenProposal,
} from './membership-state.ts';
import type { Change, KeyChange, LawChange, MemberChange } from './proposal.ts';

/** What a statement changed, for previews and reports; nothing but an answer changes nothing. */
export interface MembershipEffect {
  readonly kind: Change['kind'] | 'endpoint' | 'grant' | LawEffectKind;
  /** Whom it is about: who came, went or changed; the proposer of new terms; the grantee. */
  readonly member: string;
  /** Statement id; null where no proposal was needed. */
  readonly proposalId: Uint8Array | null;
  readonly added: readonly MemberKey[];
  readonly ended: readonly MemberKey[];
  readonly exceptions: readonly ExceptionUse[];
}

export type LawEffectKind =
  | 'order'
  | 'appeal'
  | 'inspection'
  | 'binding'
  | 'credential'
  | 'calibration'
  | 'tap'
  | 'seal'
  | 'claim'
  | 'rule-finding'
  | 'examination'
  | 'filing';

export interface Moved {
  readonly membership: Membership;
  readonly effect: MembershipEffect | null;
}

type Parts = Pick<
  Membership,
  'members' | 'formerMembers' | 'keys' | 'terms' | 'termsHistory' | 'grants'
>;

/** All that a completed proposal changes; its possibility was checked. */
export function takeEffect(
  membership: Membership,
  open: OpenProposal,
  given: { readonly leafIndex: number; readonly exceptions: readonly ExceptionUse[] },
): Moved {
  const { change } = open.proposal;
  const { leafIndex, exceptions } = given;
  if (isLawChange(change)) return withLaw(membership, open, { change, ...given });
  const changed = changedParts(membership, change, leafIndex);
  const next: Membership = {
    ...membership,
    ...changed,
    epoch: membership.epoch + 1,
    proposals: noticesLeft(membership, changed.members, open),
    exceptions: [...membership.exceptions, ...exceptions],
  };
  return { membership: next, effect: effectOf(next, { change, open, exceptions, leafIndex }) };
}

/** Rules change nobody's power to sign: the epoch stays, and so do the other proposals. */
function withLaw(
  membership: Membership,
  open: OpenProposal,
  given: {
    readonly change: LawChange;
    readonly leafIndex: number;
    readonly exceptions: readonly ExceptionUse[];
  },
): Moved {
  const { change, leafIndex, exceptions } = given;
  const next: Membership = {
    ...membership,
    law: changedLaw(membership.law, open, change, leafIndex),
    proposals: new Map([...membership.proposals].filter(([, one]) => !equal(one.id, open.id))),
    exceptions: [...membership.exceptions, ...exceptions],
  };
  return { membership: next, effect: effectOf(next, { change, open, exceptions, leafIndex }) };
}

/**
 * A stolen gateway key is to sign nothing more, so its owner takes it back alone and at once. Nobody
 * else's power changes: the epoch stays, and so do the proposals others are answering.
 */
export function retireGateway(
  membership: Membership,
  change: KeyChange,
  given: { readonly leafIndex: number; readonly id: Uint8Array },
): Moved {
  const { leafIndex, id } = given;
  const next = { ...membership, ...changedParts(membership, change, leafIndex) };
  const open = { id, by: change.member };
  return { membership: next, effect: effectOf(next, { change, open, exceptions: [], leafIndex }) };
}

function effectOf(
  { keys }: Membership,
  given: {
    change: Change;
    open: Pick<OpenProposal, 'id' | 'by'>;
    exceptions: readonly ExceptionUse[];
    leafIndex: number;
  },
): MembershipEffect {
  const { change, open, exceptions, leafIndex } = given;
  return {
    kind: change.kind,
    member: aboutWhom(change, open.by),
    proposalId: open.id,
    added: keys.filter(({ fromLeaf }) => fromLeaf === leafIndex),
    ended: keys.filter(({ untilLeaf }) => untilLeaf === leafIndex),
    exceptions,
  };
}

function aboutWhom(change: Change, by: string): string {
  if (change.kind === 'charter' || isLawChange(change)) return by;
  return change.kind === 'admit' ? change.member.iss : change.member;
}

/**
 * Other proposals are void: the members who were to answer them, or their keys, are others now. A
 * notice to leave stays, else the others could hold a leaver by changing something every month.
 */
function noticesLeft(
  { proposals }: Membership,
  members: ReadonlyMap<string, Member>,
  done: OpenProposal,
): Membership['proposals'] {
  const left = new Map<string, OpenProposal>();
  for (const [key, open] of proposals) {
    if (equal(open.id, done.id) || open.proposal.change.kind !== 'exit') continue;
    if (members.has(open.by)) left.set(key, { ...open, closed: open.closed ?? 'superseded' });
  }
  return left;
}

function changedParts(membership: Membership, change: MemberChange, leafIndex: number): Parts {
  const { members, formerMembers, keys, terms, termsHistory, grants } = membership;
  const parts: Parts = { members, formerMembers, keys, terms, termsHistory, grants };
  switch (change.kind) {
    case 'admit': {
      const { member: record, endpoint } = change;
      const member = memberOf(record, { endpoint, leaf: leafIndex });
      return {
        ...parts,
        members: new Map([...members, [member.iss, member]]),
        keys: [...keys, ...memberKeysOf(record, leafIndex)],
      };
    }
    case 'exit':
    case 'expel':
      return { ...parts, ...withoutMember(membership, change.member, leafIndex) };
    case 'charter': {
      const { terms: next } = change;
      const version = { fromLeaf: leafIndex, terms: next };
      return { ...parts, terms: next, termsHistory: [...termsHistory, version] };
    }
    case 'key':
      return { ...parts, keys: changedKeys(keys, change, leafIndex) };
  }
}

function withoutMember(membership: Membership, iss: string, leafIndex: number): Partial<Parts> {
  const { formerMembers, keys, grants } = membership;
  const members = new Map(membership.members);
  const member = members.get(iss);
  members.delete(iss);
  const gone = member === undefined ? [] : [{ ...member, untilLeaf: leafIndex }];
  return {
    members,
    formerMembers: [...formerMembers, ...gone],
    keys: keys.map((key) => (key.iss === iss ? ended(key, leafIndex) : key)),
    grants: new Map([...grants].filter(([, grant]) => grant.to !== iss)),
  };
}

function ended(key: MemberKey, leafIndex: number): MemberKey {
  return key.untilLeaf === null ? { ...key, untilLeaf: leafIndex } : key;
}

function changedKeys(
  keys: readonly MemberKey[],
  { member: iss, role, retire, add }: KeyChange,
  leafIndex: number,
): MemberKey[] {
  const kept = keys.map((key) =>
    retire !== null && toHex(key.kid) === toHex(retire) ? ended(key, leafIndex) : key,
  );
  if (add === null) return kept;
  const added = { key: add, kid: keyThumbprint(add), role, iss };
  return [...kept, { ...added, fromLeaf: leafIndex, untilLeaf: null }];
}
