// One statement about the members: what its reader is given, and what it answers.

/** @module membership-step */
import type { Law } from './law-state.ts';
import type { LawEffectKind, MembershipEffect, Moved } from './membership-effect.ts';
import type { MembershipRefusal } from './membership-refusal.ts';
import type { Surroundings } from './membership-rules.ts';
import type { Membership } from './membership-state.ts';
import { fail, ok, type Result } from './result.ts';
import type { Sensor } from './sensor.ts';
import type { Statement } from './statement.ts';

export interface MembershipChange extends Surroundings {
  readonly statement: Statement;
  /** `iss` of a device's owner; left out offline, where the devices aren't known: not checked then. */
  readonly ownerOf?: ((device: string) => string | null) | undefined;
  /** A registered sensor, null for none; left out offline as well. */
  readonly sensorOf?:
    | ((device: string, sensor: string) => Pick<Sensor, 'serial' | 'unit'> | null)
    | undefined;
}

export type MembershipResult = Result<
  {
    readonly membership: Membership;
    readonly logTimeMs: number;
    readonly effect: MembershipEffect | null;
  },
  MembershipRefusal
>;

/** Reads the payload. Most are about the ledger by its name; the others' subject their reader checks. */
export function readPayload<T>(
  { ledgerName }: Membership,
  { statement }: MembershipChange,
  parse: (bytes: Uint8Array) => Result<T>,
  { isAboutLedger = true }: { readonly isAboutLedger?: boolean } = {},
): Result<T, MembershipRefusal> {
  if (isAboutLedger && statement.sub !== ledgerName)
    return fail('not_allowed', 'the subject is not this ledger');
  const parsed = parse(statement.payloadBytes);
  return parsed.ok ? parsed : fail('malformed', `${parsed.code}: ${parsed.detail}`);
}

export function moved({ membership, effect }: Moved, logTimeMs: number): MembershipResult {
  return ok({ membership, logTimeMs, effect });
}

/** The law has changed, and who the members are has not. */
export function movedLaw(
  membership: Membership,
  law: Law,
  given: { readonly logTimeMs: number; readonly kind: LawEffectKind; readonly member: string },
): MembershipResult {
  const { logTimeMs, kind, member } = given;
  const effect = { kind, member, proposalId: null, added: [], ended: [], exceptions: [] };
  return moved({ membership: { ...membership, law }, effect }, logTimeMs);
}
