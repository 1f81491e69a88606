import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeAcceptance } from '@truegrain/device-sdk/formats/acceptance.js';
import { toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { type Charter, encodeCharter } from '@truegrain/device-sdk/formats/charter.js';
import { makeEnrolmentProof } from '@truegrain/device-sdk/formats/enrolment.js';
import { encodeFrame } from '@truegrain/device-sdk/formats/frame.js';
import { encodeLedgerTx } from '@truegrain/device-sdk/formats/ledger-tx.js';
import {
  MEDIA_ACCEPTANCE,
  MEDIA_CHARTER,
  MEDIA_REGISTRATION,
  MEDIA_SENML_CBOR,
} from '@truegrain/device-sdk/formats/media-types.js';
import { baseNameOf } from '@truegrain/device-sdk/formats/pack.js';
import { sensorTable } from '@truegrain/device-sdk/formats/pack-check.js';
import { encodePack } from '@truegrain/device-sdk/formats/pack-encode.js';
import {
  encodeRegistration,
  type Registration,
} from '@truegrain/device-sdk/formats/registration.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import {
  parseStatement,
  type Statement,
  signStatement,
} from '@truegrain/device-sdk/formats/statement.js';
import { type CheckRegistry, checkEntry, checkFrame } from '../../gateway/admit/check.ts';
import { EntryVerifier } from '../../gateway/admit/entry-verifier.ts';
import { nativeVerify, useNodeCrypto } from '../../gateway/admit/native-verify.ts';
import { RefusalQuota } from '../../gateway/admit/refusal-quota.ts';
import { Round } from '../../gateway/admit/round.ts';
import { dataFolder } from '../../gateway/data-folder.ts';
import { Books } from '../../gateway/ledger/books.ts';
import { CometLedger, type CommittedBlock } from '../../gateway/ledger/cometbft/comet-ledger.ts';
import type { Applied } from '../../gateway/ledger/replay.ts';
import { signGovernance } from '../../gateway/ledger/sign-governance.ts';
import type { LedgerState } from '../../gateway/ledger/state.ts';
import { fsck } from '../../gateway/log/fsck.ts';
import { BlockRow } from '../../gateway/store/block-row.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import { roundLawOf } from './round-law.ts';
import { type SampleMember, sampleCharter, sampleMember } from './sample-members.ts';
import { fixedSigner, SUBJECT, T0_MS, TEMPERATURE_SPEC, type TestDevice } from './solo-ledger.ts';

/** One member's books under the consensus driver, without an engine: the test is the engine. */
export class MemberBooks {
  readonly member: SampleMember;
  readonly folder: ReturnType<typeof dataFolder>;
  readonly blocks: CommittedBlock[] = [];
  /** What this member's gateway does inside a block's COMMIT, and after it. */
  onWrite: (applied: readonly Applied[]) => void = () => {};
  onBlock: (block: CommittedBlock) => void = () => {};
  /** Entries whose signatures this member verified, by leaf hash. */
  verified = 0;
  books!: Books;
  ledger!: CometLedger;

  constructor(member: SampleMember, root: string) {
    this.member = member;
    this.folder = dataFolder(join(root, member.name));
    this.open();
  }

  open(): void {
    const db = openDatabase(this.folder.ledger);
    this.books = new Books(db);
    this.ledger = new CometLedger({
      books: this.books,
      row: new BlockRow(db),
      verifier: new EntryVerifier((entry, done) => {
        this.verified += 1;
        setImmediate(() => done(checkEntry(entry, registryOf(this.ledger.state))));
      }),
      native: nativeVerify,
      onWrite: (applied) => this.onWrite(applied),
      onBlock: (block) => {
        this.blocks.push(block);
        this.onBlock(block);
      },
    });
  }

  /** As a killed process leaves it: what was not committed is gone. */
  reopen(): void {
    this.books.store.db.close();
    this.open();
  }
}

export function testDevice(name: string, alg: -7 | -8 = -8): TestDevice {
  const urn = `urn:dev:ops:32473-tg1-${name}`;
  return { urn, signer: fixedSigner(`device ${name}`, alg), seq: 0, prev: null };
}

