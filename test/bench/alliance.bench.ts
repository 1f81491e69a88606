import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataFolder } from '../../gateway/data-folder.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import { type BenchAlliance, createBenchAlliance } from './alliance-fixture.ts';
import { type Bench, type Row, row } from './bench.ts';
import { framesFile, writeFrames } from './fixture.ts';
import { GatewayProcess } from './gateway-process.ts';
import { opensslVerifies } from './openssl-speed.ts';
import { type Load, play } from './play.ts';

const MEMBERS = 4;
/** Through each of the three participants' gateways. */
const DEVICES_EACH = 34;
const FRAMES = 60_000;
const LATENCY_SECONDS = 12;
const POLL_MS = 100;

interface Peak {
  perSecond: number;
  /** A statement on one member's disk, bytes. */
  store: number;
  wal: number;
  engine: number;
}

/** Devices → three gateways → every one of four members has checked and committed every statement. */
async function measure(name: string, alg: -7 | -8): Promise<Row[]> {
  // Before and after: on a shared machine the two differ, and the load runs in between.
  const before = opensslVerifies(alg);
  const peak = await withAlliance(alg, FRAMES, peakOf);
  const limit = (before + opensslVerifies(alg)) / 2 / MEMBERS;
  const half = Math.floor(peak.perSecond / 2);
  const paced = await withAlliance(alg, half * LATENCY_SECONDS, async (members, files) => {
    return playAll(members, files, { perSecond: Math.floor(half / files.length), receipts: true });
  });
  const worst = (of: (load: Load) => number) => Math.max(...paced.map(of));
  return [
    row(name, peak.perSecond, 'statements/s', limit),
    row(
      `${name}-receipt-p50`,
      worst(({ p50Ms }) => p50Ms),
      'ms',
    ),
    row(
      `${name}-receipt-p99`,
      worst(({ p99Ms }) => p99Ms),
      'ms',
    ),
    row(`${name}-disk-store`, peak.store, 'bytes/statement'),
    row(`${name}-disk-wal`, peak.wal, 'bytes/statement'),
    row(`${name}-disk-engine`, peak.engine, 'bytes/statement'),
  ];
}

async function peakOf(members: readonly GatewayProcess[], files: readonly string[]): Promise<Peak> {
  const counts = members.map(({ data }) => new StatementCount(data));
  const grown = members.map(({ data }) => diskOf(data));
  const started = performance.now();
  await playAll(members, files, { perSecond: 0, receipts: false });
  for (const count of counts) await count.reaches(FRAMES);
  const seconds = (performance.now() - started) / 1_000;
  for (const count of counts) count.close();
  const each = (of: (disk: Disk) => number) => {
    const bytes = members.map(({ data }, i) => of(diskOf(data)) - of(grown[i] as Disk));
    return Math.max(...bytes) / FRAMES;
  };
  return {
    perSecond: FRAMES / seconds,
    store: each(({ store }) => store),
    wal: each(({ wal }) => wal),
    engine: each(({ engine }) => engine),
  };
}

function playAll(
  members: readonly GatewayProcess[],
  files: readonly string[],
  load: { perSecond: number; receipts: boolean },
): Promise<Load[]> {
  return Promise.all(
    files.map((file, i) => play((members[i] as GatewayProcess).mqttPort, file, load)),
  );
}

async function withAlliance<T>(
  alg: -7 | -8,
  frames: number,
  use: (members: readonly GatewayProcess[], files: readonly string[]) => Promise<T>,
): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'truegrain-bench-'));
  const members: GatewayProcess[] = [];
  try {
    const alliance = await createBenchAlliance(root, { alg, devicesEach: DEVICES_EACH });
    const files = writeLoads(alliance, frames);
    const started = alliance.members.map(async ({ data }) => {
      members.push(await GatewayProcess.startMember(data));
    });
    await Promise.all(started);
    members.sort((a, b) => (a.data < b.data ? -1 : 1));
    return await use(members, files);
  } finally {
    await Promise.all(members.map((member) => member.stop()));
    rmSync(root, { recursive: true, force: true });
  }
}

/** One file of frames for each member that has devices. */
function writeLoads({ members, ledgerId }: BenchAlliance, frames: number): string[] {
  const loaded = members.filter(({ devices }) => devices.length > 0);
  return loaded.map(({ data, devices }) => {
    writeFrames(framesFile(data), { devices, ledgerId }, frames / loaded.length);
    return framesFile(data);
  });
}

/** Statements of devices in a running member's store. */
class StatementCount {
  readonly #db: ReturnType<typeof openDatabase>;
  readonly #count: { get(): unknown };

  constructor(data: string) {
    this.#db = openDatabase(dataFolder(data).ledger, { readonly: true });
    this.#count = this.#db.prepare('SELECT count(*) FROM pack').pluck();
  }

  async reaches(count: number): Promise<void> {
    while ((this.#count.get() as number) < count) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  close(): void {
    this.#db.close();
  }
}

interface Disk {
  store: number;
  wal: number;
  engine: number;
}

function diskOf(data: string): Disk {
  const folder = dataFolder(data);
  const files = readdirSync(folder.engine, { recursive: true, withFileTypes: true });
  const engine = files.filter((file) => file.isFile());
  return {
    store: sizeOf(folder.ledger),
    wal: sizeOf(`${folder.ledger}-wal`),
    engine: engine.reduce((sum, { parentPath, name }) => sum + sizeOf(join(parentPath, name)), 0),
  };
}

/** 0 where the engine removed it meanwhile. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** MQTT QoS 1 at three gateways → committed by four members, each verifying every signature. */
export const alliance: Bench[] = [
  { name: 'alliance-es256', run: () => measure('alliance-es256', -7) },
  { name: 'alliance-ed25519', run: () => measure('alliance-ed25519', -8) },
];
