import type { Command } from 'commander';
import { addEngineCommand } from './alliance-engine.ts';
import { addFoundingCommands, signFounding } from './alliance-found.ts';
import { addAllianceStart } from './alliance-start.ts';
import { type PlaceOptions, withPlace } from './place.ts';
import type { Cli } from './terminal.ts';

/** `truegrain alliance …`: founding in files, changes through the own running gateway. */
export function addAlliance(program: Command, cli: Cli): void {
  const alliance = program
    .command('alliance')
    .description('a ledger that several organisations keep and each checks');
  addFoundingCommands(alliance, cli);
  withPlace(alliance.command('sign'))
    .description('read and sign: a founding file')
    .argument('<what...>', 'founding file, or copies of it to merge')
    .option('--out <file>', 'where to write (default: the first file)')
    .option('--yes', 'signed as read')
    .action((what: string[], options: PlaceOptions & { out?: string; yes?: boolean }) =>
      signFounding(what, options, cli),
    );
  addAllianceStart(alliance, cli);
  addEngineCommand(alliance, cli);
}
