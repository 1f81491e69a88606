import { existsSync } from 'node:fs';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership.js';
import { formatPolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import type { Command } from 'commander';
import { outsideWitnessKeys } from '../alliance/outside-witnesses.ts';
import { LedgerStore } from '../ledger/ledger-store.ts';
import { openDatabase } from '../store/database.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

export function addPolicy(program: Command, cli: Cli): void {
  withPlace(program.command('policy'))
    .description(
      'print the C2SP tlog-policy of this ledger’s present members: what an auditor pins',
    )
    .option('--json', 'with origin and ledger id, as one line of JSON')
    .action((options: PlaceOptions & { json?: boolean }) => runPolicy(options, cli));
}

function runPolicy(options: PlaceOptions & { json?: boolean }, { terminal }: Cli): void {
  const { folder, config } = placeOf(options, terminal);
  const { ledger } = folder;
  if (!existsSync(ledger)) throw new CliError(EXIT.local, `${ledger} does not exist`);
  const db = openDatabase(ledger, { readonly: true });
  try {
    const { membership, ledgerId } = new LedgerStore(db).loadState();
    if (!membership || !ledgerId) throw new CliError(EXIT.local, `${ledger} holds no charter`);
    const origin = `${membership.ledgerName}/${toHex(ledgerId)}`;
    const members = policyOfMembership(membership, origin);
    // Named so that their lines are checked; the charter's quorum counts members alone.
    const outside = outsideWitnessKeys(config?.alliance?.witnesses ?? []);
    const policy = formatPolicy({ ...members, witnesses: [...members.witnesses, ...outside] });
    answer(terminal, options, {
      value: { origin, ledgerId: toHex(ledgerId), policy },
      lines: policy.trimEnd().split('\n'),
    });
  } finally {
    db.close();
  }
}
