import { existsSync, readFileSync } from 'node:fs';
import { fromHex } from '@truegrain/device-sdk/formats/bytes.js';
import {
  type CalibrationRecord,
  encodeCalibrationRecord,
} from '@truegrain/device-sdk/formats/calibration-record.js';
import { MEDIA_CALIBRATION, MEDIA_TAP } from '@truegrain/device-sdk/formats/media-types.js';
import type { Sensor } from '@truegrain/device-sdk/formats/sensor.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { encodeTap } from '@truegrain/device-sdk/formats/tap.js';
import { type CertificateEvidence, readCertificate } from './guard/certificate.ts';
import { fitsSensor } from './guard/sensor-fit.ts';
import { readSun, type SunKeys } from './guard/sun.ts';
import type { Said } from './http/alliance-backend.ts';
import type { Outcome, Refused } from './http/backend.ts';
import type { LawBackend } from './http/law-backend.ts';
import { said } from './law-desk.ts';
import type { MemberVoice } from './member-voice.ts';

type Calibration = Omit<CalibrationRecord, 'logTimeMs'>;

/** Reads what an owner shows as evidence, and puts what it says into the log, never more than that. */
export class EvidenceDesk implements Pick<LawBackend, 'calibrate' | 'tap'> {
  readonly #voice: MemberVoice;
  readonly #tagKeysFile: string;

  constructor(options: { voice: MemberVoice; tagKeysFile: string }) {
    this.#voice = options.voice;
    this.#tagKeysFile = options.tagKeysFile;
  }

  async calibrate(request: Parameters<LawBackend['calibrate']>[0]): Promise<Outcome<Said>> {
    const { device, sensor: name, certificate: bytes, dueMs } = request;
    const { devices, membership, logTimeMs } = this.#voice.state;
    const sensor = devices.get(device)?.sensors.find((one) => one.name === name);
    if (!sensor) return refused('target_unknown', `${device} has no sensor ${name}`);
    const anchors = membership?.terms.law?.laboratories ?? [];
    const read = await readCertificate(bytes, { anchors, nowMs: logTimeMs });
    if (!read.ok) return read;
    const record = recordOf(read.value, { device, sensor, dueMs, logTimeMs, bytes });
    if (!record.ok) return record;
    return said(this.#voice, {
      contentType: MEDIA_CALIBRATION,
      encode: (timeMs) => encodeCalibrationRecord({ ...record.value, logTimeMs: timeMs }),
      sub: device,
    });
  }

  async tap(request: Parameters<LawBackend['tap']>[0]): Promise<Outcome<Said>> {
    const { subject, place, message } = request;
    const keys = this.#tagKeys();
    if (!keys.ok) return keys;
    const read = readSun(message, keys.value);
    if (!read.ok) return read;
    const { uid, counter } = read.value;
    // That a counter was seen before is for the log to say: it knows the taps of all members.
    return said(this.#voice, {
      contentType: MEDIA_TAP,
      encode: (logTimeMs) => encodeTap({ logTimeMs, subject, uid, counter, place }),
      sub: subject,
    });
  }

  #tagKeys(): Outcome<SunKeys> {
    const file = this.#tagKeysFile;
    if (!existsSync(file)) {
      const text = `${file} is missing: {"metaReadKey": HEX, "fileReadKey": HEX} of the tags`;
      return refused('no_tag_keys', text);
    }
    const json = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const metaReadKey = keyIn(json['metaReadKey']);
    const fileReadKey = keyIn(json['fileReadKey']);
    if (!metaReadKey || !fileReadKey) {
      return refused('no_tag_keys', `${file} does not hold two keys of 16 bytes in hex`);
    }
    return { ok: true, value: { metaReadKey, fileReadKey } };
  }
}

function keyIn(value: unknown): Uint8Array | null {
  const key = typeof value === 'string' ? fromHex(value) : null;
  return key?.length === 16 ? key : null;
}

function recordOf(
  { certificate, signature, anchor }: CertificateEvidence,
  about: {
    device: string;
    sensor: Sensor;
    dueMs: number | null;
    logTimeMs: number;
    bytes: Uint8Array;
  },
): Outcome<Calibration> {
  const { device, sensor, logTimeMs, bytes } = about;
  const { serial, unit } = sensor;
  if (serial === undefined || unit === null) {
    return refused('dcc_serial', `sensor ${sensor.name} is registered without a serial number`);
  }
  const fit = fitsSensor(certificate, { ...sensor, serial }, { logTimeMs });
  if (!fit.ok) return fit;
  const dueMs = certificate.dueMs ?? about.dueMs;
  if (dueMs === null) {
    return refused('dcc_due', 'the certificate gives no due date: say the owner’s with dueMs');
  }
  const { result, uncertainty, coverageFactor } = fit.value;
  const value = {
    device,
    sensor: sensor.name,
    certificate: certificate.uniqueIdentifier,
    digest: sha256(bytes),
    serial,
    laboratory: anchor ?? certificate.laboratory,
    signature,
    unit,
    min: sensor.min ?? result.min,
    max: sensor.max ?? result.max,
    uncertainty,
    coverageFactor,
    performedMs: certificate.performedMs,
    dueMs,
  };
  return { ok: true, value };
}

function refused(code: string, detail: string): Refused {
  return { ok: false, code, detail };
}
