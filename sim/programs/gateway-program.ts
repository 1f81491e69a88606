import { existsSync } from 'node:fs';
import { join } from 'node:path';
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

/** The real gateway in a process of its own. */
export class GatewayProgram {
  readonly program: Program;
  readonly httpUrl: string;
  readonly mqttUrl: string;
  /** 64 hex digits, the last part of the log's origin. */
  readonly ledgerId: string;

  private constructor(program: Program, found: Omit<GatewayProgram, 'program' | 'stop' | 'kill'>) {
    this.program = program;
    this.httpUrl = found.httpUrl;
    this.mqttUrl = found.mqttUrl;
    this.ledgerId = found.ledgerId;
  }

  /** Resolves when both doors are open; throws StartFailure where they don't open. */
  static async start(place: GatewayPlace, { shell }: StartOptions = {}): Promise<GatewayProgram> {
    const program = new Program({
      name: 'truegrain',
      file: GATEWAY_PROGRAM,
      args: ['start', '--config', join(place.data, 'truegrain.json')],
      env: environmentOf(place),
      ...(shell === undefined ? {} : { shell }),
    });
    const http = await program.line(/\bhttps?:\/\/[^\s"',]+/);
    const mqtt = http && (await program.line(/\bmqtts?:\/\/[^\s"',]+/));
    if (!http || !mqtt) throw new StartFailure(failureOf(program));
    const httpUrl = http[0].replace(/\/$/, '');
    const ledgerId = await ledgerIdOf(httpUrl);
    return new GatewayProgram(program, { httpUrl, mqttUrl: mqtt[0], ledgerId });
  }

  stop(): Promise<Ending> {
    return this.program.stop();
  }

  kill(): Promise<Ending> {
    return this.program.kill();
  }
}

/** Keys, configuration and leaf 0, where the folder has none. */
export async function initialise(place: GatewayPlace): Promise<void> {
  if (existsSync(join(place.data, 'truegrain.json'))) return;
  const { code, lines } = await truegrain(['init'], environmentOf(place));
  if (code !== 0) throw new StartFailure(lines.at(-1) ?? 'the ledger could not be founded');
}

export function environmentOf(place: GatewayPlace): Record<string, string> {
  return {
    TRUEGRAIN_DATA: place.data,
    TRUEGRAIN_HTTP_PORT: String(place.httpPort),
    TRUEGRAIN_MQTT_PORT: String(place.mqttPort),
  };
}

/** The first line of a checkpoint is `<ledger name>/<ledger id>`. */
async function ledgerIdOf(httpUrl: string): Promise<string> {
  const response = await fetch(`${httpUrl}/log/checkpoint`);
  const [origin = ''] = (await response.text()).split('\n', 1);
  return origin.slice(-64);
}

function failureOf(program: Program): string {
  const said = program.lines.find((line) => /error|truegrain:/i.test(line)) ?? program.lines.at(-1);
  return said ?? `${program.name} ended with ${program.ending?.code ?? program.ending?.signal}`;
}
