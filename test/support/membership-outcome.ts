import type { MembershipResult } from '../../device-sdk/formats/membership.ts';

/** What happened: `effect`, or that it was taken without one, or the code of the refusal. */
export function outcome(result: MembershipResult): string {
  if (!result.ok) return result.code;
  return result.value.effect === null ? 'taken' : `effect ${result.value.effect.kind}`;
}
