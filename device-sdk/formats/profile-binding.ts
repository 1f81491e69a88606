// SPEC.md §10.4: a device's owner binds its streams to an industry profile; `sub` is the device URN.

/** @module profile-binding */
import { isDeviceUrn } from './device-urn.ts';
import { encodePayload, openPayload } from './governance-payload.ts';
import type { Result } from './result.ts';
import { RULE_ID } from './rule.ts';

export interface ProfileBinding {
  readonly logTimeMs: number;
  readonly device: string;
  /** Id of a profile in force. */
  readonly profile: string;
}

export function encodeProfileBinding({ logTimeMs, device, profile }: ProfileBinding): Uint8Array {
  return encodePayload(logTimeMs, [
    ['device', device],
    ['profile', profile],
  ]);
}

export function parseProfileBinding(bytes: Uint8Array): Result<ProfileBinding> {
  const opened = openPayload(bytes, 'binding');
  if (!opened.ok) return opened;
  const { fields, logTimeMs } = opened.value;
  const device = fields.text('device');
  if (!isDeviceUrn(device)) fields.refuse('device_urn', device.slice(0, 64));
  return fields.finish({
    logTimeMs,
    device,
    profile: fields.text('profile', { pattern: RULE_ID }),
  });
}
