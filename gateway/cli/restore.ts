import type { Command } from 'commander';
import { restore } from '../store/restore.ts';
import { type PlaceOptions, placeOf, signedSize, withPlace } from './place.ts';
import { answer, type Cli } from './terminal.ts';

interface RestoreCommandOptions extends PlaceOptions {
  force?: boolean;
  json?: boolean;
}

export function addRestore(program: Command, cli: Cli): void {
  withPlace(program.command('restore'))
    .description('put a backup in the data folder; the signed tip is never touched')
    .argument('<backup>', 'a folder that `backup` made')
    .option('--force', 'replace the store that is there')
    .option('--json', 'one line of JSON')
    .action((from: string, options: RestoreCommandOptions) => runRestore(from, options, cli));
}

function runRestore(from: string, options: RestoreCommandOptions, { terminal }: Cli): void {
  const place = placeOf(options, terminal);
  const report = restore(from, place.folder.root, {
    force: options.force ?? false,
    signedSize: signedSize(place),
  });
  answer(terminal, options, { value: report, lines: report.explanation });
}
