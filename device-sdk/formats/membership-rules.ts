// SPEC.md §4.8: whether a change is possible in a membership; asked when proposed and when in effect.

/** @module membership-rules */
import { equal, toHex } from './bytes.ts';
import { nameTwice, termsContradiction } from './charter-rules.ts';
import { keyThumbprint } from './cose-key.ts';
import { MEMBERS_MAX, type MemberKind } from './governance.ts';
import { verifyKeyProof } from './key-proof.ts';
import { lawFault } from './law-rules.ts';
import { proofsFault } from './member-card.ts';
import { GATEWAY_KEYS_MAX, recordKeys } from './member-record.ts';
import type { MembershipRefusal } from './membership-refusal.ts';
import { activeKey, activeKeys, type Membership } from './membership-state.ts';
import type { Change, KeyChange } from './proposal.ts';
import { fail, type Refused } from './result.ts';
import type { NativeVerify } from './signature.ts';
import { lawContradiction } from './supervision.ts';
import type { Terms } from './terms.ts';

export interface Surroundings {
  readonly ledgerId: Uint8Array;
  /** Whether a key was ever registered on this ledger, for a device or for anybody. */
  readonly isKeyKnown: (kid: Uint8Array) => boolean;
  readonly native?: NativeVerify | undefined;
  /** Leaf that the statement gets. */
  readonly leafIndex: number;
}

type Fault = Refused<MembershipRefusal> | null;
type Of<K extends Change['kind']> = Extract<Change, { kind: K }>;

/** Why `by` can't have this change now; null when it can. */
export function changeFault(
  membership: Membership,
  given: {
    readonly by: string;
    readonly change: Change;
    readonly around: Surroundings;
    readonly logTimeMs: number;
    /** Statement id of the proposal, once it is open. */
    readonly own?: Uint8Array;
  },
): Fault {
  const { by, change, around, logTimeMs, own } = given;
  switch (change.kind) {
    case 'admit':
      return (
        admissionFault(membership, change, around) ??
        conditionFault(membership, { member: change.member, on: 'entry', logTimeMs })
      );
    case 'exit':
      if (change.member !== by) return fail('not_allowed', 'only the leaver itself gives notice');
      return leavingFault(membership, change.member) ?? exitFault(membership, by, logTimeMs);
    case 'expel':
      return expulsionFault(membership, change, by);
    case 'charter':
      return termsFault(membership, change.terms);
    case 'key':
      if (change.member !== by) return fail('not_allowed', 'a key of another member');
      return keyChangeFault(membership, change, around);
    case 'rule':
    case 'rule-end':
    case 'profile':
      return lawFault(membership, change, { leafIndex: around.leafIndex, own });
  }
}

function exitFault(membership: Membership, by: string, logTimeMs: number): Fault {
  const member = membership.members.get(by);
  if (member === undefined) return null;
  return conditionFault(membership, { member, on: 'exit', logTimeMs });
}

/** Evidence in the log, by another member of the kind that the charter asks it of, and not run out. */
function conditionFault(
  { law, terms }: Membership,
  asked: {
    readonly member: { readonly iss: string; readonly kind: MemberKind };
    readonly on: 'entry' | 'exit';
    readonly logTimeMs: number;
  },
): Fault {
  const { member, on, logTimeMs } = asked;
  const conditions = terms.law?.conditions ?? [];
  const due = conditions.filter(
    (one) => one.on === on && (one.kind ?? member.kind) === member.kind,
  );
  const open = due.find(
    ({ id, attestedBy }) =>
      ![...law.credentials.values()].some(
        (credential) =>
          credential.about === member.iss &&
          credential.by !== member.iss &&
          credential.condition === id &&
          credential.attestedBy === attestedBy &&
          (credential.validUntilMs ?? logTimeMs) >= logTimeMs,
      ),
  );
  if (open === undefined) return null;
  const text = `${member.iss}: no valid evidence, attested by a ${open.attestedBy}, of "${open.text}"`;
  return fail(on === 'entry' ? 'entry_condition' : 'exit_condition', text);
}

