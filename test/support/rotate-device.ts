import { encodeCoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import { makeEnrolmentProof } from '@truegrain/device-sdk/formats/enrolment.js';
import type { RotateRequest } from '../../gateway/http/backend.ts';
import { fixedSigner, type SoloRig, type TestDevice } from './solo-ledger.ts';

/** What a device sends to replace its key; `forced` leaves out the old key's word. */
export function rotation(
  rig: SoloRig,
  device: TestDevice,
  options: { words?: string; forced?: boolean } = {},
) {
  const { urn, signer: old } = device;
  const { ledgerId } = rig;
  const next = fixedSigner(options.words ?? `${urn} next ${device.seq}`, old.alg);
  const request = { device: urn, token: null, ledgerId, key: next.key };
  const change: RotateRequest = {
    device: urn,
    oldKid: old.kid,
    newKey: encodeCoseKey(next.key),
    proofNew: makeEnrolmentProof(next, request),
    proofOld: options.forced ? null : makeEnrolmentProof(old, request),
    reason: 'scheduled',
  };
  return { change, next };
}

/** The device signs with its new key from here on. */
export async function rotateDevice(rig: SoloRig, device: TestDevice): Promise<void> {
  const { change, next } = rotation(rig, device);
  const outcome = await rig.registrar.rotate(change);
  if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.detail}`);
  Object.assign(device, { signer: next, seq: 0, prev: null });
}
