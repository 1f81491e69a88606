// `npm run bench [name …]` and `bench:large`: numbers of this machine, each beside its limit, in results.json.
import { join } from 'node:path';
import { alliance } from './alliance.bench.ts';
import { allianceJoin } from './alliance-join.bench.ts';
import { alliancePruning } from './alliance-pruning.bench.ts';
import type { Bench } from './bench.ts';
import { capture } from './capture.bench.ts';
import { disk } from './disk.bench.ts';
import { epcisQuery } from './epcis-query.bench.ts';
import { firmware } from './firmware.bench.ts';
import { fsckSpeed } from './fsck.bench.ts';
import { ingest } from './ingest.bench.ts';
import { lawReplay } from './law-replay.bench.ts';
import { offlineVerify } from './offline-verify.bench.ts';
import { readSide } from './read-side.bench.ts';
import { rules } from './rules.bench.ts';
import { runBenches, selectBenches, UnknownBench } from './runner.ts';
import { traceBench } from './trace.bench.ts';

const BENCHES: Bench[] = [
  ...ingest,
  ...firmware,
  ...offlineVerify,
  ...disk,
  ...fsckSpeed,
  ...readSide,
  ...traceBench,
  ...alliance,
  ...allianceJoin,
  ...alliancePruning,
  ...rules,
  ...lawReplay,
  ...epcisQuery,
  ...capture,
];

async function main(names: readonly string[]): Promise<number> {
  const out = (line: string) => {
    process.stdout.write(`${line}\n`);
  };
  try {
    const file = join(import.meta.dirname, 'results.json');
    const failed = await runBenches(selectBenches(BENCHES, names), { file, out });
    return failed.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UnknownBench)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
