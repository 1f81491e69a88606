// SPEC.md §4.4: a device's key is replaced; the old one is retired from the next leaf on.

/** @module rotation */
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { type CoseKey, coseKeyMap } from './cose-key.ts';
import { isDeviceUrn } from './device-urn.ts';
import { openFields } from './fields.ts';
import { GOVERNANCE_VERSION, REASON_LENGTH_MAX } from './governance.ts';
import { PROOF_BYTES_MAX } from './possession-proof.ts';
import type { Result } from './result.ts';

export interface Rotation {
  readonly logTimeMs: number;
  readonly device: string;
  readonly oldKid: Uint8Array;
  readonly newKey: CoseKey;
  /** Enrolment proof for `newKey` signed by `newKey`. */
  readonly proofNew: Uint8Array;
  /** Enrolment proof for `newKey` signed by the old key; null when the owner forces it (key lost). */
  readonly proofOld: Uint8Array | null;
  readonly reason: string;
}

export function encodeRotation(rotation: Rotation): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', GOVERNANCE_VERSION],
      ['logTimeMs', rotation.logTimeMs],
      ['device', rotation.device],
      ['oldKid', rotation.oldKid],
      ['newKey', coseKeyMap(rotation.newKey)],
      ['proofNew', rotation.proofNew],
      ['proofOld', rotation.proofOld],
      ['reason', rotation.reason],
    ]),
  );
}

export function parseRotation(bytes: Uint8Array): Result<Rotation> {
  const opened = openFields(bytes, 'rotation');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  const device = fields.text('device');
  if (!isDeviceUrn(device)) fields.refuse('device_urn', device.slice(0, 64));
  return fields.finish({
    logTimeMs: fields.timeMs('logTimeMs'),
    device,
    oldKid: fields.digest('oldKid'),
    newKey: fields.key('newKey'),
    proofNew: fields.bytes('proofNew', { max: PROOF_BYTES_MAX }),
    proofOld: fields.isNull('proofOld') ? null : fields.bytes('proofOld', { max: PROOF_BYTES_MAX }),
    reason: fields.prose('reason', { max: REASON_LENGTH_MAX }),
  });
}
