// SPEC.md §10.5: who supervises, what they may do, and in which sector (the charter says it).

/** @module supervision */
import type { Power, Supervisor } from './law-terms.ts';
import type { MembershipRefusal } from './membership-refusal.ts';
import type { Membership } from './membership-state.ts';
import { fail, type Refused } from './result.ts';
import type { Terms } from './terms.ts';

/** In a charter that does not speak of supervision: all but to read what is sealed. */
const REGULATOR: readonly Power[] = [
  'approve-rules',
  'suspend-device',
  'suspend-rule',
  'suspend-member',
  'annotate',
];
const SELF_REGULATORY: readonly Power[] = ['approve-rules', 'annotate'];

/** Supervisors among the present members. */
export function supervisorsOf({ members, terms }: Membership): Supervisor[] {
  const present = [...members.values()];
  if (terms.law !== null) {
    const { supervisors } = terms.law;
    return supervisors.filter(({ member }) => isSupervisory(members.get(member)?.kind));
  }
  return present.flatMap(({ iss, kind }) => {
    if (!isSupervisory(kind)) return [];
    const powers = kind === 'regulator' ? REGULATOR : SELF_REGULATORY;
    return [{ member: iss, sectors: [], powers }];
  });
}

export function isSupervisory(kind: string | undefined): boolean {
  return kind === 'regulator' || kind === 'self-regulatory';
}

/** `sector` null: what belongs to no profile, which those supervise who supervise all. */
export function supervises({ sectors }: Supervisor, sector: string | null): boolean {
  return sectors.length === 0 || (sector !== null && sectors.includes(sector));
}

/** Why a member may not do that; null where it may. */
export function powerFault(
  membership: Membership,
  asked: {
    readonly iss: string;
    readonly power: Power;
    /** Undefined where there is none, or it can’t be known: an evidence file has not all devices’ bindings. */
    readonly sector: string | null | undefined;
  },
): Refused<MembershipRefusal> | null {
  const { iss, power, sector } = asked;
  const own = supervisorsOf(membership).find(({ member }) => member === iss);
  if (own === undefined) {
    const kind = membership.members.get(iss)?.kind ?? 'no member';
    return fail('not_a_supervisor', `${iss} is ${kind}: the charter gives it no supervision`);
  }
  if (!own.powers.includes(power)) return fail('not_empowered', `${iss} has no power to ${power}`);
  if (sector === undefined || supervises(own, sector)) return null;
  return fail('not_empowered', `${iss} supervises ${own.sectors.join(', ')}, not ${sector}`);
}

/** Members without whose word a rule of that sector does not come into force. */
export function mandatoryApprovers(membership: Membership, sector: string | null): string[] {
  return supervisorsOf(membership)
    .filter((one) => one.powers.includes('approve-rules') && supervises(one, sector))
    .map(({ member }) => member);
}

/** What contradicts between a charter's law and its members, in words; null when nothing does. */
export function lawContradiction(
  { law }: Terms,
  members: readonly { readonly iss: string; readonly kind: Parameters<typeof isSupervisory>[0] }[],
): string | null {
  if (law === null) return null;
  const odd = members.find(({ kind }) => !law.memberKinds.some((one) => one === kind));
  if (odd !== undefined) return `${odd.iss} is of a kind that may not be a member`;
  const stranger = law.supervisors.find(
    ({ member }) => !isSupervisory(members.find(({ iss }) => iss === member)?.kind),
  );
  if (stranger === undefined) return null;
  return `${stranger.member} is to supervise and is no regulator or self-regulatory member`;
}
