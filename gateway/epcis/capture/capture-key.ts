import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { makeEnrolmentProof } from '@truegrain/device-sdk/formats/enrolment.js';
import { MEDIA_REGISTRATION } from '@truegrain/device-sdk/formats/media-types.js';
import {
  encodeRegistration,
  REPORTING_INTERVAL_S_MAX,
} from '@truegrain/device-sdk/formats/registration.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { Outcome } from '../../http/backend.ts';
import { createKeyFile, loadSigner } from '../../keys.ts';
import { type KeyRecord, keyOf } from '../../ledger/state.ts';
import type { MemberVoice } from '../../member-voice.ts';

/** Ready to sign: the key and what the ledger calls it. */
export interface CaptureIdentity {
  readonly signer: Signer;
  readonly device: string;
  readonly record: KeyRecord;
}

/**
 * The key that signs this gateway's captured events. The member key signs governance and nothing
 * else (DESIGN §4), and one statement of it a block; so the member registers a key for events, as it
 * registers a device, and events take the way of readings: admitted, batched, receipted, erasable.
 */
export class CaptureKey {
  readonly #file: string;
  readonly #voice: MemberVoice;
  #signer: Signer | null = null;

  constructor(options: { file: string; voice: MemberVoice }) {
    this.#file = options.file;
    this.#voice = options.voice;
  }

  /**
   * Made and registered at the first capture. A crash between file and registration leaves a key
   * that the ledger does not know; the next capture registers it.
   */
  async ready(): Promise<Outcome<CaptureIdentity>> {
    const signer = this.#load();
    const device = deviceOf(signer);
    const known = keyOf(this.#voice.state, signer.kid);
    if (known) return this.#known(known, { signer, device });
    const said = await this.#register(signer, device);
    if (!said.ok) return said;
    const record = keyOf(this.#voice.state, signer.kid);
    if (!record) return { ok: false, code: 'busy', detail: 'its registration is not here yet' };
    return { ok: true, value: { signer, device, record } };
  }

  #known(
    record: KeyRecord,
    { signer, device }: Pick<CaptureIdentity, 'signer' | 'device'>,
  ): Outcome<CaptureIdentity> {
    if (record.status === 'active') return { ok: true, value: { signer, device, record } };
    const code = record.status === 'revoked' ? 'key_revoked' : 'key_retired';
    const detail = `the capture key ${device} is ${record.status}: move ${this.#file} away, and the next capture makes a new one`;
    return { ok: false, code, detail };
  }

  #load(): Signer {
    if (this.#signer && existsSync(this.#file)) return this.#signer;
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    this.#signer = existsSync(this.#file) ? loadSigner(this.#file) : createKeyFile(this.#file);
    return this.#signer;
  }

  #register(signer: Signer, device: string) {
    return this.#voice.say({
      contentType: MEDIA_REGISTRATION,
      sub: device,
      encode: (logTimeMs, { ledgerId }) =>
        encodeRegistration({
          logTimeMs,
          device,
          key: signer.key,
          proof: makeEnrolmentProof(signer, { device, token: null, ledgerId }),
          owner: this.#voice.iss,
          keyLevel: 'file',
          reportingIntervalS: REPORTING_INTERVAL_S_MAX,
          buildDateS: 0,
          sensors: [EVENTS],
          binding: 'none',
          subjects: [device],
        }),
    });
  }
}

/** What makes it a capture key (SPEC §5.3). */
const EVENTS = {
  name: 'event',
  quantity: 'EPCIS event',
  unit: null,
  min: null,
  max: null,
  resolution: null,
  interface: 'capture',
  calibration: null,
} as const;

const KID_DIGITS = 16;

function deviceOf({ kid }: Signer): string {
  return `urn:dev:capture:${toHex(kid).slice(0, KID_DIGITS)}`;
}
