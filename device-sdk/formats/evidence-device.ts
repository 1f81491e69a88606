// The keys of one device as the leaves of an evidence file tell them: a fold in log order (DESIGN §3).

/** @module evidence-device */
import { equal, toHex } from './bytes.ts';
import { type CoseKey, keyThumbprint } from './cose-key.ts';
import { verifyEnrolmentProof } from './enrolment.ts';
import { inlineOf, type KnownLeaf, type KnownLedger } from './evidence-ledger.ts';
import { memberWhoSigned } from './evidence-members.ts';
import type { CheckId, Findings } from './evidence-report.ts';
import { MEDIA_REGISTRATION, MEDIA_REVOCATION, MEDIA_ROTATION } from './media-types.ts';
import type { Member } from './membership-state.ts';
import { parseRegistration, type Registration } from './registration.ts';
import { parseRevocation } from './revocation.ts';
import { parseRotation } from './rotation.ts';
import type { NativeVerify } from './signature.ts';

export interface DeviceKey {
  readonly key: CoseKey;
  readonly kid: Uint8Array;
  /** The registration its line of keys began with: sensors and subjects are its. */
  readonly registration: Registration;
  readonly registrationLeaf: number;
  readonly fromLeaf: number;
  end: { readonly how: 'retired' | 'revoked'; readonly leaf: number } | null;
}

type Fault = { readonly id: CheckId; readonly why: string };

/**
 * Every key the file shows for a device. A registration that does not hold adds no key; a rotation
 * or revocation that does not hold ends none, and fails its own check: what the log's members let
 * in must hold for everybody.
 */
export function deviceKeys(
  findings: Findings,
  given: {
    device: string;
    ledger: KnownLedger;
    leaves: readonly KnownLeaf[];
    native?: NativeVerify | undefined;
  },
): DeviceKey[] {
  const history = new DeviceHistory(given);
  for (const leaf of given.leaves) history.fold(leaf);
  const { keys, faults, rotations, revocations } = history;
  const why = (id: CheckId) => faults.find((fault) => fault.id === id)?.why ?? '';
  const claim = (id: CheckId, text: string) => findings.check(id, why(id) === '', text, why(id));
  const [first] = keys;
  const unknown = first === undefined && faults.length === 0;
  const registered = `Device ${given.device} is registered by a member of the ledger who owns it`;
  findings.check(
    'registration',
    why('registration') === '' && !unknown,
    registered,
    unknown ? 'the file holds no registration of it' : why('registration'),
  );
  if (!unknown) claim('possession', 'Whoever registered a key of the device held its secret half');
  if (rotations > 0)
    claim('rotation', 'Each change of the key is signed by the owner and by the key');
  if (revocations > 0) claim('revocation', 'Each revocation is signed by the owner of the device');
  return keys;
}

class DeviceHistory {
  readonly keys: DeviceKey[] = [];
  readonly faults: Fault[] = [];
  rotations = 0;
  revocations = 0;
  readonly #device: string;
  readonly #ledger: KnownLedger;
  readonly #native: NativeVerify | undefined;

  constructor(given: { device: string; ledger: KnownLedger; native?: NativeVerify | undefined }) {
    this.#device = given.device;
    this.#ledger = given.ledger;
    this.#native = given.native;
  }

  fold(leaf: KnownLeaf): void {
    const { statement } = leaf;
    const registration = inlineOf(statement, MEDIA_REGISTRATION);
    if (registration !== null) this.#register(leaf, registration);
    const rotation = inlineOf(statement, MEDIA_ROTATION);
    if (rotation !== null) this.#rotate(leaf, rotation);
    const revocation = inlineOf(statement, MEDIA_REVOCATION);
    if (revocation !== null) this.#revoke(leaf, revocation);
  }

