import { DEVICE_PROGRAM } from './built.ts';
import { type Ending, Program, type ProgramOptions, runToEnd } from './program.ts';

/** One line of the firmware's log. */
export interface DeviceLine {
  readonly msg: string;
  readonly level: string;
  readonly id?: string;
  readonly seq?: number;
  /** Of a queued frame: pack, boot, gap … */
  readonly kind?: string;
  readonly code?: string;
  readonly listed?: boolean;
  readonly logSize?: number;
  readonly leafIndex?: number;
  readonly detail?: string;
  readonly reason?: string;
  readonly firstSeq?: number;
}

export interface DeviceRun {
  readonly config: string;
  /** Limits of the process, see ProgramOptions. */
  readonly shell?: string;
  readonly onLine?: (line: DeviceLine) => void;
}

/** The real firmware in a process of its own. */
export class DeviceProgram {
  readonly program: Program;
  readonly #onLine: (line: DeviceLine) => void;
  #waiting: (() => void)[] = [];

  constructor({ config, shell, onLine = () => {} }: DeviceRun) {
    this.#onLine = onLine;
    this.program = new Program({
      name: 'truegrain-device',
      file: DEVICE_PROGRAM,
      args: ['run', '--config', config],
      ...(shell === undefined ? {} : { shell }),
      onLine: (text) => this.#take(text),
    });
    void this.program.ended.then(() => this.#wake());
  }

  /** Until the condition holds; false when the firmware ends before. */
  async until(condition: () => boolean): Promise<boolean> {
    while (!condition()) {
      if (this.program.ending) return false;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return true;
  }

  stop(): Promise<Ending> {
    return this.program.stop();
  }

  kill(): Promise<Ending> {
    return this.program.kill();
  }

  #take(text: string): void {
    const line = lineOf(text);
    if (!line) return;
    this.#onLine(line);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** Redeems a one-time token; throws with the firmware's own words. */
export async function enrolDevice(options: {
  config: string;
  url: string;
  token: string;
  ledgerId: string;
  alg?: 'es256' | 'ed25519';
}): Promise<void> {
  const { config, url, token, ledgerId, alg = 'ed25519' } = options;
  const run: ProgramOptions = {
    name: 'truegrain-device enrol',
    file: DEVICE_PROGRAM,
    args: ['enrol', '--config', config, '--url', url, '--ledger', ledgerId, '--alg', alg],
    // Not on the command line, which every user of the machine can read.
    env: { TRUEGRAIN_TOKEN: token },
  };
  const { code, lines } = await runToEnd(run);
  if (code === 0) return;
  const last = lineOf(lines.at(-1) ?? '');
  throw new Error(`enrolment failed: ${last?.code ?? code} ${last?.detail ?? lines.join(' ')}`);
}

function lineOf(text: string): DeviceLine | null {
  if (!text.startsWith('{')) return null;
  try {
    return JSON.parse(text) as DeviceLine;
  } catch {
    return null;
  }
}
