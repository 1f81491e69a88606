// One statement about the members: what its reader is given, and what it answers.

/** @module membership-step */
import type { MembershipEffect, Moved } from './membership-effect.ts';
import type { MembershipRefusal } from './membership-refusal.ts';
import type { Surroundings } from './membership-rules.ts';
import type { Membership } from './membership-state.ts';
import { fail, ok, type Result } from './result.ts';
import type { Statement } from './statement.ts';

export interface MembershipChange extends Surroundings {
  readonly leafIndex: number;
  readonly statement: Statement;
  /** `iss` of a device's owner; left out offline, where the devices aren't known: not checked then. */
  readonly ownerOf?: ((device: string) => string | null) | undefined;
}

export type MembershipResult = Result<
  {
    readonly membership: Membership;
    readonly logTimeMs: number;
    readonly effect: MembershipEffect | null;
  },
  MembershipRefusal
>;

/** Reads the payload; all but a grant are about the ledger by its name. */
export function readPayload<T>(
  { ledgerName }: Membership,
  { statement }: MembershipChange,
  parse: (bytes: Uint8Array) => Result<T>,
): Result<T, MembershipRefusal> {
  if (statement.sub !== ledgerName) return fail('not_allowed', 'the subject is not this ledger');
  const parsed = parse(statement.payloadBytes);
  return parsed.ok ? parsed : fail('malformed', `${parsed.code}: ${parsed.detail}`);
}

export function moved({ membership, effect }: Moved, logTimeMs: number): MembershipResult {
  return ok({ membership, logTimeMs, effect });
}
