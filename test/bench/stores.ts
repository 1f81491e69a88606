import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { toHex } from '../../device-sdk/formats/bytes.ts';
import { policyOfCharter } from '../../device-sdk/formats/evidence-checkpoint.ts';
import { rootOf } from '../../device-sdk/formats/merkle.ts';
import { sha256 } from '../../device-sdk/formats/sha256.ts';
import type { Signer } from '../../device-sdk/formats/signer.ts';
import { parseStatement } from '../../device-sdk/formats/statement.ts';
import { factsOf } from '../../gateway/admit/check.ts';
import { nativeVerify } from '../../gateway/admit/native-verify.ts';
import { openAnchor } from '../../gateway/anchor/open-anchor.ts';
import { dataFolder } from '../../gateway/data-folder.ts';
import { loadMemberKeys, type MemberSigners } from '../../gateway/keys.ts';
import { expectedGrade } from '../../gateway/ledger/apply-batch.ts';
import { editionOf } from '../../gateway/ledger/batch-law.ts';
import { Judge } from '../../gateway/ledger/judge.ts';
import { sealBatch } from '../../gateway/ledger/seal-batch.ts';
import { SoloLedger } from '../../gateway/ledger/solo.ts';
import { Proofs } from '../../gateway/log/proofs.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import { SCHEMA, SCHEMA_VERSION } from '../../gateway/store/schema.ts';
import { BENCH_ISS, type BenchDevice, createBenchLedger, nextStatement } from './fixture.ts';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/bench');
const DEVICES = 100;
/** What a gateway with much to do puts into one batch. */
const STATEMENTS_A_BATCH = 500;
/** Ten readings, a second apart, follow the ten before. */
const PACK_MS = 10_000;
/** A shipment of 1,000 readings: what a query by subject answers does not grow with the ledger. */
const PACKS_A_SUBJECT = 100;

/** Data folder of a ledger with so many statements of 100 devices; built once, then kept. */
export function benchStore(statements: number): string {
  const schema = toHex(sha256(new TextEncoder().encode(SCHEMA))).slice(0, 8);
  const data = join(CACHE, `store-${SCHEMA_VERSION}-${schema}-${statements}`);
  if (existsSync(data)) return data;
  const building = `${data}.building`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(dirname(building), { recursive: true });
  buildStore(building, { alg: -8, devices: DEVICES, statements });
  renameSync(building, data);
  return data;
}

/** As the gateway commits them, without the network and without verifying our own signatures. */
export function buildStore(
  data: string,
  wish: { alg: -7 | -8; devices: number; statements: number },
): void {
  const { devices, ledgerId } = createBenchLedger(data, wish.alg, wish.devices);
  const folder = dataFolder(data);
  const signers = loadMemberKeys(folder.keys);
  const db = openDatabase(folder.ledger);
  // What a power cut destroys here is built again.
  db.pragma('synchronous = OFF');
  const ledger = new SoloLedger(db, nativeVerify);
  const gateway = { signer: signers.gateway, iss: BENCH_ISS };
  fillLedger(ledger, { gateway, devices, ledgerId, statements: wish.statements });
  anchor(ledger, signers, folder.signedTip);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

/** Batches of one gateway over statements of these devices, which are registered. */
export function fillLedger(
  ledger: SoloLedger,
  wish: {
    gateway: { signer: Signer; iss: string };
    devices: BenchDevice[];
    ledgerId: Uint8Array;
    statements: number;
  },
): void {
  const { gateway, devices, ledgerId } = wish;
  const perDevice = Math.ceil(wish.statements / devices.length);
  const startMs = Date.now() - (perDevice + 1) * PACK_MS;
  for (let from = 0; from < wish.statements; from += STATEMENTS_A_BATCH) {
    const to = Math.min(from + STATEMENTS_A_BATCH, wish.statements);
    const frames = [];
    for (let i = from; i < to; i += 1) {
      const device = devices[i % devices.length];
      if (!device) throw new Error('no device');
      const turn = Math.floor(i / devices.length);
      device.sub = subjectOf(i % devices.length, Math.floor(turn / PACKS_A_SUBJECT));
      frames.push({ device, ...nextStatement(device, ledgerId, startMs + turn * PACK_MS) });
    }
    commit(ledger, { gateway, ledgerId, frames });
  }
}

function subjectOf(device: number, shipment: number): string {
  const serial = String(device * 1_000_000 + shipment).padStart(10, '0');
  return `https://id.gs1.org/00/95212345${serial}`;
}

function commit(
  ledger: SoloLedger,
  batch: {
    gateway: { signer: Signer; iss: string };
    ledgerId: Uint8Array;
    frames: { device: BenchDevice; statement: Uint8Array; content: Uint8Array }[];
  },
): void {
  const { state } = ledger;
  const logTimeMs = Math.max(Date.now(), state.logTimeMs);
  const judge = new Judge(state, ledger.store.history, logTimeMs);
  const accepted = batch.frames.map(({ device, statement, content }) => {
    const parsed = parseStatement(statement);
    const key = state.keyByKid.get(toHex(device.signer.kid));
    if (!parsed.ok || !key) throw new Error('the fixture signs with a registered key');
    const facts = factsOf(parsed.value, key, batch.ledgerId);
    const verdict = judge.judge(facts);
    if (verdict.kind !== 'accept') throw new Error(`own statement: ${verdict.kind}`);
    const grade = expectedGrade(state, judge, facts, {
      verdict,
      logTimeMs,
      claimed: 0,
      edition: editionOf(state),
    });
    return { facts, grade, content };
  });
  const root = rootOf(accepted.map(({ facts }) => facts.leafHash));
  const sealed = sealBatch(state, batch.gateway, {
    accepted,
    root,
    refusals: [],
    logTimeMs,
    rulings: [],
  });
  const block = { facts: accepted.map(({ facts }) => facts), factsRoot: root, batch: sealed };
  const contents = accepted.map(({ content }) => content);
  const applied = ledger.commitBatch(block, { contents, refused: [] });
  if (!applied.ok) throw new Error(`own batch: ${applied.code} ${applied.detail}`);
}

/** A checkpoint over the whole tree, as the gateway keeps and shows it. */
function anchor(ledger: SoloLedger, signers: MemberSigners, tipFile: string): void {
  const { charter, ledgerId, size } = ledger.state;
  const cosigner = charter?.founders[0]?.cosignerName;
  if (!charter || !ledgerId || !cosigner) throw new Error('no charter');
  const proofs = new Proofs((level, index) => ledger.store.tiles.get(level, index));
  const origin = `${charter.ledgerName}/${toHex(ledgerId)}`;
  const { anchor } = openAnchor({
    db: ledger.store.db,
    origin,
    log: signers.log,
    cosigner: { name: cosigner, signer: signers.cosigner },
    tipFiles: [tipFile],
    size: () => size,
    proofs,
    policy: () => policyOfCharter(charter, origin),
    nowMs: Date.now,
  });
  anchor.anchor({ size, root: ledger.root() });
}
