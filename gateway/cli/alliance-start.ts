import type { Command } from 'commander';
import pino from 'pino';
import type { RunningAlliance } from '../alliance.ts';
import { loadConfig } from '../config.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { startFailure } from './start.ts';
import { answer, type Cli } from './terminal.ts';

interface StartOptions extends PlaceOptions {
  logLevel: string;
  json?: boolean;
}

export function addAllianceStart(alliance: Command, cli: Cli): void {
  withPlace(alliance.command('start'))
    .description('run this member: engine, node, members’ door, gateway; until SIGTERM or SIGINT')
    .option('--log-level <level>', 'fatal, error, warn, info, debug or silent', 'info')
    .option('--json', 'say the URLs as one line of JSON')
    .action((options: StartOptions) => start(options, cli));
}

async function start(options: StartOptions, { terminal }: Cli): Promise<void> {
  const { config: found, configFile } = placeOf(options, terminal);
  const config = found ?? loadConfig(configFile);
  const log = pino({ level: options.logLevel }, terminal.stderr);
  const stopped = terminal.stopped();
  let fail: (error: Error) => void = () => {};
  const broken = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  broken.catch(() => {});
  // Loaded here: no other command waits for an engine's messages to load.
  const { startAlliance } = await import('../alliance.ts');
  let gateway: RunningAlliance;
  try {
    gateway = await startAlliance(config, { log, onFatal: (error) => fail(error) });
  } catch (error) {
    throw startFailure(error as Error, config);
  }
  const { httpUrl, mqttUrl, peerUrl, origin, ledgerId, fault } = gateway;
  answer(terminal, options, {
    value: { httpUrl, mqttUrl, peerUrl, origin, ledgerId },
    lines: [
      `Truegrain member of ${origin}`,
      `  HTTP   ${httpUrl}`,
      `  MQTT   ${mqttUrl}`,
      `  peers  ${peerUrl}`,
      `  ${fault}`,
    ],
  });
  try {
    await Promise.race([stopped, broken]);
  } finally {
    await gateway.close();
  }
}
