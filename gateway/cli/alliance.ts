import type { Command } from 'commander';
import { addEngineCommand } from './alliance-engine.ts';
import { addAllianceInit } from './alliance-init.ts';
import { addAllianceInvite } from './alliance-invite.ts';
import { addAllianceJoin } from './alliance-join.ts';
import { type SignFileOptions, signFounding } from './alliance-sign.ts';
import { addAllianceStart } from './alliance-start.ts';
import { withPlace } from './place.ts';
import type { Cli } from './terminal.ts';

/** `truegrain alliance …`: founding in files, changes through the own running gateway. */
export function addAlliance(program: Command, cli: Cli): void {
  const alliance = program
    .command('alliance')
    .description('a ledger that several organisations keep and each checks');
  addAllianceInit(alliance, cli);
  addAllianceInvite(alliance, cli);
  withPlace(alliance.command('sign'))
    .description('read and sign: a founding file')
    .argument('<what...>', 'founding file, or copies of it to merge')
    .option('--out <file>', 'where to write (default: the first file)')
    .option('--yes', 'sign without asking')
    .option('--json', 'one line of JSON')
    .action((what: string[], options: SignFileOptions) => signFounding(what, options, cli));
  addAllianceJoin(alliance, cli);
  addAllianceStart(alliance, cli);
  addEngineCommand(alliance, cli);
}
