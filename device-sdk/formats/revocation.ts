// SPEC.md §4.5: a device key is revoked, by log position and never by claimed time.

/** @module revocation */
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { isDeviceUrn } from './device-urn.ts';
import { openFields } from './fields.ts';
import { GOVERNANCE_VERSION, REASON_LENGTH_MAX } from './governance.ts';
import type { Result } from './result.ts';

export interface Revocation {
  readonly logTimeMs: number;
  readonly device: string;
  /** Null revokes every key the device ever had. */
  readonly kid: Uint8Array | null;
  readonly reason: string;
}

export function encodeRevocation(revocation: Revocation): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', GOVERNANCE_VERSION],
      ['logTimeMs', revocation.logTimeMs],
      ['device', revocation.device],
      ['kid', revocation.kid],
      ['reason', revocation.reason],
    ]),
  );
}

export function parseRevocation(bytes: Uint8Array): Result<Revocation> {
  const opened = openFields(bytes, 'revocation');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  const device = fields.text('device');
  if (!isDeviceUrn(device)) fields.refuse('device_urn', device.slice(0, 64));
  return fields.finish({
    logTimeMs: fields.timeMs('logTimeMs'),
    device,
    kid: fields.digestOrNull('kid'),
    reason: fields.prose('reason', { max: REASON_LENGTH_MAX }),
  });
}
