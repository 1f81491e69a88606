import type { Command } from 'commander';
import type { RunningAlliance } from '../alliance.ts';
import { type GatewayConfig, loadConfig } from '../config.ts';
import type { GatewayOptions } from '../gateway.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { runUntilStopped, startFailure } from './start.ts';
import { answer, type Cli, type Terminal } from './terminal.ts';

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
  await runUntilStopped<RunningAlliance>(terminal, {
    logLevel: options.logLevel,
    open: (hooks) => open(config, hooks),
    announce: (alliance) => announce(alliance, options, terminal),
  });
}

/** Loaded here: no other command waits for an engine's messages to load. */
async function open(config: GatewayConfig, options: GatewayOptions): Promise<RunningAlliance> {
  const { startAlliance } = await import('../alliance.ts');
  try {
    return await startAlliance(config, options);
  } catch (error) {
    throw startFailure(error as Error, config);
  }
}

function announce(alliance: RunningAlliance, options: StartOptions, terminal: Terminal): void {
  const { httpUrl, mqttUrl, peerUrl, origin, ledgerId, fault } = alliance;
  answer(terminal, options, {
    value: { httpUrl, mqttUrl, peerUrl, origin, ledgerId, fault },
    lines: [
      `Truegrain member of ${origin}`,
      `  HTTP   ${httpUrl}`,
      `  MQTT   ${mqttUrl}`,
      `  peers  ${peerUrl}`,
      `  ${fault}`,
    ],
  });
}
