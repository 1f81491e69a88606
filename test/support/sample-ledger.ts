import { encodeAcceptance } from '../../device-sdk/formats/acceptance.ts';
import { encodeBatch } from '../../device-sdk/formats/batch.ts';
import { toHex, utf8 } from '../../device-sdk/formats/bytes.ts';
import { type Charter, encodeCharter } from '../../device-sdk/formats/charter.ts';
import { formatCheckpointBody, signCheckpoint } from '../../device-sdk/formats/checkpoint.ts';
import { cosign } from '../../device-sdk/formats/cosignature.ts';
import { makeEnrolmentProof } from '../../device-sdk/formats/enrolment.ts';
import { type Evidence, encodeEvidence } from '../../device-sdk/formats/evidence.ts';
import { policyOfCharter } from '../../device-sdk/formats/evidence-checkpoint.ts';
import { encodeGrades, type Grade } from '../../device-sdk/formats/grade.ts';
import {
  MEDIA_ACCEPTANCE,
  MEDIA_BATCH,
  MEDIA_CHARTER,
  MEDIA_REGISTRATION,
  MEDIA_REVOCATION,
  MEDIA_ROTATION,
  MEDIA_SENML_CBOR,
} from '../../device-sdk/formats/media-types.ts';
import { isDecisionType } from '../../device-sdk/formats/membership.ts';
import { inclusionPath, leafHash, rootOf } from '../../device-sdk/formats/merkle.ts';
import { baseNameOf } from '../../device-sdk/formats/pack.ts';
import { encodePack } from '../../device-sdk/formats/pack-encode.ts';
import { signReceipt } from '../../device-sdk/formats/receipt.ts';
import { encodeRegistration, type Registration } from '../../device-sdk/formats/registration.ts';
import { encodeRevocation } from '../../device-sdk/formats/revocation.ts';
import { encodeRotation } from '../../device-sdk/formats/rotation.ts';
import { sha256 } from '../../device-sdk/formats/sha256.ts';
import type { Signer } from '../../device-sdk/formats/signer.ts';
import {
  type DeviceClaims,
  type Payload,
  signStatement,
} from '../../device-sdk/formats/statement.ts';
import type { Policy } from '../../device-sdk/formats/tlog-policy.ts';
import {
  inline,
  PLAIN_GRADE,
  type SampleDevice,
  type SampleMember,
  type SampleSigner,
  type SampleStatement,
  sampleCharter,
  sampleMember,
  statementOf,
  stream,
  T0_MS,
  TEMPERATURE,
} from './sample-members.ts';

/**
 * A small but real ledger in memory, made with the public formats alone and with fixed keys. It
 * enforces nothing: forgeries are built with it as well.
 */
export class SampleLedger {
  readonly entries: Uint8Array[] = [];
  readonly members: SampleMember[];
  readonly charter: Charter;
  readonly charterId: Uint8Array;
  readonly ledgerId: Uint8Array;
  readonly origin: string;
  readonly contents = new Map<number, Uint8Array>();
  /** Batch leaf by statement leaf. */
  readonly batchOf = new Map<number, { leaf: number; first: number; count: number }>();
  #clockMs = T0_MS;

  constructor(
    options: {
      members?: string[];
      quorum?: number;
      salt?: string;
      charterBy?: Signer;
      terms?: Partial<Charter>;
    } = {},
  ) {
    const names = options.members ?? ['acme'];
    this.members = names.map((name) => sampleMember(name, options.salt));
    const charter = sampleCharter(this.members, options.quorum ?? names.length);
    this.charter = { ...charter, ...options.terms };
    const convener = { ...this.members[0]!.member };
    if (options.charterBy) convener.signer = options.charterBy;
    const payload = inline(MEDIA_CHARTER, encodeCharter(this.charter));
    const { bytes, id } = this.sign(
      convener,
      this.members[0]!.iss,
      this.charter.ledgerName,
      payload,
      null,
    );
    Object.assign(this.members[0]!.member, { seq: convener.seq, prev: convener.prev });
    this.entries.push(bytes);
    this.charterId = id;
    this.ledgerId = sha256(bytes);
    this.origin = `${this.charter.ledgerName}/${toHex(this.ledgerId)}`;
  }

  get size(): number {
    return this.entries.length;
  }

  get policy(): Policy {
    return policyOfCharter(this.charter, this.origin);
  }

  /** Log time, and every one after it, moves on. */
  wait(ms: number): void {
    this.#clockMs += ms;
  }

  /** A minute later each time. */
  tick(): number {
    this.#clockMs += 60_000;
    return this.#clockMs;
  }

