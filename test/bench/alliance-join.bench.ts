import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataFolder } from '../../gateway/data-folder.ts';
import { BlockRow } from '../../gateway/store/block-row.ts';
import { openDatabase } from '../../gateway/store/database.ts';
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
const PACED = { frames: 600, perSecond: 40 };
const DEVICES_EACH = 34;

/** From the start of a fifth member with an empty folder until its node is in step with the others. */
async function run(): Promise<Row[]> {
  const root = mkdtempSync(join(tmpdir(), 'truegrain-bench-'));
  const running: GatewayProcess[] = [];
  try {
    const { members, ledgerId } = await createBenchAlliance(root, {
      alg: -8,
      devicesEach: DEVICES_EACH,
      statements: STATEMENTS,
      newcomer: true,
      settings: { snapshotEveryBlocks: SNAPSHOT_EVERY_BLOCKS },
    });
    const first = members[0] as BenchMember;
    const newcomer = members.at(-1) as BenchMember;
    writeFrames(framesFile(first.data), { devices: first.devices, ledgerId }, PACED.frames);
    const four = members.slice(0, -1).map(({ data }) => GatewayProcess.startMember(data));
    running.push(...(await Promise.all(four)));
    const gateway = running.find(({ data }) => data === first.data) as GatewayProcess;
    await play(gateway.mqttPort, framesFile(first.data), { ...PACED, receipts: true });
    const started = performance.now();
    running.push(await GatewayProcess.startMember(newcomer.data));
    const seconds = (performance.now() - started) / 1_000;
    const { height, size } = positionOf(newcomer.data);
    if (size < STATEMENTS || height < 2 * SNAPSHOT_EVERY_BLOCKS) {
      throw new Error(`it has ${size} leaves at height ${height}`);
    }
    return [row('alliance-join', seconds, 's for 10^6 statements', GOAL_SECONDS)];
  } finally {
    await Promise.all(running.map((member) => member.stop()));
    rmSync(root, { recursive: true, force: true });
  }
}

function positionOf(data: string): { height: number; size: number } {
  const db = openDatabase(dataFolder(data).ledger, { readonly: true });
  try {
    const size = db.prepare('SELECT count(*) FROM leaf').pluck().get() as number;
    return { height: new BlockRow(db).read()?.height ?? 0, size };
  } finally {
    db.close();
  }
}

export const allianceJoin: Bench[] = [{ name: 'alliance-join', run }];
