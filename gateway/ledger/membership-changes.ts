import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import {
  MEDIA_ANSWER,
  MEDIA_APPEAL,
  MEDIA_CALIBRATION,
  MEDIA_CLAIM,
  MEDIA_CREDENTIAL,
  MEDIA_DEPARTURE,
  MEDIA_ENDPOINT,
  MEDIA_EXAMINATION,
  MEDIA_EXCEPTION,
  MEDIA_FILING,
  MEDIA_GRANT,
  MEDIA_INSPECTION,
  MEDIA_ORDER,
  MEDIA_PROFILE_BINDING,
  MEDIA_PROPOSAL,
  MEDIA_RULE_FINDING,
  MEDIA_SEAL,
  MEDIA_TAP,
} from '@truegrain/device-sdk/formats/media-types.js';
import { applyMembership, type Membership } from '@truegrain/device-sdk/formats/membership.js';
import type { LawEffectKind } from '@truegrain/device-sdk/formats/membership-effect.js';
import { fail, ok } from '@truegrain/device-sdk/formats/result.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { Change } from './apply-governance.ts';
import { addKey, endKey, type KeyRecord, type LedgerState } from './state.ts';

export type MembershipKind =
  | 'proposal'
  | 'answer'
  | 'exception'
  | 'departure'
  | 'endpoint'
  | 'grant'
  | LawEffectKind;

export const MEMBERSHIP_KINDS: ReadonlyMap<string, MembershipKind> = new Map([
  [MEDIA_PROPOSAL, 'proposal'],
  [MEDIA_ANSWER, 'answer'],
  [MEDIA_EXCEPTION, 'exception'],
  [MEDIA_DEPARTURE, 'departure'],
  [MEDIA_ENDPOINT, 'endpoint'],
  [MEDIA_GRANT, 'grant'],
  [MEDIA_ORDER, 'order'],
  [MEDIA_APPEAL, 'appeal'],
  [MEDIA_INSPECTION, 'inspection'],
  [MEDIA_PROFILE_BINDING, 'binding'],
  [MEDIA_CREDENTIAL, 'credential'],
  [MEDIA_CALIBRATION, 'calibration'],
  [MEDIA_TAP, 'tap'],
  [MEDIA_SEAL, 'seal'],
  [MEDIA_CLAIM, 'claim'],
  [MEDIA_RULE_FINDING, 'rule-finding'],
  [MEDIA_EXAMINATION, 'examination'],
  [MEDIA_FILING, 'filing'],
]);

/** Who the members are, what they agreed to, and with which keys they speak: the fold of formats/. */
export function membershipOf(
  state: LedgerState,
  statement: Statement,
  native?: NativeVerify,
): Change {
  const { membership, ledgerId } = state;
  if (!membership || !ledgerId) return fail('not_allowed', 'no charter');
  const applied = applyMembership(membership, {
    leafIndex: state.size,
    statement,
    ledgerId,
    native,
    isKeyKnown: (kid) => state.keyByKid.has(toHex(kid)),
    ownerOf: (device) => state.devices.get(device)?.owner ?? null,
    sensorOf: (device, name) =>
      state.devices.get(device)?.sensors.find((sensor) => sensor.name === name) ?? null,
  });
  if (!applied.ok) return applied;
  const { membership: next, logTimeMs, effect } = applied.value;
  return ok({
    logTimeMs,
    commit: () => ({ keys: adoptMembership(state, next), effect }),
  });
}

/** The registry's records follow the membership's keys; gives those that are new or have ended. */
export function adoptMembership(state: LedgerState, next: Membership): KeyRecord[] {
  const before = state.membership;
  state.membership = next;
  if (state.charter) state.charter = { ...state.charter, ...next.terms };
  if (before?.keys === next.keys) return [];
  return next.keys.flatMap((key, i) => {
    if (before?.keys[i] === key) return [];
    const known = state.keyByKid.get(toHex(key.kid));
    if (!known) return [addKey(state, keyFields(key))];
    const { untilLeaf } = key;
    return untilLeaf === null || known.untilLeaf !== null
      ? []
      : [endKey(state, known, { status: 'retired', untilLeaf })];
  });
}

function keyFields({ kid, key, role, iss, fromLeaf }: Membership['keys'][number]) {
  return { kid, key, role, iss, fromLeaf };
}
