// SPEC.md §4.14: an owner lets another member hold and read the contents of one device.

/** @module grant */
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { isDeviceUrn } from './device-urn.ts';
import { openFields } from './fields.ts';
import { GOVERNANCE_VERSION, REASON_LENGTH_MAX, URI } from './governance.ts';
import type { Result } from './result.ts';

export interface Grant {
  readonly logTimeMs: number;
  /** Device URN, which is also the statement's `sub`. */
  readonly device: string;
  /** `iss` of the member that may read. */
  readonly to: string;
  /** First leaf of the device whose content it may read. */
  readonly fromLeaf: number;
  /** First leaf it may not read any more; null for no end; equal to `fromLeaf` withdraws. */
  readonly untilLeaf: number | null;
  readonly reason: string;
}

export function encodeGrant(grant: Grant): Uint8Array {
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', GOVERNANCE_VERSION],
      ['logTimeMs', grant.logTimeMs],
      ['device', grant.device],
      ['to', grant.to],
      ['fromLeaf', grant.fromLeaf],
      ['untilLeaf', grant.untilLeaf],
      ['reason', grant.reason],
    ]),
  );
}

export function parseGrant(bytes: Uint8Array): Result<Grant> {
  const opened = openFields(bytes, 'grant');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  const device = fields.text('device');
  if (!isDeviceUrn(device)) fields.refuse('device_urn', device.slice(0, 64));
  const fromLeaf = fields.uint('fromLeaf');
  return fields.finish({
    logTimeMs: fields.timeMs('logTimeMs'),
    device,
    to: fields.text('to', { pattern: URI }),
    fromLeaf,
    untilLeaf: fields.isNull('untilLeaf') ? null : fields.uint('untilLeaf', { min: fromLeaf }),
    reason: fields.prose('reason', { max: REASON_LENGTH_MAX }),
  });
}
