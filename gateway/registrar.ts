import { createHash, randomBytes } from 'node:crypto';
import { toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import {
  type CoseKey,
  keyThumbprint,
  parseCoseKey,
} from '@truegrain/device-sdk/formats/cose-key.js';
import { verifyEnrolmentProof } from '@truegrain/device-sdk/formats/enrolment.js';
import { ERASURE_IDS_MAX, encodeErasure } from '@truegrain/device-sdk/formats/erasure.js';
import {
  MEDIA_ERASURE,
  MEDIA_REGISTRATION,
  MEDIA_REVOCATION,
  MEDIA_ROTATION,
} from '@truegrain/device-sdk/formats/media-types.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership.js';
import {
  encodeRegistration,
  parseRegistration,
  type Registration,
} from '@truegrain/device-sdk/formats/registration.js';
import { encodeRevocation } from '@truegrain/device-sdk/formats/revocation.js';
import { encodeRotation } from '@truegrain/device-sdk/formats/rotation.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import { INLINE_BYTES_MAX } from '@truegrain/device-sdk/formats/statement-limits.js';
import { formatPolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import type {
  Backend,
  EnrolmentSpec,
  Logged,
  Outcome,
  Refused,
  Registered,
  RegisterRequest,
  RotateRequest,
} from './http/backend.ts';
import { issueCredential } from './ingest/credentials.ts';
import type { GovernanceRefusal } from './ledger/apply-governance.ts';
import type { Ledger } from './ledger/ledger.ts';
import { type KeyRecord, keyOf } from './ledger/state.ts';
import type { MemberVoice, Utterance } from './member-voice.ts';
import { retentionRefusal } from './retention.ts';
import type { LocalStore, StoredEnrolment } from './store/local.ts';
import { fromText, toText } from './store/record.ts';

/**
 * An answer may be lost on a bad line after the ledger has the registration. The same key may fetch
 * it once more within this time; its owner would else have to give the device a new key.
 */
const REDEEMED_AGAIN_MS = 10 * 60_000;

/** A P-256 key and the longest proof, which the spec does not have yet. */
const ROOM_FOR_PROOF = 2_048;

type Spec = Omit<EnrolmentSpec, 'validForS'>;

export interface RegistrarOptions {
  ledger: Ledger;
  local: LocalStore;
  /** Signs what it says with the member key, dates it and brings it into the log. */
  voice: MemberVoice;
  /** This machine's clock: how long an invitation it gave holds. */
  nowMs: () => number;
  /** Where devices publish, as they reach it; null where they have it from elsewhere. */
  mqttUrl: string | null;
  /** A further gateway of this member: it has no member key, and registers nobody. */
  isFurther?: boolean;
  native?: NativeVerify;
  random?: (bytes: number) => Uint8Array;
}

/** Who may measure: writes the registry part of the log, and hands out what a device needs to start. */
export class Registrar
  implements Pick<Backend, 'createEnrolment' | 'register' | 'rotate' | 'revoke' | 'erase'>
{
  readonly #ledger: Ledger;
  readonly #local: LocalStore;
  readonly #options: RegistrarOptions;
  readonly #random: (bytes: number) => Uint8Array;

  constructor(options: RegistrarOptions) {
    this.#ledger = options.ledger;
    this.#local = options.local;
    this.#options = options;
    this.#random = options.random ?? randomBytes;
    // A crash between a revocation's COMMIT and the end of its credential ends here. A device that is
    // not known yet is no such case: the ledger is being taken over from others.
    const active = new Set(this.#activeDevices());
    for (const device of options.local.credentialDevices()) {
      const isKnown = options.ledger.state.devices.has(device);
      if (isKnown && !active.has(device)) options.local.dropCredential(device);
    }
  }

  async createEnrolment(
    spec: EnrolmentSpec,
  ): Promise<Outcome<{ token: string; expiresMs: number }>> {
    const { validForS, ...fixed } = spec;
    const nowMs = this.#options.nowMs();
    const refusal = this.#specRefusal(fixed);
    if (refusal) return refusal;
    const token = `tge_${Buffer.from(this.#random(32)).toString('base64url')}`;
    const expiresMs = nowMs + validForS * 1000;
    const { device } = spec;
    this.#local.putEnrolment(hashOf(token), { device, spec: toText(fixed), expiresMs, nowMs });
    return { ok: true, value: { token, expiresMs } };
  }

  async register(request: RegisterRequest): Promise<Outcome<Registered>> {
    const { enrolmentToken, device, coseKey, proof } = request;
    const token = hashOf(enrolmentToken);
    const enrolment = this.#local.enrolment(token);
    const nowMs = this.#options.nowMs();
    const key = parseCoseKey(coseKey);
    if (!isOpen(enrolment, { device, nowMs })) return BAD_TOKEN;
    if (!key.ok) return refused('malformed', `coseKey: ${key.code}: ${key.detail}`);
    const { ledgerId } = this.#ledger.state;
    const expected = { device, key: key.value, ledgerId, token };
    const proved = verifyEnrolmentProof(proof, expected, this.#options.native);
    if (!proved.ok)
      return refused(proofCode(proved.code), `proof: ${proved.code}: ${proved.detail}`);
    const known = keyOf(this.#ledger.state, keyThumbprint(key.value));
    // A crash or a lost answer after the COMMIT below: the same key, nothing left to register.
    const isRepeat = known?.iss === device && known.status === 'active';
    if (enrolment.usedMs !== null && !isRepeat) return BAD_TOKEN;
    if (!isRepeat) {
      const spec = fromText<Spec>(enrolment.spec);
      const applied = await this.#commitRegistration(spec, request, key.value);
      if (!applied.ok) return applied;
    }
    const credential = issueCredential(this.#random);
    this.#local.redeem(token, { device, credential: credential.stored, usedMs: nowMs });
    return { ok: true, value: this.#registered(device, key.value, credential.password) };
  }

  async rotate(request: RotateRequest): Promise<Outcome<Logged>> {
    const { device, oldKid, proofNew, proofOld, reason } = request;
    const newKey = parseCoseKey(request.newKey);
    if (!newKey.ok) return refused('malformed', `newKey: ${newKey.code}: ${newKey.detail}`);
    const rotation = { device, oldKid, newKey: newKey.value, proofNew, proofOld, reason };
    return this.#log({
      contentType: MEDIA_ROTATION,
      encode: (logTimeMs) => encodeRotation({ ...rotation, logTimeMs }),
      sub: device,
    });
  }

  async revoke(urn: string, kid: Uint8Array | null, reason: string): Promise<Outcome<Logged>> {
    if (!this.#ledger.state.devices.has(urn)) return refused('not_found', `no device ${urn}`);
    const logged = await this.#log({
      contentType: MEDIA_REVOCATION,
      encode: (logTimeMs) => encodeRevocation({ logTimeMs, device: urn, kid, reason }),
      sub: urn,
    });
    const isActive = this.#keysOf(urn).some((key) => key.status === 'active');
    if (logged.ok && !isActive) this.#local.dropCredential(urn);
    return logged;
  }

  async erase(ids: readonly Uint8Array[], basis: string, reason: string): Promise<Outcome<Logged>> {
    const unique = [...new Map(ids.map((id) => [toHex(id), id])).values()];
    if (unique.length === 0 || unique.length > ERASURE_IDS_MAX) {
      return refused('invalid_request', `1 to ${ERASURE_IDS_MAX} ids`);
    }
    const presentMs = this.#options.voice.presentMs();
    for (const id of unique) {
      const refusal = retentionRefusal(this.#ledger, id, presentMs);
      if (refusal) return refusal;
    }
    return this.#log({
      contentType: MEDIA_ERASURE,
      encode: (logTimeMs) => encodeErasure({ logTimeMs, ids: unique, basis, reason }),
    });
  }

  /**
   * A wrong spec is told to who wrote it, not to the device that redeems it a week later. Another
   * member's device may roam: with its registered key it gets a credential here, and nothing else.
   */
  #specRefusal(spec: Spec): Refused | null {
    const owner = this.#ledger.state.devices.get(spec.device)?.owner;
    const { isFurther = false } = this.#options;
    const { iss, key } = this.#options.voice;
    if (isFurther && owner === undefined) {
      return refused(
        'not_allowed',
        `${spec.device} is not registered: its member’s node does that`,
      );
    }
    if (
      owner === iss &&
      !isFurther &&
      this.#keysOf(spec.device).some((key) => key.status === 'active')
    ) {
      return refused('conflict', `${spec.device} is registered; rotate or revoke its key`);
    }
    const draft = this.#registration(spec, { proof: new Uint8Array(1), buildDateS: null });
    const bytes = encodeRegistration({ ...draft, key });
    if (bytes.length > INLINE_BYTES_MAX - ROOM_FOR_PROOF) {
      return refused('invalid_request', `${bytes.length} bytes of sensors and subjects`);
    }
    const parsed = parseRegistration(bytes);
    return parsed.ok ? null : refused('invalid_request', `${parsed.code}: ${parsed.detail}`);
  }

  #registration(
    spec: Spec,
    given: Pick<RegisterRequest, 'proof' | 'buildDateS'>,
  ): Omit<Registration, 'key'> {
    // What the words may be, parseRegistration says, here and on every node.
    const { device, reportingIntervalS, subjects } = spec;
    const { sensors, binding, keyLevel } = spec as Pick<
      Registration,
      'sensors' | 'binding' | 'keyLevel'
    >;
    return {
      logTimeMs: this.#options.voice.presentMs(),
      device,
      proof: given.proof,
      owner: this.#options.voice.iss,
      keyLevel,
      reportingIntervalS,
      // Without one there is no floor: a clock is then checked against log time alone.
      buildDateS: given.buildDateS ?? 0,
      sensors,
      binding,
      subjects,
    };
  }

  #commitRegistration(
    spec: Spec,
    request: RegisterRequest,
    key: CoseKey,
  ): Promise<Outcome<Logged>> {
    const registration = this.#registration(spec, request);
    return this.#log({
      contentType: MEDIA_REGISTRATION,
      encode: (logTimeMs) => encodeRegistration({ ...registration, logTimeMs, key }),
      sub: registration.device,
    });
  }

  async #log(utterance: Utterance): Promise<Outcome<Logged>> {
    const said = await this.#options.voice.say(utterance);
    if (!said.ok) return refused(REGISTRY_CODES.get(said.code) ?? said.code, said.detail);
    const { leafIndex, id } = said.value;
    return { ok: true, value: { leafIndex, id } };
  }

  #registered(device: string, key: CoseKey, password: string): Registered {
    const { store, state } = this.#ledger;
    const { membership, ledgerId } = state;
    const kid = keyThumbprint(key);
    const [leaf] = store.fold.governanceFrom(keyOf(state, kid)?.fromLeaf ?? -1, 1);
    if (!membership || !ledgerId || !leaf) throw new Error(`${device} is not registered`);
    const origin = `${membership.ledgerName}/${toHex(ledgerId)}`;
    return {
      device,
      kid,
      id: leaf.id,
      leafIndex: leaf.leafIndex,
      logTimeMs: leaf.logTimeMs,
      ledgerId,
      origin,
      policy: formatPolicy(policyOfMembership(membership, origin)),
      mqtt: { url: this.#options.mqttUrl, username: device, password },
    };
  }

  #keysOf(device: string): KeyRecord[] {
    return this.#ledger.state.keys.filter((key) => key.role === 'device' && key.iss === device);
  }

  #activeDevices(): string[] {
    return this.#ledger.state.keys.flatMap(({ role, status, iss }) =>
      role === 'device' && status === 'active' ? [iss] : [],
    );
  }
}

