import type { Command } from 'commander';
import pino, { type Logger } from 'pino';
import { type GatewayConfig, loadConfig } from '../config.ts';
import { dataFolder } from '../data-folder.ts';
import { FoundingError } from '../founding-file.ts';
import type { RunningGateway } from '../gateway.ts';
import { KeyError } from '../keys.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { answer, type Cli, CliError, EXIT, type Terminal } from './terminal.ts';

interface StartOptions extends PlaceOptions {
  logLevel: string;
  json?: boolean;
}

export function addStart(program: Command, cli: Cli): void {
  withPlace(program.command('start'))
    .description('run the gateway until SIGTERM or SIGINT; logs go to stderr as JSON lines')
    .option('--log-level <level>', 'fatal, error, warn, info, debug or silent', 'info')
    .option('--json', 'say the URLs as one line of JSON')
    .action((options: StartOptions) => start(options, cli));
}

async function start(options: StartOptions, { terminal }: Cli): Promise<void> {
  const { config: found, configFile } = placeOf(options, terminal);
  const config = found ?? loadConfig(configFile);
  if (config.alliance) {
    throw new CliError(EXIT.usage, `${configFile} is of an alliance: \`truegrain alliance start\``);
  }
  await runUntilStopped<RunningGateway>(terminal, {
    logLevel: options.logLevel,
    open: (hooks) => open(config, hooks),
    announce: (gateway) => announce(gateway, options, terminal),
  });
}

export interface ServiceHooks {
  log: Logger;
  onFatal: (error: Error) => void;
  /** A signal came while it was starting. */
  signal: AbortSignal;
}

/** `restartWanted` tells why it is to be closed and opened anew. */
interface Service {
  readonly restartWanted?: Promise<string>;
  close(): Promise<void>;
}

/**
 * Until a signal comes, or a part breaks beyond repair: then it ends with that error, and whoever
 * runs it (systemd) starts it anew.
 */
export async function runUntilStopped<T extends Service>(
  terminal: Terminal,
  service: {
    logLevel: string;
    open: (hooks: ServiceHooks) => Promise<T>;
    announce: (running: T) => void;
  },
): Promise<void> {
  const log = loggerOf(service.logLevel, terminal);
  const aborter = new AbortController();
  const stopped = terminal.stopped().then(() => {
    aborter.abort();
    return null;
  });
  for (let again: string | null = ''; ; ) {
    let fail: (error: Error) => void = () => {};
    const broken = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    broken.catch(() => {});
    const { signal } = aborter;
    const running = await service
      .open({ log, onFatal: (error) => fail(error), signal })
      .catch((error: Error) => endedWhileStarting(error, signal));
    if (!running) return;
    if (again === '') service.announce(running);
    try {
      again = await Promise.race([stopped, broken, running.restartWanted ?? stopped]);
    } finally {
      await running.close();
    }
    if (again === null || aborter.signal.aborted) return;
    log.warn(`started anew: ${again}`);
  }
}

/** Asked to stop, it did not fail. */
function endedWhileStarting(error: Error, signal: AbortSignal): null {
  if (signal.aborted) return null;
  throw error;
}

function loggerOf(level: string, terminal: Terminal): Logger {
  if (level in LEVELS) return pino({ level }, terminal.stderr);
  const levels = Object.keys(LEVELS).join(', ');
  throw new CliError(EXIT.usage, `--log-level ${level} is not one of ${levels}`);
}

const LEVELS = { ...pino.levels.values, silent: 0 };

/** Loaded here, so that no other command waits for a broker and a web server to load. */
async function open(config: GatewayConfig, options: ServiceHooks): Promise<RunningGateway> {
  const { startGateway } = await import('../gateway.ts');
  try {
    return await startGateway(config, options);
  } catch (error) {
    throw startFailure(
      error as Error & { code?: unknown; port?: number; address?: string },
      config,
    );
  }
}

/** Whatever keeps it from starting is the operator's to mend, and names a file or a port. */
export function startFailure(
  error: Error & { code?: unknown; port?: number; address?: string },
  config: GatewayConfig,
): Error {
  if (error.code === 'EADDRINUSE' && error.port !== undefined) {
    const message = `port ${error.port} on ${error.address} is in use by another program`;
    return new CliError(EXIT.local, message, { cause: error });
  }
  const isOperators = error instanceof KeyError || error instanceof FoundingError;
  const code = typeof error.code === 'string' ? error.code : '';
  const isNamed =
    isOperators ||
    /^(E[A-Z]+|store_\w+|no_ledger|engine|socket_path)$/.test(code) ||
    /ledger\.db|\.pem|signed.tip|MQTT/.test(error.message);
  if (isNamed) return new CliError(EXIT.local, error.message, { cause: error });
  const { ledger } = dataFolder(config.data);
  const message = `${ledger}: ${error.message}; \`truegrain fsck\` says what is left`;
  return new CliError(EXIT.local, message, { cause: error });
}

function announce(gateway: RunningGateway, options: StartOptions, terminal: Terminal): void {
  const { httpUrl, mqttUrl, origin, ledgerId } = gateway;
  answer(terminal, options, {
    value: { httpUrl, mqttUrl, origin, ledgerId },
    lines: [
      `Truegrain gateway of ${origin}`,
      `  HTTP  ${httpUrl}`,
      `  MQTT  ${mqttUrl}`,
      '  A solo ledger is a private chain: one party keeps it. No fault is tolerated.',
    ],
  });
}
