// SPEC.md §4.8: what the log says about members, their keys and open proposals at one tree size.

/** @module membership-state */
import { toHex } from './bytes.ts';
import { type CoseKey, keyThumbprint } from './cose-key.ts';
import type { Endpoint } from './endpoint.ts';
import type { MemberKeyRole, MemberKind } from './governance.ts';
import type { Law } from './law-state.ts';
import { type Founder, type LegalId, recordKeys } from './member-record.ts';
import type { Proposal } from './proposal.ts';
import type { Terms } from './terms.ts';

/**
 * In force for leaves after `fromLeaf` up to `untilLeaf` itself; a log key or cosigner vouches for
 * tree sizes after `fromLeaf` up to `untilLeaf`, so the tree that holds a change is signed anew.
 */
export interface MemberKey {
  readonly key: CoseKey;
  readonly kid: Uint8Array;
  readonly role: MemberKeyRole;
  readonly iss: string;
  readonly fromLeaf: number;
  /** Null while it is active. */
  readonly untilLeaf: number | null;
}

export interface Member {
  readonly iss: string;
  readonly name: string;
  readonly legalId: LegalId;
  readonly kind: MemberKind;
  readonly cosignerName: string;
  /** Null for a founder that has not announced one. */
  readonly endpoint: Endpoint | null;
  /** A member for every leaf after it. */
  readonly sinceLeaf: number;
}

/** Left or expelled; what it signed as a member stays. */
export interface FormerMember extends Member {
  readonly untilLeaf: number;
}

export interface OpenProposal {
  /** Statement id. */
  readonly id: Uint8Array;
  readonly leafIndex: number;
  readonly logTimeMs: number;
  /** `iss` of the proposer, who counts as approving. */
  readonly by: string;
  readonly proposal: Proposal;
  readonly approvedBy: readonly string[];
  /** `iss` of a silent member, and who has named it. */
  readonly exceptedBy: ReadonlyMap<string, readonly string[]>;
  /** Rules: who said no while the others could still carry it. */
  readonly rejectedBy: readonly string[];
  /**
   * A notice to leave outlives a rejection and a change of the members: it can't be answered any
   * more, but its term runs on and the leaver's departure completes it. Null for all else.
   */
  readonly closed: 'rejected' | 'superseded' | null;
}

/** Where less than all members signed a change, which is never kept silent (DESIGN §5). */
export interface ExceptionUse {
  readonly kind: 'silent' | 'departure' | 'expulsion';
  /** The silent member, the leaver, or the expelled. */
  readonly member: string;
  readonly proposalId: Uint8Array;
  /** Leaf at which the change took effect. */
  readonly leafIndex: number;
}

/** `to` may read contents of `device` for leaves from `fromLeaf` on, before `untilLeaf`. */
export interface DeviceGrant {
  readonly device: string;
  /** Who granted it: void once the device has another owner. */
  readonly by: string;
  readonly to: string;
  readonly fromLeaf: number;
  readonly untilLeaf: number | null;
}

/** Never changed in place. */
export interface Membership {
  /** How many changes of members, keys and terms there were. */
  readonly epoch: number;
  readonly ledgerName: string;
  /** Statement id of the charter. */
  readonly charterId: Uint8Array;
  readonly terms: Terms;
  /** Every version of the terms, each in force after its leaf; the last one is `terms`. */
  readonly termsHistory: readonly { readonly fromLeaf: number; readonly terms: Terms }[];
  /** By `iss`, in order of admission. */
  readonly members: ReadonlyMap<string, Member>;
  readonly formerMembers: readonly FormerMember[];
  /** Every key ever registered for a member, in order of registration. */
  readonly keys: readonly MemberKey[];
  /** By statement id in lower hex. */
  readonly proposals: ReadonlyMap<string, OpenProposal>;
  readonly exceptions: readonly ExceptionUse[];
  /** By `grantKey`. */
  readonly grants: ReadonlyMap<string, DeviceGrant>;
  readonly law: Law;
}

export function memberOf(
  member: Founder,
  given: { readonly endpoint: Endpoint | null; readonly leaf: number },
): Member {
  const { iss, name, legalId, kind, cosignerName } = member;
  const { endpoint, leaf: sinceLeaf } = given;
  return { iss, name, legalId, kind, cosignerName, endpoint, sinceLeaf };
}

export function memberKeysOf(member: Founder, fromLeaf: number): MemberKey[] {
  return recordKeys(member).map(({ role, key }) => {
    const kid = keyThumbprint(key);
    return { key, kid, role, iss: member.iss, fromLeaf, untilLeaf: null };
  });
}

/** `position` is a leaf index for what a key signs there, or a tree size for what it vouches for. */
export function isInForce({ fromLeaf, untilLeaf }: MemberKey, position: number): boolean {
  return fromLeaf < position && (untilLeaf === null || position <= untilLeaf);
}

/** The active keys of one role, in order of registration. */
export function activeKeys(membership: Membership, role: MemberKeyRole): MemberKey[] {
  return membership.keys.filter((key) => key.role === role && key.untilLeaf === null);
}

/** The first active one: a member has one of each role, but any number of gateways. */
export function activeKey(
  membership: Membership,
  iss: string,
  role: MemberKeyRole,
): MemberKey | null {
  return activeKeys(membership, role).find((key) => key.iss === iss) ?? null;
}

/** The node keys that vote, one an organisation, in order of their members' admission. */
export function validators(membership: Membership): MemberKey[] {
  const { members, terms } = membership;
  return [...members.values()].flatMap(({ iss, kind }) => {
    const key = terms.validatorKinds.includes(kind) ? activeKey(membership, iss, 'node') : null;
    return key === null ? [] : [key];
  });
}

/** Members that showed evidence of who they are: only they count as distinct organisations. */
export function distinctOrganisations({ members }: Membership): Member[] {
  return [...members.values()].filter(({ legalId }) => legalId.evidence !== null);
}

/** Who was the member of that name when a leaf was made; null for nobody. */
export function memberAt(
  { members, formerMembers }: Membership,
  iss: string,
  leafIndex: number,
): Member | null {
  const all = [...formerMembers, ...members.values()];
  const found = all.find(
    (one: Member & { readonly untilLeaf?: number }) =>
      one.iss === iss &&
      one.sinceLeaf < leafIndex &&
      (one.untilLeaf === undefined || leafIndex <= one.untilLeaf),
  );
  return found ?? null;
}

export function termsAt({ termsHistory, terms }: Membership, leafIndex: number): Terms {
  return termsHistory.findLast(({ fromLeaf }) => fromLeaf < leafIndex)?.terms ?? terms;
}

export function grantKey(device: string, to: string): string {
  return `${device} ${to}`;
}

export function proposalKey(id: Uint8Array): string {
  return toHex(id);
}
