// SPEC.md §4.3: a member registers a device, its key and its sensors; `sub` is the device URN.

/** @module registration */
import { type CborKey, type CborValue, encodeCbor } from './cbor.ts';
import { type CoseKey, coseKeyMap } from './cose-key.ts';
import { isDeviceUrn } from './device-urn.ts';
import { openFields } from './fields.ts';
import {
  BINDINGS,
  type Binding,
  GOVERNANCE_VERSION,
  KEY_LEVELS,
  type KeyLevel,
  URI,
} from './governance.ts';
import { PROOF_BYTES_MAX } from './possession-proof.ts';
import type { Result } from './result.ts';
import { readSensor, type Sensor, sensorMap } from './sensor.ts';

export interface Registration {
  readonly logTimeMs: number;
  /** Device URN: the `iss` of the device's statements. */
  readonly device: string;
  readonly key: CoseKey;
  /** Enrolment proof by `key` itself. */
  readonly proof: Uint8Array;
  /** `iss` of the member that owns the device and signs this. */
  readonly owner: string;
  readonly keyLevel: KeyLevel;
  /** An idle device sends a heartbeat within it; longer silence is a finding. */
  readonly reportingIntervalS: number;
  /** Build date of the firmware: the floor of the device's clock. */
  readonly buildDateS: number;
  readonly sensors: readonly Sensor[];
  readonly binding: Binding;
  /** The only `sub`s its statements may have; null for any. */
  readonly subjects: readonly string[] | null;
}

export const SENSORS_MAX = 128;
export const SUBJECTS_MAX = 256;
export const REPORTING_INTERVAL_S_MAX = 31 * 86_400;

export function encodeRegistration(registration: Registration): Uint8Array {
  const { key, sensors, subjects, ...rest } = registration;
  return encodeCbor(
    new Map<CborKey, CborValue>([
      ['v', GOVERNANCE_VERSION],
      ['logTimeMs', rest.logTimeMs],
      ['device', rest.device],
      ['key', coseKeyMap(key)],
      ['proof', rest.proof],
      ['owner', rest.owner],
      ['keyLevel', rest.keyLevel],
      ['reportingIntervalS', rest.reportingIntervalS],
      ['buildDateS', rest.buildDateS],
      ['sensors', sensors.map(sensorMap)],
      ['binding', rest.binding],
      ['subjects', subjects === null ? null : [...subjects]],
    ]),
  );
}

/** Form only: `verifyEnrolmentProof` has the rest. */
export function parseRegistration(bytes: Uint8Array): Result<Registration> {
  const opened = openFields(bytes, 'registration');
  if (!opened.ok) return opened;
  const fields = opened.value;
  fields.version('v', GOVERNANCE_VERSION);
  const registration: Registration = {
    logTimeMs: fields.timeMs('logTimeMs'),
    device: fields.text('device'),
    key: fields.key('key'),
    proof: fields.bytes('proof', { max: PROOF_BYTES_MAX }),
    owner: fields.text('owner', { pattern: URI }),
    keyLevel: fields.oneOf('keyLevel', KEY_LEVELS),
    reportingIntervalS: fields.uint('reportingIntervalS', {
      min: 1,
      max: REPORTING_INTERVAL_S_MAX,
    }),
    buildDateS: fields.uint('buildDateS', { max: 2 ** 37 }),
    sensors: fields.maps('sensors', { min: 1, max: SENSORS_MAX }).map(readSensor),
    binding: fields.oneOf('binding', BINDINGS),
    subjects: fields.isNull('subjects')
      ? null
      : fields.texts('subjects', { min: 1, max: SUBJECTS_MAX }, (text) => text.length > 0),
  };
  const { device, sensors } = registration;
  if (!isDeviceUrn(device)) fields.refuse('device_urn', device.slice(0, 64));
  if (new Set(sensors.map((sensor) => sensor.name)).size < sensors.length) {
    fields.odd('sensors', 'a name is there twice');
  }
  return fields.finish(registration);
}
