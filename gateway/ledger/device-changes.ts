import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { type CoseKey, keyThumbprint } from '@truegrain/device-sdk/formats/cose-key.js';
import { verifyEnrolmentProof } from '@truegrain/device-sdk/formats/enrolment.js';
import {
  parseRegistration,
  type Registration,
} from '@truegrain/device-sdk/formats/registration.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { parseRevocation } from '@truegrain/device-sdk/formats/revocation.js';
import { parseRotation, type Rotation } from '@truegrain/device-sdk/formats/rotation.js';
import { checkPublicKey, type NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import type { Statement } from '@truegrain/device-sdk/formats/statement.js';
import type { Change, GovernanceRefusal } from './apply-governance.ts';
import { addKey, type DeviceRecord, endKey, type KeyRecord, type LedgerState } from './state.ts';

/** What registration, rotation and revocation of a device's keys change, if they may. */

export function registrationOf(
  state: LedgerState,
  statement: Statement,
  native?: NativeVerify,
): Change {
  const parsed = parseRegistration(statement.payloadBytes);
  if (!parsed.ok) return fail('malformed', `${parsed.code}: ${parsed.detail}`);
  const registration: Registration = parsed.value;
  const { device, key } = registration;
  if (registration.owner !== statement.iss || statement.sub !== device) {
    return fail('not_allowed', 'owner signs, subject is the device');
  }
  if (activeKeys(state, device).length > 0) return fail('device_exists', device);
  const fresh = freshKey(state, key);
  if (!fresh.ok) return fresh;
  const { ledgerId } = state;
  if (!ledgerId) return fail('not_allowed', 'no charter');
  const proof = verifyEnrolmentProof(registration.proof, { device, key, ledgerId }, native);
  if (!proof.ok) return fail('proof', proof.code);
  return ok({
    logTimeMs: registration.logTimeMs,
    commit: (leafIndex) => {
      const { key: _key, proof: _proof, logTimeMs: _time, ...rest } = registration;
      const record: DeviceRecord = { ...rest, registrationLeaf: leafIndex };
      state.devices.set(device, record);
      const added = addKey(state, {
        kid: fresh.value,
        key,
        role: 'device',
        iss: device,
        fromLeaf: leafIndex,
      });
      return { keys: [added], devices: [record] };
    },
  });
}

/** The successor of a device key (E4): signed by both, or forced by the owner alone. */
export function rotationOf(
  state: LedgerState,
  statement: Statement,
  native?: NativeVerify,
): Change {
  const parsed = parseRotation(statement.payloadBytes);
  if (!parsed.ok) return fail('malformed', `${parsed.code}: ${parsed.detail}`);
  const rotation: Rotation = parsed.value;
  const { device, newKey: key, oldKid } = rotation;
  if (statement.sub !== device) return OTHER_SUBJECT;
  const old = state.keyByKid.get(toHex(oldKid));
  if (!old || old.iss !== device || old.role !== 'device') return fail('device_unknown', device);
  if (state.devices.get(device)?.owner !== statement.iss)
    return fail('not_allowed', 'not the owner');
  if (old.status !== 'active') return fail('not_allowed', `old key is ${old.status}`);
  const fresh = freshKey(state, key);
  const { ledgerId } = state;
  if (!fresh.ok) return fresh;
  if (!ledgerId) return fail('not_allowed', 'no charter');
  const byNew = verifyEnrolmentProof(rotation.proofNew, { device, key, ledgerId }, native);
  if (!byNew.ok) return fail('proof', `new key: ${byNew.code}`);
  if (rotation.proofOld) {
    const expected = { device, key, ledgerId, signedBy: old.key };
    const byOld = verifyEnrolmentProof(rotation.proofOld, expected, native);
    if (!byOld.ok) return fail('proof', `old key: ${byOld.code}`);
  }
  return ok({
    logTimeMs: rotation.logTimeMs,
    commit: (leafIndex) => {
      const ended = endKey(state, old, { status: 'retired', untilLeaf: leafIndex });
      const added = addKey(state, {
        kid: fresh.value,
        key,
        role: 'device',
        iss: device,
        fromLeaf: leafIndex,
      });
      return { keys: [ended, added] };
    },
  });
}

export function revocationOf(state: LedgerState, statement: Statement): Change {
  const parsed = parseRevocation(statement.payloadBytes);
  if (!parsed.ok) return fail('malformed', parsed.code);
  const { device, kid, logTimeMs } = parsed.value;
  if (statement.sub !== device) return OTHER_SUBJECT;
  if (state.devices.get(device)?.owner !== statement.iss) return fail('device_unknown', device);
  const keys = state.keys.filter(
    (key) => key.iss === device && key.status !== 'revoked' && (!kid || equal(key.kid, kid)),
  );
  if (keys.length === 0) return fail('device_unknown', 'no such key, or revoked already');
  return ok({
    logTimeMs,
    commit: (leafIndex) => ({
      keys: keys.map((key) => endKey(state, key, { status: 'revoked', untilLeaf: leafIndex })),
    }),
  });
}

/** A device's governance is found under its URN, everything else under the ledger's name (SPEC §4). */
export const OTHER_SUBJECT = fail('not_allowed', 'sub is neither the device nor the ledger name');

function activeKeys(state: LedgerState, device: string): KeyRecord[] {
  return state.keys.filter((key) => key.iss === device && key.status === 'active');
}

/** A key is registered once, for ever: a revoked one can't come back under another name. */
function freshKey(state: LedgerState, key: CoseKey): Result<Uint8Array, GovernanceRefusal> {
  const checked = checkPublicKey(key);
  if (!checked.ok) return fail('key_invalid', checked.code);
  const kid = keyThumbprint(key);
  return state.keyByKid.has(toHex(kid)) ? fail('key_in_use', toHex(kid)) : ok(kid);
}