/** What the state machine says of a registry statement, as a problem of the caller's. */
const REGISTRY_CODES: ReadonlyMap<string, string> = new Map<GovernanceRefusal, string>([
  ['key_in_use', 'conflict'],
  ['key_invalid', 'malformed'],
  ['device_exists', 'conflict'],
  ['device_unknown', 'not_found'],
  ['proof', 'bad_signature'],
  ['pending', 'busy'],
]);

/** One answer for unknown, expired, spent and another device's: a guesser learns nothing. */
const BAD_TOKEN = refused('enrolment_token', 'unknown, used or expired, or for another device');

function refused(code: string, detail: string): Refused {
  return { ok: false, code, detail };
}

function proofCode(code: string): string {
  return code === 'proof_signature' ? 'bad_signature' : 'malformed';
}

/** SHA-256 of the token's text: what the store keeps and what the device's proof carries. */
function hashOf(token: string): Uint8Array {
  return createHash('sha256').update(utf8(token)).digest();
}

function isOpen(
  enrolment: StoredEnrolment | null,
  { device, nowMs }: { device: string; nowMs: number },
): enrolment is StoredEnrolment {
  if (!enrolment || enrolment.device !== device || enrolment.expiresMs <= nowMs) return false;
  return enrolment.usedMs === null || nowMs - enrolment.usedMs < REDEEMED_AGAIN_MS;
}