export function registryOf(state: LedgerState): CheckRegistry {
  const keys: CheckRegistry['keys'] = new Map();
  for (const { no, kid, key, iss, role } of state.keys) {
    const device = state.devices.get(iss);
    if (role !== 'device' || !device) continue;
    keys.set(toHex(kid), { no, key, iss, sensors: sensorTable(device.sensors) });
  }
  return { ledgerId: state.ledgerId ?? new Uint8Array(32), keys };
}

/** Four members who keep one ledger; blocks are decided by whoever calls `decide`. */
export class FourBooks {
  readonly root = mkdtempSync(join(tmpdir(), 'truegrain-four-'));
  readonly members: MemberBooks[];
  readonly genesis: Uint8Array[];
  height = 0;
  timeMs = T0_MS;

  constructor(terms: Partial<Charter> = {}) {
    useNodeCrypto();
    const samples = ['acme', 'bolt', 'cargo', 'duty'].map((name) => sampleMember(name));
    const charter = { ...sampleCharter(samples, 3), ...terms };
    this.members = samples.map((sample) => new MemberBooks(sample, this.root));
    this.genesis = foundingEntries(samples, charter);
    for (const { ledger } of this.members) ledger.found(this.genesis);
  }

  get first(): MemberBooks {
    const [first] = this.members;
    if (!first) throw new Error('no members');
    return first;
  }

  get state(): LedgerState {
    return this.first.ledger.state;
  }

  /** The next governance statement of a member, as a transaction. */
  governance(
    by: MemberBooks,
    contents: { contentType: string; bytes: Uint8Array; sub?: string },
  ): { tx: Uint8Array; statement: Statement } {
    const { member } = by;
    const statement = signGovernance(
      by.ledger.state,
      { signer: member.member.signer, iss: member.iss },
      { ...contents, logTimeMs: this.timeMs },
    );
    return { tx: encodeLedgerTx({ kind: 'governance', entry: statement.entry }), statement };
  }

  /** A frame of one temperature, the device's next. */
  reading(device: TestDevice, value: number): Uint8Array {
    const salt = sha256(utf8(`${device.urn} ${device.seq}`)).slice(0, 16);
    const records = [{ name: 'temp', unit: 'Cel', value, timeMs: this.timeMs }];
    const content = encodePack({
      baseName: baseNameOf(device.urn),
      salt,
      records,
      relative: false,
    });
    device.seq += 1;
    const { bytes, id } = signStatement(
      {
        iss: device.urn,
        sub: SUBJECT,
        iat: Math.floor(this.timeMs / 1000),
        payload: { kind: 'hash', digest: sha256(content), preimageType: MEDIA_SENML_CBOR },
        seq: device.seq,
        prev: device.prev,
        ledgerId: this.state.ledgerId,
        device: {
          bootId: salt,
          quality: 3,
          errorMs: 50,
          count: 1,
          firstMs: this.timeMs,
          lastMs: this.timeMs,
        },
      },
      device.signer,
    );
    device.prev = id;
    return encodeFrame({ statement: bytes, content });
  }

  registration(
    by: MemberBooks,
    device: TestDevice,
    changes: Partial<Registration> = {},
  ): Uint8Array {
    const { ledgerId } = by.ledger.state;
    const bytes = encodeRegistration({
      logTimeMs: this.timeMs,
      device: device.urn,
      key: device.signer.key,
      proof: makeEnrolmentProof(device.signer, { device: device.urn, token: null, ledgerId }),
      owner: by.member.iss,
      keyLevel: 'file',
      reportingIntervalS: 600,
      buildDateS: 0,
      sensors: [TEMPERATURE_SPEC as never],
      binding: 'none',
      subjects: null,
      ...changes,
    });
    return this.governance(by, { contentType: MEDIA_REGISTRATION, bytes, sub: device.urn }).tx;
  }

