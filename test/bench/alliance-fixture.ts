import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MemberKind } from '../../device-sdk/formats/governance.ts';
import { MEDIA_REGISTRATION } from '../../device-sdk/formats/media-types.ts';
import { parseStatement, signStatement } from '../../device-sdk/formats/statement.ts';
import { nativeVerify, useNodeCrypto } from '../../gateway/admit/native-verify.ts';
import { parseConfig } from '../../gateway/config.ts';
import { dataFolder } from '../../gateway/data-folder.ts';
import { acceptCharter, convene } from '../../gateway/founding.ts';
import { encodeFounding, type Founding, parseFounding } from '../../gateway/founding-file.ts';
import { issueCredential } from '../../gateway/ingest/credentials.ts';
import { loadMemberKeys, type MemberSigners } from '../../gateway/keys.ts';
import type { Draft } from '../../gateway/ledger/app.ts';
import { Books } from '../../gateway/ledger/books.ts';
import { SoloLedger } from '../../gateway/ledger/solo.ts';
import { type AllianceMember, makeMemberFolder } from '../../gateway/member-folder.ts';
import { type Db, openDatabase } from '../../gateway/store/database.ts';
import { freeBlock } from '../support/port-block.ts';
import { type BenchDevice, benchRegistration, newDevice } from './fixture.ts';
import { fillLedger } from './stores.ts';

const LEDGER_NAME = 'bench.example/alliance';
const HOUR_MS = 3_600_000;
const FOUR = ['acme', 'bolt', 'cargo', 'duty'];
/** Of these, those with devices; the fourth is the regulator. */
const PARTICIPANTS = 3;

export interface BenchMember {
  iss: string;
  data: string;
  signers: MemberSigners;
  /** Through this member's gateway. */
  devices: BenchDevice[];
}

export interface BenchAlliance {
  ledgerId: Uint8Array;
  members: BenchMember[];
}

export interface AllianceWish {
  alg: -7 | -8;
  /** Of each of the three participants; the regulator has none. */
  devicesEach: number;
  disclosure?: 'open' | 'sealed';
  /** In all stores before the first block. */
  statements?: number;
  /** A fifth founder, whose store is filled like the others'. */
  fifth?: boolean;
  /** More of a member's configuration. */
  settings?: Record<string, unknown>;
}

/**
 * Three participants and a regulator in folders of their own below `root`. Charter, acceptances and
 * registrations stand in all four stores before the first block, as in a ledger that was solo.
 */
export async function createBenchAlliance(
  root: string,
  wish: AllianceWish,
): Promise<BenchAlliance> {
  useNodeCrypto();
  const logTimeMs = Date.now() - HOUR_MS;
  const configs: AllianceMember[] = [];
  const cards = [];
  const names = [...FOUR, ...(wish.fifth ? ['extra'] : [])];
  const firstPort = await freeBlock(2 * names.length);
  for (const [i, name] of names.entries()) {
    const settings = { ...portsFrom(firstPort + 2 * i), ...wish.settings };
    const config = writeMember(join(root, name), { name, settings });
    configs.push(config);
    const made = { config, ledgerId: null, nowMs: logTimeMs };
    cards.push(await makeMemberFolder(dataFolder(config.data), made));
  }
  const members = configs.map((config): BenchMember => {
    const signers = loadMemberKeys(dataFolder(config.data).keys);
    return { iss: config.member.iss, data: config.data, signers, devices: [] };
  });
  const founding = found(members, { cards, logTimeMs, disclosure: wish.disclosure ?? 'sealed' });
  for (const { data } of members) {
    writeFileSync(dataFolder(data).founding, encodeFounding(founding.parts));
  }
  fillStores(members, founding, { ...wish, logTimeMs });
  return { ledgerId: founding.ledgerId, members };
}

function portsFrom(peerPort: number) {
  const p2pPort = peerPort + 1;
  return {
    peerPort,
    p2pPort,
    advertiseHttp: `https://127.0.0.1:${peerPort}`,
    advertiseP2p: `127.0.0.1:${p2pPort}`,
    loopback: true,
  };
}

function writeMember(
  data: string,
  { name, settings }: { name: string; settings: Record<string, unknown> },
): AllianceMember {
  mkdirSync(data, { recursive: true });
  const kind: MemberKind = name === 'duty' ? 'regulator' : 'participant';
  const value = {
    member: { iss: `https://${name}.example`, name, kind },
    cosignerName: `${name}.example/witness`,
    http: { port: 0 },
    mqtt: { port: 0 },
    alliance: settings,
  };
  const file = join(data, 'truegrain.json');
  writeFileSync(file, JSON.stringify(value));
  return parseConfig(value, { file }) as AllianceMember;
}

