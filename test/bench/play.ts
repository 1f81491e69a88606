import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const IN_FLIGHT_A_DEVICE = 64;

/** What the load generator saw. */
export interface Load {
  perSecond: number;
  cpuCores: number;
  receipts: number;
  /** Publish → receipt; NaN where none was waited for. */
  p50Ms: number;
  p99Ms: number;
}

/** Plays a file of frames into a gateway; `perSecond` 0 = as fast as it takes them. */
export function play(
  port: number,
  file: string,
  load: { perSecond: number; receipts: boolean },
): Promise<Load> {
  const script = join(import.meta.dirname, 'load.ts');
  const args = ['--import', 'tsx', script, String(port), file, String(IN_FLIGHT_A_DEVICE)];
  args.push(String(load.perSecond), load.receipts ? 'receipts' : 'none');
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let result: Load | null = null;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Load;
      result = { ...said, p50Ms: said.p50Ms ?? Number.NaN, p99Ms: said.p99Ms ?? Number.NaN };
    });
    child.on('close', (code) => {
      if (result && !(load.receipts && Number.isNaN(result.p50Ms))) resolve(result);
      else reject(new Error(`load generator ended with ${code}`));
    });
  });
}
