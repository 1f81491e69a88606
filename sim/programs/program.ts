import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProgramOptions {
  readonly name: string;
  /** A JavaScript file; it runs under the same Node as this process. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A shell in front that sets limits, ended by `exec "$@"`. */
  readonly shell?: string;
  readonly onLine?: (line: string) => void;
}

const LINES_KEPT_MAX = 400;
const GRACE_MS = 5_000;

/** A child process of ours: what it said, how it ended, and its end when we want it. */
export class Program {
  readonly name: string;
  /** The last LINES_KEPT_MAX of both streams. */
  readonly lines: string[] = [];
  readonly ended: Promise<Ending>;
  ending: Ending | null = null;
  readonly #child: ChildProcess;
  #forgotten = 0;
  #waiting: (() => void)[] = [];

  constructor(options: ProgramOptions) {
    this.name = options.name;
    const { file, args, shell } = options;
    const command = [process.execPath, file, ...args];
    const [first = '', ...rest] = shell ? ['sh', '-c', shell, 'sh', ...command] : command;
    this.#child = spawn(first, rest, {
      // A group of its own: Ctrl-C at the terminal reaches us alone, and we end it in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.ended = this.#watch(options.onLine);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** The first line so far or to come that matches; null when the program ends without one. */
  async line(pattern: RegExp): Promise<RegExpExecArray | null> {
    for (let seen = 0; ; ) {
      for (; seen < this.#forgotten + this.lines.length; seen += 1) {
        const match = pattern.exec(this.lines[seen - this.#forgotten] ?? '');
        if (match) return match;
      }
      if (this.ending) return null;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** SIGTERM, and SIGKILL for one that does not go. */
  async stop(graceMs = GRACE_MS): Promise<Ending> {
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    const ending = await this.ended;
    clearTimeout(late);
    return ending;
  }

  /** What a power cut is to a process. */
  async kill(): Promise<Ending> {
    this.#child.kill('SIGKILL');
    return this.ended;
  }

  #watch(onLine?: (line: string) => void): Promise<Ending> {
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        onLine?.(line);
        this.#wake();
        if (this.lines.length <= LINES_KEPT_MAX) return;
        this.lines.shift();
        this.#forgotten += 1;
      });
    }
    return new Promise((resolve) => {
      const end = (ending: Ending) => {
        this.ending = ending;
        this.#wake();
        resolve(ending);
      };
      this.#child.once('error', (error) => {
        this.lines.push(error.message);
        end({ code: 1, signal: null });
      });
      // `close` comes after the last line of both streams, `exit` may come before.
      this.#child.once('close', (code, signal) => end({ code, signal }));
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** Runs a program to its end. */
export async function runToEnd(options: ProgramOptions): Promise<Ending & { lines: string[] }> {
  const program = new Program(options);
  const ending = await program.ended;
  return { ...ending, lines: program.lines };
}