function admissionFault(membership: Membership, change: Of<'admit'>, around: Surroundings): Fault {
  const { member } = change;
  const { members, terms } = membership;
  if (members.size >= MEMBERS_MAX) return fail('not_allowed', `${MEMBERS_MAX} members at most`);
  const twice = nameTwice([...members.values(), member]);
  if (twice !== null) return fail('charter_contradiction', twice);
  if (member.nodeKey === null && terms.validatorKinds.includes(member.kind)) {
    return fail('charter_contradiction', 'a validator without a node key');
  }
  if (terms.law?.memberKinds.includes(member.kind) === false) {
    return fail('charter_contradiction', `no ${member.kind} may be a member`);
  }
  const kids = recordKeys(member).map(({ key }) => keyThumbprint(key));
  if (new Set(kids.map(toHex)).size < kids.length) return fail('key_in_use', 'one key, two uses');
  const known = kids.find((kid) => isUsed(membership, kid, around));
  if (known !== undefined) return fail('key_in_use', toHex(known));
  return refusedProof(proofsFault(change, around.ledgerId, around.native));
}

/** A key is registered once: who held it before could still have it. */
function isUsed({ keys }: Membership, kid: Uint8Array, { isKeyKnown }: Surroundings): boolean {
  return isKeyKnown(kid) || keys.some((key) => equal(key.kid, kid));
}

function refusedProof(refused: Refused | null): Fault {
  if (refused === null) return null;
  const code = refused.code.startsWith('key_') ? 'key_invalid' : 'proof';
  return fail(code, `${refused.code}: ${refused.detail}`);
}

/** An alliance without a validator could not even record the exit of the rest. */
function leavingFault({ members, terms }: Membership, iss: string): Fault {
  const rest = [...members.values()].filter((member) => member.iss !== iss);
  if (rest.length === 0) return fail('no_members', 'the last member can’t leave');
  if (rest.some(({ kind }) => terms.validatorKinds.includes(kind))) return null;
  return fail('charter_contradiction', 'no member that stays may validate');
}

function expulsionFault(membership: Membership, { member }: Of<'expel'>, by: string): Fault {
  const { members } = membership;
  if (member === by) return fail('not_allowed', 'a member expels another, not itself');
  if (!members.has(member)) return fail('not_allowed', `${member} is no member`);
  // Of two members, whoever came first would be rid of the other by its own signature alone.
  if (members.size < 3) return fail('not_allowed', 'one member alone can’t expel the other');
  return leavingFault(membership, member);
}

function termsFault(membership: Membership, terms: Terms): Fault {
  const { members, terms: present } = membership;
  if (present.mode === 'alliance' && terms.mode === 'solo') {
    return fail('not_allowed', 'an alliance does not become a solo ledger');
  }
  const staff = [...members.values()].map(({ iss, kind }) => {
    return { kind, hasNode: activeKey(membership, iss, 'node') !== null };
  });
  if (staff.every(({ kind }) => terms.law?.memberKinds.includes(kind) === false)) {
    return fail('no_members', 'no present member is of a kind that it lets be one');
  }
  const contradiction =
    termsContradiction(terms, staff) ?? lawContradiction(terms, [...members.values()]);
  return contradiction === null ? null : fail('charter_contradiction', contradiction);
}

function keyChangeFault(membership: Membership, change: KeyChange, around: Surroundings): Fault {
  const { member: iss, role, retire, add, proof } = change;
  const active = activeKeys(membership, role).filter((key) => key.iss === iss);
  const retires = active.some(({ kid }) => retire !== null && equal(kid, retire));
  if (retire !== null && !retires) return fail('not_allowed', 'not an active key of this role');
  const kind = membership.members.get(iss)?.kind ?? 'auditor';
  const form = roleFault(change, { held: active.length, kind, membership });
  if (form !== null) return fail('not_allowed', form);
  if (add === null) return null;
  const kid = keyThumbprint(add);
  if (isUsed(membership, kid, around)) return fail('key_in_use', toHex(kid));
  const expected = { iss, role, key: add, ledgerId: around.ledgerId, record: null };
  const verified = verifyKeyProof(proof ?? new Uint8Array(0), expected, around.native);
  return refusedProof(verified.ok ? null : verified);
}

/** How many keys of a role a member has after the change: exactly one, or at most one, or any. */
function roleFault(
  { role, retire, add }: KeyChange,
  given: { held: number; kind: MemberKind; membership: Membership },
): string | null {
  const { held, kind, membership } = given;
  if (role === 'gateway') {
    const after = held - (retire === null ? 0 : 1) + (add === null ? 0 : 1);
    return after > GATEWAY_KEYS_MAX ? `${GATEWAY_KEYS_MAX} gateway keys at most` : null;
  }
  if (add !== null && retire === null) {
    return role === 'node' && held === 0 ? null : `the present ${role} key has to be retired`;
  }
  if (add !== null) return null;
  if (role !== 'node') return `a member has a ${role} key at all times`;
  const validates = membership.terms.validatorKinds.includes(kind);
  return validates ? 'a validator has a node key at all times' : null;
}
