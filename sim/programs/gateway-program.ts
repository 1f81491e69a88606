import { GATEWAY_PROGRAM } from './built.ts';
import { type Ending, Program, runToEnd } from './program.ts';

export interface GatewayPlace {
  readonly data: string;
  /** 0 takes a free one. */
  readonly httpPort: number;
  readonly mqttPort: number;
}

export interface StartOptions {
  /** Limits of the process, see ProgramOptions. */
  readonly shell?: string;
}

/** The program said why it does not start, in a line that can be shown as it is. */
export class StartFailure extends Error {}

/** Runs a command of the gateway's program to its end. */
export function truegrain(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ending & { lines: string[] }> {
  return runToEnd({ name: `truegrain ${args[0]}`, file: GATEWAY_PROGRAM, args, env });
}

/** What `start --json` says once both doors are open. */
interface Ready {
  readonly httpUrl: string;
  readonly mqttUrl: string;
  readonly ledgerId: string;
}

/** The real gateway in a process of its own. */
export class GatewayProgram {
  readonly program: Program;
  readonly httpUrl: string;
  readonly mqttUrl: string;
  /** 64 hex digits, the last part of the log's origin. */
  readonly ledgerId: string;

  private constructor(program: Program, ready: Ready) {
    this.program = program;
    this.httpUrl = ready.httpUrl;
    this.mqttUrl = ready.mqttUrl;
    this.ledgerId = ready.ledgerId;
  }

  /** Resolves when both doors are open; throws StartFailure where they don't open. */
  static async start(place: GatewayPlace, { shell }: StartOptions = {}): Promise<GatewayProgram> {
    const program = new Program({
      name: 'truegrain',
      file: GATEWAY_PROGRAM,
      args: ['start', '--json', '--log-level', 'warn'],
      env: environmentOf(place),
      ...(shell === undefined ? {} : { shell }),
    });
    const ready = await program.line(/^\{.*"httpUrl".*\}$/);
    if (!ready) throw new StartFailure(failureOf(program));
    return new GatewayProgram(program, JSON.parse(ready[0]) as Ready);
  }

  stop(): Promise<Ending> {
    return this.program.stop();
  }

  kill(): Promise<Ending> {
    return this.program.kill();
  }
}

/** Names that nobody can have (RFC 2606). */
const FOUNDER = [
  ...['--iss', 'https://demo.invalid'],
  ...['--name', 'Truegrain demo'],
  ...['--ledger', 'demo.invalid/cold-chain'],
];

/** Keys, configuration and leaf 0, where the folder has no ledger yet. */
export async function initialise(
  place: GatewayPlace,
  options: readonly string[] = [],
): Promise<void> {
  const { code, lines } = await truegrain(['init', ...FOUNDER, ...options], environmentOf(place));
  const said = saidBy(lines);
  if (code !== 0 && !/holds a ledger already/.test(said)) throw new StartFailure(said);
}

export function environmentOf(place: GatewayPlace): Record<string, string> {
  return {
    TRUEGRAIN_DATA: place.data,
    TRUEGRAIN_HTTP_PORT: String(place.httpPort),
    TRUEGRAIN_MQTT_PORT: String(place.mqttPort),
  };
}

function failureOf(program: Program): string {
  const said = saidBy(program.lines);
  const { code, signal } = program.ending ?? {};
  return said || `the gateway ended with ${code ?? signal} and said nothing`;
}

/** Log lines are JSON; what is meant for a person is not, and comes last. */
function saidBy(lines: readonly string[]): string {
  return lines.filter((line) => line.trim() !== '' && !line.startsWith('{')).at(-1) ?? '';
}