  #fault(id: CheckId, leaf: KnownLeaf, why: string): void {
    this.faults.push({ id, why: `leaf ${leaf.index}: ${why}` });
  }

  #active(): DeviceKey | undefined {
    return this.keys.find((key) => key.end === null);
  }

  #signer(leaf: KnownLeaf): Member | null {
    return memberWhoSigned(this.#ledger, leaf, { role: 'member', native: this.#native });
  }

  #isOwner(leaf: KnownLeaf): boolean {
    const owner = this.keys.at(-1)?.registration.owner;
    return this.#signer(leaf)?.iss === owner;
  }

  #register(leaf: KnownLeaf, bytes: Uint8Array): void {
    const { statement, index } = leaf;
    const parsed = parseRegistration(bytes);
    if (!parsed.ok) {
      if (statement.sub === this.#device) this.#fault('registration', leaf, parsed.code);
      return;
    }
    const registration = parsed.value;
    const { device, owner, key, proof } = registration;
    if (device !== this.#device) return;
    const member = this.#signer(leaf);
    if (member === null || owner !== member.iss || statement.sub !== device) {
      this.#fault('registration', leaf, 'not signed by the member named as owner');
      return;
    }
    if (this.#active() !== undefined) {
      this.#fault('registration', leaf, 'the device had a key already');
      return;
    }
    if (!this.#holds(leaf, proof, { key, signedBy: key })) return;
    this.#add(key, { registration, registrationLeaf: index, fromLeaf: index });
  }

  #rotate(leaf: KnownLeaf, bytes: Uint8Array): void {
    const parsed = parseRotation(bytes);
    if (parsed.ok && parsed.value.device !== this.#device) return;
    if (!parsed.ok && leaf.statement.sub !== this.#device) return;
    this.rotations += 1;
    const old = this.#active();
    if (!parsed.ok || !this.#isOwner(leaf)) {
      this.#fault('rotation', leaf, 'not signed by the owner');
      return;
    }
    const { oldKid, newKey: key, proofNew, proofOld } = parsed.value;
    if (old === undefined || !equal(old.kid, oldKid)) {
      this.#fault('rotation', leaf, 'the key it replaces was not in force');
      return;
    }
    if (!this.#holds(leaf, proofNew, { key, signedBy: key })) return;
    if (proofOld !== null && !this.#holds(leaf, proofOld, { key, signedBy: old.key })) return;
    old.end = { how: 'retired', leaf: leaf.index };
    const { registration, registrationLeaf } = old;
    this.#add(key, { registration, registrationLeaf, fromLeaf: leaf.index });
  }

  #revoke(leaf: KnownLeaf, bytes: Uint8Array): void {
    const parsed = parseRevocation(bytes);
    if (parsed.ok && parsed.value.device !== this.#device) return;
    if (!parsed.ok && leaf.statement.sub !== this.#device) return;
    this.revocations += 1;
    if (!parsed.ok || !this.#isOwner(leaf)) {
      this.#fault('revocation', leaf, 'not signed by the owner');
      return;
    }
    const { kid } = parsed.value;
    for (const key of this.keys) {
      if (kid !== null && !equal(kid, key.kid)) continue;
      key.end ??= { how: 'revoked', leaf: leaf.index };
    }
  }

  #holds(leaf: KnownLeaf, proof: Uint8Array, by: { key: CoseKey; signedBy: CoseKey }): boolean {
    const expected = { device: this.#device, ledgerId: this.#ledger.ledgerId, ...by };
    const verified = verifyEnrolmentProof(proof, expected, this.#native);
    if (!verified.ok) this.#fault('possession', leaf, `${verified.code}: ${verified.detail}`);
    return verified.ok;
  }

  #add(
    key: CoseKey,
    from: Pick<DeviceKey, 'registration' | 'registrationLeaf' | 'fromLeaf'>,
  ): void {
    const kid = keyThumbprint(key);
    const twice = this.keys.some((known) => equal(known.kid, kid));
    if (twice) this.faults.push({ id: 'registration', why: `key ${toHex(kid)} came twice` });
    else this.keys.push({ key, kid, ...from, end: null });
  }
}

/** Log order decides: from the leaf after its registration up to the leaf that ended it. */
export function judgeInForce(findings: Findings, key: DeviceKey, leaf: number): boolean {
  const { fromLeaf, end } = key;
  const started = fromLeaf < leaf;
  const ended = end !== null && end.leaf < leaf;
  const why = started ? `${end?.how} at leaf ${end?.leaf}` : `registered at leaf ${fromLeaf}`;
  const text = `The key was registered before leaf ${leaf} and, as far as this file shows, still in force there`;
  return findings.check('key-in-force', started && !ended, text, why);
}
