import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** As in the first line of gateway/bin/truegrain.js. */
const NURSERY = ['--max-semi-space-size=64', '--no-parallel-scavenge'];
const MAIN = join(import.meta.dirname, '../../gateway/dist/cli/main.js');

/** The built product, started as an operator would, on ports of its own. */
export class GatewayProcess {
  readonly data: string;
  readonly mqttPort: number;
  readonly httpUrl: string;
  readonly #child: ChildProcess;

  private constructor(
    child: ChildProcess,
    data: string,
    started: { httpUrl: string; mqttUrl: string },
  ) {
    this.#child = child;
    this.data = data;
    this.httpUrl = started.httpUrl;
    this.mqttPort = Number(new URL(started.mqttUrl).port);
  }

  /** The one gateway of a solo ledger. */
  static start(data: string): Promise<GatewayProcess> {
    const file = join(data, 'truegrain.json');
    const config = {
      member: { iss: 'https://bench.example', name: 'Bench' },
      ledgerName: 'bench.example/ledger',
      http: { port: 0 },
      mqtt: { port: 0 },
    };
    writeFileSync(file, JSON.stringify(config));
    return GatewayProcess.#run(data, ['start', '--config', file]);
  }

  /** A member of an alliance, which starts its engine. */
  static startMember(data: string): Promise<GatewayProcess> {
    return GatewayProcess.#run(data, ['alliance', 'start', '--data', data, '--log-level', 'error']);
  }

  static async #run(data: string, command: readonly string[]): Promise<GatewayProcess> {
    const profile = process.env['BENCH_CPU_PROF'];
    const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
    const child = spawn(process.execPath, [...NURSERY, ...profiling, MAIN, ...command, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const said = line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : {};
        const { httpUrl, mqttUrl } = said;
        if (typeof httpUrl === 'string' && typeof mqttUrl === 'string') {
          resolve(new GatewayProcess(child, data, { httpUrl, mqttUrl }));
        }
      });
      child.once('exit', (code) => reject(new Error(`gateway in ${data} ended with ${code}`)));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Of all its threads since it started (proc(5): utime and stime, in hundredths). */
  get cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}