  sign(
    by: SampleSigner,
    iss: string,
    sub: string,
    payload: Payload,
    ledgerId: Uint8Array | null = this.ledgerId,
    device: DeviceClaims | null = null,
  ): { bytes: Uint8Array; id: Uint8Array } {
    by.seq += 1;
    const iat = Math.floor(this.#clockMs / 1000);
    const fields = { iss, sub, iat, payload, seq: by.seq, prev: by.prev, ledgerId, device };
    const signed = signStatement(fields, by.signer);
    by.prev = signed.id;
    return signed;
  }

  append(entry: Uint8Array): number {
    return this.entries.push(entry) - 1;
  }

  /** A governance statement of a member; the leaf it gets. */
  govern(contentType: string, bytes: Uint8Array, sub = this.charter.ledgerName, by = 0): number {
    const { member, iss } = this.members[by]!;
    return this.append(this.sign(member, iss, sub, inline(contentType, bytes)).bytes);
  }

  /** Every founder but the convener, or those named. */
  accept(...names: string[]): void {
    for (const [i, { name }] of this.members.entries()) {
      if (i === 0 || (names.length > 0 && !names.includes(name))) continue;
      const { charterId } = this;
      this.govern(
        MEDIA_ACCEPTANCE,
        encodeAcceptance({ logTimeMs: this.tick(), charterId }),
        undefined,
        i,
      );
    }
  }

  device(name: string, alg: -7 | -8 = -8): SampleDevice {
    return { urn: `urn:dev:ops:32473-tg1-${name}`, key: stream(`device ${name}`, alg) };
  }

  register(device: SampleDevice, changes: Partial<Registration> = {}): number {
    const { urn, key } = device;
    const { ledgerId } = this;
    const registration: Registration = {
      logTimeMs: this.tick(),
      device: urn,
      key: key.signer.key,
      proof: makeEnrolmentProof(key.signer, { device: urn, token: sha256(utf8(urn)), ledgerId }),
      owner: this.members[0]!.iss,
      keyLevel: 'file',
      reportingIntervalS: 600,
      buildDateS: 1_760_000_000,
      sensors: [TEMPERATURE],
      binding: 'label',
      subjects: null,
      ...changes,
    };
    return this.govern(MEDIA_REGISTRATION, encodeRegistration(registration), urn);
  }

  /** The device signs with the new key from here on. */
  rotate(device: SampleDevice, words = `${device.urn} second`): number {
    const { urn, key: old } = device;
    const { ledgerId } = this;
    const next = stream(words, old.signer.alg);
    const newKey = next.signer.key;
    const request = { device: urn, token: null, ledgerId, key: newKey };
    const rotation = encodeRotation({
      logTimeMs: this.tick(),
      device: urn,
      oldKid: old.signer.kid,
      newKey,
      proofNew: makeEnrolmentProof(next.signer, request),
      proofOld: makeEnrolmentProof(old.signer, request),
      reason: 'scheduled',
    });
    device.key = next;
    return this.govern(MEDIA_ROTATION, rotation, urn);
  }

  revoke(device: SampleDevice, kid: Uint8Array | null = null): number {
    const bytes = encodeRevocation({
      logTimeMs: this.tick(),
      device: device.urn,
      kid,
      reason: 'stolen',
    });
    return this.govern(MEDIA_REVOCATION, bytes, device.urn);
  }

  /** A statement over a pack of readings, ten seconds apart. */
  readings(
    device: SampleDevice,
    values: readonly number[],
    options: { quality?: DeviceClaims['quality']; sub?: string; unit?: string } = {},
  ): SampleStatement {
    const startMs = this.tick();
    const { quality = 3, sub = 'https://id.example/01/04012345678901', unit = 'Cel' } = options;
    const records = values.map((value, i) => {
      return { name: 'temp', unit, value, timeMs: startMs + i * 10_000 };
    });
    const salt = sha256(utf8(`${device.urn} ${startMs}`)).slice(0, 16);
    const content = encodePack({ baseName: baseNameOf(device.urn), salt, records });
    const claims: DeviceClaims = {
      bootId: sha256(utf8(`${device.urn} boot`)).slice(0, 16),
      quality,
      errorMs: 50,
      count: values.length,
      firstMs: startMs,
      lastMs: records.at(-1)!.timeMs,
    };
    return this.envelope(device, content, claims, sub);
  }

  envelope(
    device: SampleDevice,
    content: Uint8Array,
    claims: DeviceClaims,
    sub: string,
  ): SampleStatement {
    const payload: Payload = {
      kind: 'hash',
      digest: sha256(content),
      preimageType: MEDIA_SENML_CBOR,
    };
    const { bytes } = this.sign(device.key, device.urn, sub, payload, this.ledgerId, claims);
    return { bytes, content };
  }

  /** The statements and then their batch; `grades` for other grades than the plain one. */
  batch(
    statements: readonly SampleStatement[],
    changes: {
      grades?: readonly Grade[];
      count?: number;
      by?: SampleSigner;
      member?: number;
    } = {},
  ): { leaves: number[]; batchLeaf: number } {
    const first = this.size;
    const leaves = statements.map(({ bytes, content }) => {
      const leaf = this.append(bytes);
      this.contents.set(leaf, content);
      return leaf;
    });
    const grades = changes.grades ?? statements.map(() => PLAIN_GRADE);
    const count = changes.count ?? statements.length;
    const body = encodeBatch({
      count,
      batchRoot: rootOf(statements.map(({ bytes }) => leafHash(bytes))),
      judgedAt: first,
      logTimeMs: this.tick(),
      grades: encodeGrades(grades.slice(0, count)),
      refusals: [],
      edition: null,
      rulings: [],
    });
    const { gateway, iss } = this.members[changes.member ?? 0]!;
    const payload = inline(MEDIA_BATCH, body);
    const by = changes.by ?? gateway;
    const leaf = this.append(this.sign(by, iss, this.charter.ledgerName, payload).bytes);
    for (const index of leaves) this.batchOf.set(index, { leaf, first, count: statements.length });
    return { leaves, batchLeaf: leaf };
  }

  hashes(size = this.size): Uint8Array[] {
    return this.entries.slice(0, size).map(leafHash);
  }

  /** Signed by the first member's log key and cosigned by all, or by those named. */
  checkpoint(options: { size?: number; cosigners?: string[]; origin?: string } = {}): string {
    const { size = this.size, origin = this.origin } = options;
    const checkpoint = { origin, size, root: rootOf(this.hashes(size)) };
    const note = signCheckpoint({ checkpoint, signer: this.members[0]!.log });
    const timeSeconds = Math.floor(this.#clockMs / 1000) + 5;
    const lines = this.members
      .filter(({ name }) => options.cosigners?.includes(name) ?? true)
      .map(({ cosignerName: name, cosigner: signer }) =>
        cosign(formatCheckpointBody(checkpoint), { name, signer, timeSeconds }),
      );
    return note + lines.join('');
  }

  leaf(index: number, size = this.size): Evidence['statement'] {
    return { index, entry: this.entries[index]!, path: inclusionPath(this.hashes(size), index) };
  }

  receipt(leaf: number, size = this.size): Uint8Array {
    const hashes = this.hashes(size);
    const { sub } = statementOf(this.entries[leaf]!);
    return signReceipt({
      signer: this.members[0]!.log,
      fields: { iss: `https://${this.origin}`, sub, iat: T0_MS / 1000, root: rootOf(hashes) },
      proofs: [{ size, index: leaf, path: inclusionPath(hashes, leaf) }],
    });
  }

  /** All that an honest file holds for a leaf, with what a forger changes. */
  evidence(
    leaf: number,
    changes: Partial<Evidence> & { omit?: number[]; size?: number } = {},
  ): Evidence {
    const { omit = [], size = this.size, ...fields } = changes;
    const { iss } = statementOf(this.entries[leaf]!);
    const batch = this.batchOf.get(leaf);
    const wanted = [...this.entries.keys()].filter((index) => {
      if (index === leaf || index >= size || omit.includes(index)) return false;
      const { payload, sub } = statementOf(this.entries[index]!);
      if (payload.kind !== 'inline') return false;
      return (
        index < this.charter.founders.length ||
        isDecisionType(payload.contentType) ||
        index === batch?.leaf ||
        (batch !== undefined && sub === iss)
      );
    });
    const inBatch = batch ? this.#inBatch(leaf, batch) : null;
    return {
      checkpoint: this.checkpoint({ size }),
      statement: this.leaf(leaf, size),
      content: this.contents.get(leaf) ?? null,
      supporting: wanted.map((index) => this.leaf(index, size)),
      inBatch,
      batchLeaf: batch?.leaf ?? null,
      ...fields,
    };
  }

  #inBatch(leaf: number, { first, count }: { first: number; count: number }): Evidence['inBatch'] {
    const hashes = this.hashes().slice(first, first + count);
    return { index: leaf - first, path: inclusionPath(hashes, leaf - first) };
  }

  evidenceFile(leaf: number, changes: Parameters<SampleLedger['evidence']>[1] = {}): Uint8Array {
    return encodeEvidence(this.evidence(leaf, changes));
  }
}

/** One member, one device, one batch of two statements: the smallest real thing. */
export function smallLedger(alg: -7 | -8 = -8): {
  ledger: SampleLedger;
  device: SampleDevice;
  leaves: number[];
  batchLeaf: number;
} {
  const ledger = new SampleLedger();
  const device = ledger.device('1', alg);
  ledger.register(device);
  const statements = [ledger.readings(device, [4.1, 4.2]), ledger.readings(device, [4.3])];
  return { ledger, device, ...ledger.batch(statements) };
}
