import type { Command } from 'commander';
import pino, { type Logger } from 'pino';
import { type GatewayConfig, loadConfig } from '../config.ts';
import { dataFolder } from '../data-folder.ts';
import type { RunningGateway } from '../gateway.ts';
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
  if (!(options.logLevel in LEVELS)) {
    throw new CliError(
      EXIT.usage,
      `--log-level ${options.logLevel} is not one of ${Object.keys(LEVELS).join(', ')}`,
    );
  }
  const log = pino({ level: options.logLevel }, terminal.stderr);
  const stopped = terminal.stopped();
  let fail: (error: Error) => void = () => {};
  const broken = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  broken.catch(() => {});
  const gateway = await open(config, { log, onFatal: (error) => fail(error) });
  announce(gateway, options, terminal);
  try {
    await Promise.race([stopped, broken]);
  } finally {
    await gateway.close();
  }
}

const LEVELS = { ...pino.levels.values, silent: 0 };

/** Loaded here, so that no other command waits for a broker and a web server to load. */
async function open(
  config: GatewayConfig,
  options: { log: Logger; onFatal: (error: Error) => void },
): Promise<RunningGateway> {
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
  const code = typeof error.code === 'string' ? error.code : '';
  const isNamed =
    /^(E[A-Z]+|store_\w+)$/.test(code) || /ledger\.db|\.pem|signed.tip|MQTT/.test(error.message);
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