function found(
  members: readonly BenchMember[],
  terms: {
    cards: Parameters<typeof convene>[1]['cards'];
    logTimeMs: number;
    disclosure: 'open' | 'sealed';
  },
): Founding {
  const { cards, logTimeMs, disclosure } = terms;
  const [convener, ...others] = members;
  if (!convener) throw new Error('no members');
  const parts = convene(
    {
      logTimeMs,
      ledgerName: LEDGER_NAME,
      text: 'Bench',
      mode: 'alliance',
      quorum: 'two-thirds',
      answerTermDays: 14,
      noticeTermDays: 30,
      expulsion: 'all-but-expelled',
      ruleApprovals: 1,
      retentionDays: 1,
      disclosure,
      publicEntries: false,
      bytesPerBlock: 2 * 1024 * 1024,
      validatorKinds: ['participant', 'regulator', 'self-regulatory'],
      inlineContentTypes: [],
      law: null,
      responsible: { name: 'B. Ench', organisation: 'Bench', contact: 'mailto:b@bench.example' },
    },
    { cards, signer: convener.signers.member },
  );
  if (!parts.ok) throw new Error(`${parts.code}: ${parts.detail}`);
  const charter = parsed(parts.value);
  const acceptances = others.map(({ iss, signers }) =>
    acceptCharter(charter, { iss, signer: signers.member, nowMs: logTimeMs }),
  );
  return parsed({ ...parts.value, acceptances });
}

function parsed(parts: Founding['parts']): Founding {
  const founding = parseFounding(encodeFounding(parts));
  if (!founding.ok) throw new Error(`${founding.code}: ${founding.detail}`);
  return founding.value;
}

/** One store is written and copied: no member could tell the difference. */
function fillStores(
  members: readonly BenchMember[],
  founding: Founding,
  wish: Pick<AllianceWish, 'alg' | 'devicesEach' | 'statements'> & { logTimeMs: number },
): void {
  const [first, ...others] = members.map(({ data }) => dataFolder(data).ledger);
  if (first === undefined) throw new Error('no members');
  const db = openDatabase(first);
  const books = new Books(db);
  const draft = books.draft(nativeVerify);
  for (const entry of founding.entries) govern(draft, entry);
  const insert = db.prepare('INSERT INTO credential VALUES (?, ?, ?)');
  for (const [i, member] of members.slice(0, PARTICIPANTS).entries()) {
    const signed = new MemberStream(member, founding, { leaf: i, logTimeMs: wish.logTimeMs });
    for (let n = 0; n < wish.devicesEach; n += 1) {
      const { password, stored } = issueCredential();
      const device = { ...newDevice(wish.alg, i * wish.devicesEach + n), password };
      insert.run(device.urn, stored.salt, stored.hash);
      member.devices.push(device);
      govern(draft, signed.registration(device));
    }
  }
  books.commit(draft);
  fillWith(db, members[0], { ledgerId: founding.ledgerId, statements: wish.statements ?? 0 });
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  for (const file of others) copyFileSync(first, file);
}

function fillWith(
  db: Db,
  by: BenchMember | undefined,
  wish: { ledgerId: Uint8Array; statements: number },
): void {
  if (!by || wish.statements === 0) return;
  // What a power cut destroys here is built again.
  db.pragma('synchronous = OFF');
  const gateway = { signer: by.signers.gateway, iss: by.iss };
  fillLedger(new SoloLedger(db, nativeVerify), { gateway, devices: by.devices, ...wish });
}

/** What a founder signs after its charter or acceptance. */
class MemberStream {
  readonly #member: BenchMember;
  readonly #ledgerId: Uint8Array;
  readonly #logTimeMs: number;
  #seq: number;
  #prev: Uint8Array;

  constructor(
    member: BenchMember,
    founding: Founding,
    { leaf, logTimeMs }: { leaf: number; logTimeMs: number },
  ) {
    this.#member = member;
    this.#ledgerId = founding.ledgerId;
    this.#logTimeMs = logTimeMs;
    const entry = founding.entries[leaf];
    const first = entry ? parseStatement(entry) : null;
    if (!first?.ok || first.value.iss !== member.iss) throw new Error('not this founder’s leaf');
    this.#seq = first.value.seq;
    this.#prev = first.value.id;
  }

  registration(device: BenchDevice): Uint8Array {
    const { iss, signers } = this.#member;
    const ledgerId = this.#ledgerId;
    const logTimeMs = this.#logTimeMs;
    const bytes = benchRegistration(device, { owner: iss, ledgerId, logTimeMs });
    this.#seq += 1;
    const signed = signStatement(
      {
        iss,
        sub: device.urn,
        iat: Math.floor(logTimeMs / 1000),
        payload: { kind: 'inline', contentType: MEDIA_REGISTRATION, bytes },
        seq: this.#seq,
        prev: this.#prev,
        ledgerId,
        device: null,
      },
      signers.member,
    );
    this.#prev = signed.id;
    return signed.bytes;
  }
}

function govern(draft: Draft, entry: Uint8Array): void {
  const statement = parseStatement(entry);
  const applied = statement.ok ? draft.governance(statement.value) : statement;
  if (!applied.ok) throw new Error(`${applied.code}: ${applied.detail}`);
}
