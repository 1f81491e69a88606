import { GATEWAY_PROGRAM } from './built.ts';
import { StartFailure } from './gateway-program.ts';
import { type Ending, Program } from './program.ts';

/** What `alliance start --json` says once all doors are open. */
export interface MemberReady {
  readonly httpUrl: string;
  readonly mqttUrl: string;
  readonly peerUrl: string;
  readonly origin: string;
  /** 64 hex digits. */
  readonly ledgerId: string;
  /** How many faulty members the alliance stands, in a sentence. */
  readonly fault: string;
}

export interface MemberRun {
  readonly data: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than the built gateway: what stands before its arguments. */
  readonly node?: readonly string[];
  readonly logLevel?: string;
  readonly onLine?: (line: string) => void;
}

/** One member of an alliance in a process of its own; its engine is that process's child. */
export class MemberProgram {
  readonly program: Program;

  constructor({ data, env = {}, node = [GATEWAY_PROGRAM], logLevel = 'warn', onLine }: MemberRun) {
    const [file = '', ...before] = node;
    this.program = new Program({
      name: 'truegrain alliance',
      file,
      args: [
        ...before,
        ...['alliance', 'start', '--data', data, '--json', '--log-level', logLevel],
      ],
      env,
      ...(onLine && { onLine }),
    });
  }

  /** Resolves when its doors are open, for which more than half of the others must be there. */
  async ready(): Promise<MemberReady> {
    const said = await this.program.line(/^\{.*"peerUrl".*\}$/);
    if (said) return JSON.parse(said[0]) as MemberReady;
    const { lines, ending } = this.program;
    const words = lines.filter((line) => line.startsWith('truegrain')).at(-1);
    throw new StartFailure(words ?? `the member ended with ${ending?.code ?? ending?.signal}`);
  }

  stop(graceMs?: number): Promise<Ending> {
    return this.program.stop(graceMs);
  }
}