  /** A batch as this member's gateway makes it of these frames, judged against its own state. */
  batch(by: MemberBooks, frames: readonly Uint8Array[], signer?: Signer): Uint8Array {
    const quota = new RefusalQuota(() => this.timeMs);
    const law = roundLawOf({ store: by.books.store, state: by.ledger.state });
    const round = new Round(by.ledger, { quota, law }, { logTimeMs: this.timeMs });
    for (const frame of frames) {
      const checked = checkFrame(frame, registryOf(by.ledger.state));
      if (!checked.authentic) throw new Error(checked.code);
      const { facts, content, verdict } = checked;
      const code = round.judge(facts, content, verdict);
      const asked = { facts, device: facts.sub, frame, receivedMs: this.timeMs };
      if (typeof code === 'string') round.refuse({ ...asked, code });
    }
    const { facts, batch } = round.seal({
      signer: signer ?? by.member.gateway.signer,
      iss: by.member.iss,
    });
    const entries = facts.map(({ entry }) => entry);
    return encodeLedgerTx({ kind: 'batch', entries, batch: batch.entry });
  }

  /** A block as the engine runs it: proposed by one, judged by the others, finalized by all. */
  async propose(by: MemberBooks, mempool: readonly Uint8Array[]): Promise<Uint8Array[]> {
    this.timeMs += 1_000;
    return by.ledger.propose(mempool, { bytesMax: 4_194_304, timeMs: this.timeMs });
  }

  /** Finalize and commit on every member; the app hashes, which must be one. */
  async decide(txs: readonly Uint8Array[], members = this.members): Promise<string[]> {
    this.height += 1;
    const { height, timeMs } = this;
    return Promise.all(
      members.map(async ({ ledger }) => {
        const { appHash } = await ledger.finalize({ height, timeMs, txs });
        ledger.commit();
        return toHex(appHash);
      }),
    );
  }

  /** Proposed, judged good by all, decided; the one app hash. */
  async block(mempool: readonly Uint8Array[], by = this.first): Promise<string> {
    const txs = await this.propose(by, mempool);
    for (const { ledger } of this.members) {
      const refusal = await ledger.judge(txs, this.timeMs);
      if (refusal) throw new Error(`${refusal.code}: ${refusal.detail}`);
    }
    const hashes = new Set(await this.decide(txs));
    if (hashes.size !== 1) throw new Error('the members disagree');
    return [...hashes][0] as string;
  }

  close(): void {
    for (const { books, folder } of this.members) {
      books.store.db.close();
      const report = fsck(folder.root);
      const errors = report.findings.filter(({ severity }) => severity === 'error');
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
    }
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Charter and acceptances, in the order in which they become leaves. */
export function foundingEntries(samples: readonly SampleMember[], charter: Charter): Uint8Array[] {
  const blank = { size: 0, streams: new Map(), keyByKid: new Map(), charter, ledgerId: null };
  const convener = samples[0];
  if (!convener) throw new Error('nobody');
  const leaf0 = signGovernance(
    blank as never,
    { signer: convener.member.signer, iss: convener.iss },
    { contentType: MEDIA_CHARTER, bytes: encodeCharter(charter), logTimeMs: charter.logTimeMs },
  );
  const probe = new ProbeLedger(leaf0.entry);
  const acceptances = samples.slice(1).map(({ member, iss }) => {
    const { logTimeMs } = charter;
    const bytes = encodeAcceptance({ logTimeMs, charterId: leaf0.id });
    const contents = { contentType: MEDIA_ACCEPTANCE, bytes, logTimeMs };
    return signGovernance(probe.state, { signer: member.signer, iss }, contents).entry;
  });
  probe.close();
  return [leaf0.entry, ...acceptances];
}

/** A state in which nothing but leaf 0 stands. */
class ProbeLedger {
  readonly #root = mkdtempSync(join(tmpdir(), 'truegrain-probe-'));
  readonly #books: Books;
  readonly state: LedgerState;

  constructor(leaf0: Uint8Array) {
    this.#books = new Books(openDatabase(join(this.#root, 'ledger.db')));
    const draft = this.#books.draft();
    const statement = parseStatement(leaf0);
    if (!statement.ok) throw new Error(statement.code);
    const applied = draft.governance(statement.value);
    if (!applied.ok) throw new Error(`${applied.code}: ${applied.detail}`);
    this.state = draft.state;
  }

  close(): void {
    this.#books.store.db.close();
    rmSync(this.#root, { recursive: true, force: true });
  }
}
