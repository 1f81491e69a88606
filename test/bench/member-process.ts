import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** As in the program's first line and its systemd unit. */
const NURSERY = '--max-semi-space-size=64';
const MAIN = join(import.meta.dirname, '../../gateway/dist/cli/main.js');

/** One member of an alliance, gateway and engine, started as an operator would. */
export class MemberProcess {
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

  static async start(data: string): Promise<MemberProcess> {
    const profile = process.env['BENCH_CPU_PROF'];
    const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
    const args = [MAIN, 'alliance', 'start', '--data', data, '--json', '--log-level', 'error'];
    const child = spawn(process.execPath, [NURSERY, ...profiling, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const said = line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : {};
        const { httpUrl, mqttUrl } = said;
        if (typeof httpUrl === 'string' && typeof mqttUrl === 'string') {
          resolve(new MemberProcess(child, data, { httpUrl, mqttUrl }));
        }
      });
      child.once('exit', (code) => reject(new Error(`member in ${data} ended with ${code}`)));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}
