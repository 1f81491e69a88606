import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, Row } from './bench.ts';
import { createBenchLedger, framesFile, writeFrames } from './fixture.ts';
import { GatewayProcess } from './gateway-process.ts';
import { opensslVerifies } from './openssl-speed.ts';
import { play } from './play.ts';

const DEVICES = 100;
/** Long enough that the compiler has warmed up and the WAL is folded in several times. */
const FRAMES = 150_000;
/** Half a load lasts as many seconds as this many frames give it. */
const LATENCY_SECONDS = 8;
/** A tiled log server of this kind appended so many a second here when idle, checking no signature. */
const TILED_LOG_APPENDS = 6_900;

async function withGateway<T>(
  alg: -7 | -8,
  frames: number,
  use: (gateway: GatewayProcess, file: string) => Promise<T>,
): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), 'truegrain-bench-'));
  try {
    writeFrames(framesFile(data), createBenchLedger(data, alg, DEVICES), frames);
    const gateway = await GatewayProcess.start(data);
    try {
      return await use(gateway, framesFile(data));
    } finally {
      await gateway.stop();
    }
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function measure(name: string, alg: -7 | -8): Promise<Row[]> {
  // Before and after: on a shared machine the two differ, and the load runs in between.
  const before = opensslVerifies(alg);
  const peak = await withGateway(alg, FRAMES, async (gateway, file) => {
    const load = await play(gateway.mqttPort, file, { perSecond: 0, receipts: false });
    return { load, bytes: statSync(join(gateway.data, 'ledger.db')).size };
  });
  const limit = (before + opensslVerifies(alg)) / 2;
  const { perSecond, cpuCores } = peak.load;
  const half = Math.floor(perSecond / 2);
  const paced = await withGateway(alg, half * LATENCY_SECONDS, (gateway, file) =>
    play(gateway.mqttPort, file, { perSecond: half, receipts: true }),
  );
  return [
    { name, value: perSecond, unit: 'frames/s', limit, ratio: perSecond / limit },
    {
      name: `${name}-appends`,
      value: perSecond,
      unit: 'frames/s',
      limit: TILED_LOG_APPENDS,
      ratio: perSecond / TILED_LOG_APPENDS,
    },
    { name: `${name}-load-cpu`, value: cpuCores, unit: 'cores', limit: null, ratio: null },
    { name: `${name}-receipt-p50`, value: paced.p50Ms, unit: 'ms', limit: null, ratio: null },
    { name: `${name}-receipt-p99`, value: paced.p99Ms, unit: 'ms', limit: null, ratio: null },
  ];
}

/** MQTT QoS 1 → committed and durable (synchronous=FULL, PUBACK after COMMIT), 100 keys and subjects. */
export const ingest: Bench[] = [
  { name: 'ingest-es256', run: () => measure('ingest-es256', -7) },
  { name: 'ingest-ed25519', run: () => measure('ingest-ed25519', -8) },
];
