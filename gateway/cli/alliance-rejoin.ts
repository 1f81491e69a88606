import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { forgetLedger } from '../alliance/rejoin.ts';
import { engineHome } from '../ledger/cometbft/engine-home.ts';
import { consent } from './consent.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { answer, type Cli, CliError, EXIT, print } from './terminal.ts';

export function addAllianceRejoin(alliance: Command, cli: Cli): void {
  withPlace(alliance.command('rejoin'))
    .description(
      'forget this member’s copy of the ledger; the next start takes it from the others. Stop the gateway first',
    )
    .option('--yes', 'without asking')
    .option('--json', 'one line of JSON')
    .action((options: PlaceOptions & { yes?: boolean; json?: boolean }) => rejoin(options, cli));
}

async function rejoin(
  options: PlaceOptions & { yes?: boolean; json?: boolean },
  { terminal }: Cli,
): Promise<void> {
  const { folder } = placeOf(options, terminal);
  if (!existsSync(folder.founding) || !existsSync(folder.ledger)) {
    throw new CliError(EXIT.local, `${folder.root} is no member of a running alliance`);
  }
  const home = engineHome(folder.engine);
  if (!home.ok) throw new CliError(EXIT.local, home.detail);
  if (!options.json) {
    print(terminal, 'Keep a copy of this folder where the ledger in it may be evidence.');
    print(terminal, 'Keys, credentials, accepted frames and contents stay.');
  }
  await consent(terminal, { yes: options.yes, question: 'Forget the ledger in this folder?' });
  forgetLedger(folder, home.value);
  answer(terminal, options, {
    value: { folder: folder.root },
    lines: ['next    truegrain alliance start'],
  });
}
