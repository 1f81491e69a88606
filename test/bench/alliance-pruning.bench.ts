import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
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

const DEVICES = 34;
/** The least that a configuration may ask for, so that a minute goes beyond it. */
const KEPT = { keepBlocks: 100, snapshotEveryBlocks: 25 };
const LOAD = { perSecond: 800, receipts: false };
const STATEMENTS_A_TURN = 50_000;
const BYTES_A_MB = 1_000_000;

interface Share {
  height: number;
  /** Blocks and consensus state; pruned. */
  blocks: number;
  /** The consensus write-ahead log: the engine drops its oldest files beyond 1 GiB. */
  wal: number;
}

/** What a member's engine has on disk after the first, second and third turn of the same load. */
async function run(): Promise<Row[]> {
  const root = mkdtempSync(join(tmpdir(), 'truegrain-bench-'));
  const running: GatewayProcess[] = [];
  try {
    const wish = { alg: -8 as const, devicesEach: DEVICES, settings: KEPT };
    const { members, ledgerId } = await createBenchAlliance(root, wish);
    running.push(
      ...(await Promise.all(members.map(({ data }) => GatewayProcess.startMember(data)))),
    );
    const { data, devices } = members[0] as BenchMember;
    const gateway = running.find((member) => member.data === data) as GatewayProcess;
    const shares: Share[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      writeFrames(framesFile(data), { devices, ledgerId }, STATEMENTS_A_TURN);
      await play(gateway.mqttPort, framesFile(data), LOAD);
      shares.push(shareOf(data));
    }
    const [first, second, third] = shares as [Share, Share, Share];
    return [
      row('alliance-pruning-height', third.height, `blocks, ${KEPT.keepBlocks} kept`),
      row('alliance-pruning-first', first.blocks / BYTES_A_MB, 'MB after 50,000'),
      row(
        'alliance-pruning',
        third.blocks / BYTES_A_MB,
        'MB after 150,000',
        second.blocks / BYTES_A_MB,
      ),
      row('alliance-pruning-wal', third.wal / BYTES_A_MB, 'MB after 150,000'),
    ];
  } finally {
    await Promise.all(running.map((member) => member.stop()));
    rmSync(root, { recursive: true, force: true });
  }
}

function shareOf(data: string): Share {
  const { engine, ledger } = dataFolder(data);
  const db = openDatabase(ledger, { readonly: true });
  const height = new BlockRow(db).read()?.height ?? 0;
  db.close();
  const wal = bytesBelow(join(engine, 'data', 'cs.wal'));
  return { height, wal, blocks: bytesBelow(join(engine, 'data')) - wal };
}

/** A file that the engine removed meanwhile counts for nothing. */
function bytesBelow(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => statSync(join(parentPath, name), { throwIfNoEntry: false }))
    .reduce((sum, stat) => sum + (stat?.size ?? 0), 0);
}

export const alliancePruning: Bench[] = [{ name: 'alliance-pruning', run }];
