import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataFolder } from '../../gateway/data-folder.ts';
import { BlockRow } from '../../gateway/store/block-row.ts';
import { type Db, openDatabase } from '../../gateway/store/database.ts';
import { type BenchMember, createBenchAlliance } from './alliance-fixture.ts';
import { type Bench, type Row, row } from './bench.ts';
import { framesFile, writeFrames } from './fixture.ts';
import { GatewayProcess } from './gateway-process.ts';
import { play } from './play.ts';

const STATEMENTS = 1_000_000;
const GOAL_SECONDS = 300;
/** A snapshot each, so that there is one whose later headers exist. */
const SNAPSHOT_EVERY_BLOCKS = 20;
/** Frames that make the chain that long, a few a block. */
const PACED = { frames: 1_200, perSecond: 40 };
const DEVICES_EACH = 34;
const POLL_MS = 100;

/**
 * A fifth member whose ledger and blocks are gone, as a newcomer's are: from its start until its
 * node is where the others are. It is a founder because the ledger was filled before the first
 * block; what it takes over, and how, is the same.
 */
async function run(): Promise<Row[]> {
  const root = mkdtempSync(join(tmpdir(), 'truegrain-bench-'));
  const running: GatewayProcess[] = [];
  try {
    const { members, ledgerId } = await createBenchAlliance(root, {
      alg: -8,
      devicesEach: DEVICES_EACH,
      statements: STATEMENTS,
      fifth: true,
      settings: { snapshotEveryBlocks: SNAPSHOT_EVERY_BLOCKS },
    });
    const first = members[0] as BenchMember;
    writeFrames(framesFile(first.data), { devices: first.devices, ledgerId }, PACED.frames);
    running.push(
      ...(await Promise.all(members.map(({ data }) => GatewayProcess.startMember(data)))),
    );
    const gateway = running.find(({ data }) => data === first.data) as GatewayProcess;
    await play(gateway.mqttPort, framesFile(first.data), { ...PACED, receipts: true });
    const { data } = members.at(-1) as BenchMember;
    await running.find((member) => member.data === data)?.stop();
    wipe(data);
    const others = heightOf(first.data);
    const started = performance.now();
    running.push(await GatewayProcess.startMember(data));
    while (heightOf(data) < others) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    const seconds = (performance.now() - started) / 1_000;
    const leaves = read(data, (db) => db.prepare('SELECT count(*) FROM leaf').pluck().get());
    if ((leaves as number) < STATEMENTS) throw new Error(`it has ${leaves} leaves`);
    return [row('alliance-join', seconds, 's for 10^6 statements', GOAL_SECONDS)];
  } finally {
    await Promise.all(running.map((member) => member.stop()));
    rmSync(root, { recursive: true, force: true });
  }
}

/** What a member that joins does not have: it keeps its keys and the founding file. */
function wipe(data: string): void {
  const { ledger, signedTip, engine } = dataFolder(data);
  for (const file of [ledger, `${ledger}-wal`, `${ledger}-shm`, signedTip]) {
    rmSync(file, { force: true });
  }
  rmSync(join(engine, 'data'), { recursive: true });
}

function heightOf(data: string): number {
  return read(data, (db) => new BlockRow(db).read()?.height ?? 0);
}

function read<T>(data: string, ask: (db: Db) => T): T {
  const db = openDatabase(dataFolder(data).ledger, { readonly: true });
  try {
    return ask(db);
  } finally {
    db.close();
  }
}

export const allianceJoin: Bench[] = [{ name: 'alliance-join', run }];
