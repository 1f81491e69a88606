// One process `cometbft start`: begun, watched until it is gone, found again after its parent died.

/** @module engine-process */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** SIGKILL can't be ignored, but a process in the middle of a disk write ends after it. */
const KILLED_WITHIN_MS = 30_000;
const POLL_MS = 20;

const run = promisify(execFile);

export class EngineProcess {
  readonly #child: ChildProcess;
  /** Resolves when the process is gone and all it wrote was read; says how it ended. */
  readonly ended: Promise<string>;

  /** Each line of stdout and stderr reaches `onLine`. A file that can't be run ends at once. */
  constructor(options: { binary: string; home: string; onLine: (line: string) => void }) {
    const { binary, home, onLine } = options;
    this.#child = spawn(binary, startArguments(home), {
      cwd: home,
      env: engineEnv(process.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A Ctrl-C in the terminal is the gateway's to handle; the engine is stopped after it.
      detached: true,
    });
    this.ended = endOf(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) readLines(stream, onLine);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, and SIGKILL where that is ignored: a hung engine ignores it (abci.md). */
  async stop(killAfterMs: number): Promise<void> {
    const timer = setTimeout(() => this.kill('SIGKILL'), killAfterMs);
    this.kill('SIGTERM');
    await this.ended;
    clearTimeout(timer);
  }
}

/**
 * Ends an engine of this home whose gateway was killed: most end themselves when the application's
 * socket closes, some hang, and each holds the lock on the home's database.
 */
export async function killStaleEngines(home: string): Promise<number[]> {
  const pids = await enginesOf(home);
  for (const pid of pids) killIfAlive(pid);
  const deadline = performance.now() + KILLED_WITHIN_MS;
  while ((await enginesOf(home)).length > 0) {
    if (performance.now() > deadline) throw new Error(`an engine of ${home} does not end`);
    await sleep(POLL_MS);
  }
  return pids;
}

/** By the arguments it was started with: a process number alone may have a new owner. */
async function enginesOf(home: string): Promise<number[]> {
  const suffix = ['', ...startArguments(home)];
  if (existsSync('/proc/self/cmdline')) {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && commandLine(name).endsWith(suffix.join('\0')))
      .map(Number);
  }
  const { stdout } = await run('ps', ['-axww', '-o', 'pid=,args=']);
  return stdout
    .split('\n')
    .filter((line) => line.endsWith(suffix.join(' ')))
    .map((line) => Number.parseInt(line, 10));
}

function startArguments(home: string): string[] {
  return ['start', '--home', home];
}

/** Empty for a process that is gone or only waits to be collected. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '');
  } catch {
    return '';
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** CMT_… and TM_… would override the configuration (libs/cli/setup.go), CMTHOME the home. */
function engineEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(CMT|TM)(HOME$|_)/i.test(name)),
  );
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      // Also emitted for a signal that could not be sent; then the process is still there.
      if (child.pid === undefined) resolve(`it could not be started: ${error.message}`);
    });
    child.once('close', (code, signal) => {
      resolve(signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`);
    });
  });
}

function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on('line', onLine);
}
