import { createPrivateKey, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCoseKey } from '@truegrain/device-sdk/formats/cose-key.js';
import { makeEnrolmentProof } from '@truegrain/device-sdk/formats/enrolment.js';
import { policyOfCharter } from '@truegrain/device-sdk/formats/evidence-checkpoint.js';
import { encodeFrame } from '@truegrain/device-sdk/formats/frame.js';
import {
  MEDIA_BOOT,
  MEDIA_GAP,
  MEDIA_SENML_CBOR,
} from '@truegrain/device-sdk/formats/media-types.js';
import { leafHash, rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { baseNameOf, parsePack } from '@truegrain/device-sdk/formats/pack.js';
import { sensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import { encodePack, type PackRecordFields } from '@truegrain/device-sdk/formats/pack-encode.js';
import { isListable, type ListableRefusalCode } from '@truegrain/device-sdk/formats/refusal.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import { type Signer, softSigner } from '@truegrain/device-sdk/formats/signer.js';
import { parseStatement, signStatement } from '@truegrain/device-sdk/formats/statement.js';
import { expect } from 'vitest';
import { type CheckRegistry, checkFrame } from '../../gateway/admit/check.ts';
import { nativeVerify, useNodeCrypto } from '../../gateway/admit/native-verify.ts';
import type { Anchor } from '../../gateway/anchor/anchor.ts';
import { openAnchor } from '../../gateway/anchor/open-anchor.ts';
import { dataFolder } from '../../gateway/data-folder.ts';
import { type CharterWishes, createCharter } from '../../gateway/genesis.ts';
import type { EnrolmentSpec, SensorSpec } from '../../gateway/http/backend.ts';
import { executabilityFault } from '../../gateway/law/executability.ts';
import type { LawDesk } from '../../gateway/law-desk.ts';
import { expectedGrade } from '../../gateway/ledger/apply-batch.ts';
import { editionOf } from '../../gateway/ledger/batch-law.ts';
import { FLAG } from '../../gateway/ledger/grade.ts';
import { Judge } from '../../gateway/ledger/judge.ts';
import type { Ledger } from '../../gateway/ledger/ledger.ts';
import { sealBatch } from '../../gateway/ledger/seal-batch.ts';
import { SoloLedger } from '../../gateway/ledger/solo.ts';
import type { KeyRecord } from '../../gateway/ledger/state.ts';
import { fsck } from '../../gateway/log/fsck.ts';
import { Proofs } from '../../gateway/log/proofs.ts';
import { MemberVoice } from '../../gateway/member-voice.ts';
import { MembershipDesk } from '../../gateway/membership-desk.ts';
import { openLawDesk } from '../../gateway/open-law-desk.ts';
import { Registrar } from '../../gateway/registrar.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import { LocalStore } from '../../gateway/store/local.ts';
import { MTH } from './reference-merkle.ts';

export const T0_MS = Date.UTC(2026, 10, 2, 8);
export const MEMBER_ISS = 'https://mill.example';
export const SUBJECT = 'https://id.example/01/04012345678901/10/LOT-7';

export const TEMPERATURE_SPEC: SensorSpec = {
  name: 'temp',
  quantity: 'air temperature',
  unit: 'Cel',
  min: -40,
  max: 85,
  resolution: 0.1,
  interface: 'modbus-rtu',
  calibration: null,
};

/** The same key for the same words, in every run. */
export function fixedSigner(words: string, alg: -7 | -8 = -8): Signer {
  const secret = sha256(utf8(`truegrain solo ${words}`));
  const soft = softSigner(alg, secret);
  if (alg === -7) return soft;
  // Ed25519 signatures are the same bytes whoever computes them; node does it in 50 µs.
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { ...soft, sign: (message) => new Uint8Array(sign(null, message, key)) };
}

/** A device's own view of its stream. */
export interface TestDevice {
  urn: string;
  signer: Signer;
  seq: number;
  prev: Uint8Array | null;
}

export interface SignedFrame {
  id: Uint8Array;
  seq: number;
  frame: Uint8Array;
}

export type Settled =
  | { kind: 'accepted'; leafIndex: number }
  | { kind: 'duplicate' }
  | { kind: 'refused'; code: string };

interface SignOptions {
  sub?: string;
  quality?: 0 | 1 | 2 | 3 | 4 | 5;
}

/** A gateway's ledger in a folder of its own, with every part real but broker, threads and HTTP. */
export class SoloRig {
  nowMs = T0_MS;
  readonly root = mkdtempSync(join(tmpdir(), 'truegrain-solo-'));
  readonly folder = dataFolder(this.root);
  readonly signers = {
    member: fixedSigner('member'),
    log: fixedSigner('log'),
    cosigner: fixedSigner('cosigner'),
    gateway: fixedSigner('gateway'),
  };
  readonly ledger: SoloLedger;
  readonly local: LocalStore;
  readonly registrar: Registrar;
  readonly voice: MemberVoice;
  readonly desk: MembershipDesk;
  readonly lawDesk: LawDesk;
  readonly proofs: Proofs;
  readonly anchorer: Anchor;
  readonly changed: KeyRecord[] = [];

  constructor(charter: Partial<CharterWishes> = {}) {
    useNodeCrypto();
    this.ledger = new SoloLedger(openDatabase(this.folder.ledger));
    const bytes = createCharter({
      signers: this.signers,
      iss: MEMBER_ISS,
      name: 'Mill',
      ledgerName: 'ledger.example/rice',
      mode: 'solo',
      nowMs: this.nowMs,
      retentionDays: 1,
      ...charter,
    });
    const statement = parseStatement(bytes);
    if (!statement.ok) throw new Error(statement.code);
    const applied = this.ledger.commitGovernance(statement.value);
    if (!applied.ok) throw new Error(`${applied.code}: ${applied.detail}`);
    const { store } = this.ledger;
    this.local = new LocalStore(store.db);
    this.voice = this.newVoice();
    this.registrar = this.newRegistrar();
    const ruleFault = executabilityFault;
    this.desk = new MembershipDesk({ voice: this.voice, native: nativeVerify, ruleFault });
    this.lawDesk = openLawDesk({
      voice: this.voice,
      reads: this.context,
      folder: this.folder,
    }).desk;
    this.proofs = new Proofs((level, index) => store.tiles.get(level, index));
    const { anchor } = openAnchor({
      db: store.db,
      origin: this.origin,
      log: this.signers.log,
      cosigner: { name: 'ledger.example/rice/witness', signer: this.signers.cosigner },
      tipFiles: [this.folder.signedTip],
      size: () => this.ledger.state.size,
      proofs: this.proofs,
      policy: () => policyOfCharter(this.ledger.state.charter!, this.origin),
      native: nativeVerify,
      nowMs: () => this.nowMs,
    });
    this.anchorer = anchor;
  }

  newRegistrar(ledger: Ledger = this.ledger): Registrar {
    return new Registrar({
      ledger,
      local: this.local,
      voice: this.newVoice(ledger),
      nowMs: () => this.nowMs,
      mqttUrl: 'mqtt://gateway.example:1883',
    });
  }

  newVoice(ledger: Ledger = this.ledger): MemberVoice {
    return new MemberVoice({
      ledger,
      iss: MEMBER_ISS,
      signer: () => this.signers.member,
      nowMs: () => this.nowMs,
      onChanged: (keys) => this.changed.push(...keys),
    });
  }

  get context() {
    const { ledger } = this;
    return { store: ledger.store, state: () => ledger.state, nowMs: () => this.nowMs };
  }

  get ledgerId(): Uint8Array {
    return this.ledger.state.ledgerId!;
  }

  get origin(): string {
    return `${this.ledger.state.charter!.ledgerName}/${toHex(this.ledgerId)}`;
  }

  device(name: string, alg: -7 | -8 = -8): TestDevice {
    const urn = `urn:dev:ops:32473-tg1-${name}`;
    return { urn, signer: fixedSigner(`device ${name}`, alg), seq: 0, prev: null };
  }

  spec(device: TestDevice, changes: Partial<EnrolmentSpec> = {}): EnrolmentSpec {
    return {
      device: device.urn,
      reportingIntervalS: 600,
      sensors: [TEMPERATURE_SPEC],
      subjects: null,
      binding: 'label',
      keyLevel: 'file',
      validForS: 3600,
      ...changes,
    };
  }

  request(device: TestDevice, token: string, signer = device.signer) {
    const { ledgerId } = this;
    const proof = makeEnrolmentProof(signer, {
      device: device.urn,
      token: sha256(utf8(token)),
      ledgerId,
    });
    const coseKey = encodeCoseKey(signer.key);
    const buildDateS = 1_760_000_000;
    return { enrolmentToken: token, device: device.urn, coseKey, proof, buildDateS };
  }

  /** A new device, enrolled and registered as the HTTP side does it. */
  async enrol(
    name: string,
    changes: Partial<EnrolmentSpec> = {},
    alg: -7 | -8 = -8,
  ): Promise<TestDevice> {
    const device = this.device(name, alg);
    const enrolment = await this.registrar.createEnrolment(this.spec(device, changes));
    if (!enrolment.ok) throw new Error(enrolment.detail);
    const answer = await this.registrar.register(this.request(device, enrolment.value.token));
    if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
    return device;
  }

  /** A pack of readings; times in a relative pack (quality 0) count back from its closing. */
  pack(device: TestDevice, records: PackRecordFields[], options: SignOptions = {}): SignedFrame {
    const relative = options.quality === 0;
    const salt = sha256(utf8(`${device.urn} ${device.seq} ${this.nowMs}`)).slice(0, 16);
    const baseName = baseNameOf(device.urn);
    const content = encodePack({ baseName, salt, records, relative });
    return this.sign(device, content, { type: MEDIA_SENML_CBOR, ...options });
  }

  /** Temperatures ten seconds apart, the first at `startMs`. */
  temperatures(
    device: TestDevice,
    startMs: number,
    values: readonly number[],
    options: SignOptions = {},
  ): SignedFrame {
    const records = values.map((value, i) => {
      return { name: 'temp', unit: 'Cel', value, timeMs: startMs + i * 10_000 };
    });
    return this.pack(device, records, options);
  }

  boot(device: TestDevice, content: Uint8Array): SignedFrame {
    return this.sign(device, content, { type: MEDIA_BOOT });
  }

  gap(device: TestDevice, content: Uint8Array): SignedFrame {
    return this.sign(device, content, { type: MEDIA_GAP });
  }

  sign(
    device: TestDevice,
    content: Uint8Array,
    options: SignOptions & { type: string },
  ): SignedFrame {
    const { quality = 3, sub = SUBJECT, type } = options;
    const pack = type === MEDIA_SENML_CBOR ? parsePack(content) : null;
    const isTimed = pack === null && quality > 0;
    device.seq += 1;
    const claims = {
      bootId: sha256(utf8(`${device.urn} boot`)).slice(0, 16),
      quality,
      errorMs: quality === 0 ? null : 50,
      count: pack?.ok ? pack.value.records.length : 1,
      firstMs: pack?.ok ? pack.value.firstMs : isTimed ? this.nowMs : null,
      lastMs: pack?.ok ? pack.value.lastMs : isTimed ? this.nowMs : null,
    };
    const fields = {
      iss: device.urn,
      sub,
      iat: Math.floor(this.nowMs / 1000),
      payload: { kind: 'hash' as const, digest: sha256(content), preimageType: type },
      seq: device.seq,
      prev: device.prev,
      ledgerId: this.ledgerId,
      device: claims,
    };
    const { bytes, id } = signStatement(fields, device.signer);
    device.prev = id;
    return { id, seq: device.seq, frame: encodeFrame({ statement: bytes, content }) };
  }

  /** One batch of these frames at the present time, checked, judged, sealed and committed. */
  commit(...frames: SignedFrame[]): Settled[] {
    const { state, store } = this.ledger;
    const logTimeMs = Math.max(this.nowMs, state.logTimeMs);
    const judge = new Judge(state, store.history, logTimeMs);
    const accepted: { facts: Parameters<Judge['judge']>[0]; grade: number; content: Uint8Array }[] =
      [];
    const refused: { id: Uint8Array; code: ListableRefusalCode; frame: SignedFrame }[] = [];
    const settled = frames.map((signed): Settled => {
      const checked = checkFrame(signed.frame, this.#registry());
      if (!checked.authentic) return { kind: 'refused', code: checked.code };
      const { facts, content } = checked;
      const verdict = checked.verdict.code
        ? { kind: 'refuse' as const, code: checked.verdict.code }
        : judge.judge(facts);
      if (verdict.kind === 'duplicate') return verdict;
      if (verdict.kind === 'refuse') {
        const { code } = verdict;
        if (isListable(code)) refused.push({ id: signed.id, code, frame: signed });
        return { kind: 'refused', code };
      }
      const claimed = checked.verdict.suspect ? FLAG.suspect : 0;
      const grade = expectedGrade(state, judge, facts, {
        verdict,
        logTimeMs,
        claimed,
        edition: editionOf(state),
      });
      accepted.push({ facts, grade, content });
      return { kind: 'accepted', leafIndex: state.size + accepted.length - 1 };
    });
    if (accepted.length + refused.length === 0) return settled;
    const factsRoot = rootOf(accepted.map(({ facts }) => facts.leafHash));
    const batch = sealBatch(
      state,
      { signer: this.signers.gateway, iss: MEMBER_ISS },
      { accepted, root: factsRoot, refusals: refused, logTimeMs, rulings: [] },
    );
    const applied = this.ledger.commitBatch(
      { facts: accepted.map(({ facts }) => facts), factsRoot, batch },
      {
        contents: accepted.map(({ content }) => content),
        refused: refused.map(({ id, code, frame }) => ({
          id,
          code,
          device: '',
          seq: frame.seq,
          receivedMs: logTimeMs,
          frame: frame.frame,
        })),
      },
    );
    if (!applied.ok) throw new Error(`${applied.code}: ${applied.detail}`);
    return settled;
  }

  anchor(): void {
    const { state } = this.ledger;
    this.anchorer.anchor({ size: state.size, root: this.ledger.root() });
  }

  /** The root by other means, the state against its reload, and what fsck says of all tables. */
  expectSound(): void {
    const { store, state } = this.ledger;
    const entries = store.leaves.entries(0, state.size);
    expect(entries.length).toBe(state.size);
    const root = toHex(MTH(entries));
    expect(toHex(this.ledger.root())).toBe(root);
    expect(toHex(rootOf(entries.map(leafHash)))).toBe(root);
    expect(toHex(this.proofs.root(state.size))).toBe(root);
    expect(plain(store.loadState())).toEqual(plain(state));
    this.anchor();
    const { ok, findings } = fsck(this.root);
    expect({ ok, findings }).toEqual({ ok: true, findings: [] });
  }

  close(): void {
    this.ledger.store.db.close();
    rmSync(this.root, { recursive: true, force: true });
  }

  #registry(): CheckRegistry {
    const { keys, devices } = this.ledger.state;
    const registry: CheckRegistry = { ledgerId: this.ledgerId, keys: new Map() };
    for (const { no, kid, key, iss, role } of keys) {
      const device = devices.get(iss);
      if (role !== 'device' || !device) continue;
      registry.keys.set(toHex(kid), { no, key, iss, sensors: sensorTable(device.sensors) });
    }
    return registry;
  }
}

/** Bytes as hex whatever their class, maps without their order. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (value instanceof Set) return [...value].sort();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
