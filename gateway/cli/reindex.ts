import type { Command } from 'commander';
import { reindex } from '../log/reindex.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { Progress } from './progress.ts';
import { answer, type Cli } from './terminal.ts';

interface ReindexCommandOptions extends PlaceOptions {
  dropUnreadable?: boolean;
  progress: boolean;
  json?: boolean;
}

export function addReindex(program: Command, cli: Cli): void {
  withPlace(program.command('reindex'))
    .description(
      'rebuild tree, state and read model from the entries alone; stop the gateway first',
    )
    .option(
      '--drop-unreadable',
      'leave rows of contents and local tables behind that can not be read',
    )
    .option('--no-progress', 'no progress bar')
    .option('--json', 'one line of JSON')
    .action((options: ReindexCommandOptions) => runReindex(options, cli));
}

function runReindex(options: ReindexCommandOptions, { terminal }: Cli): void {
  const { folder, tipCopies } = placeOf(options, terminal);
  const progress = new Progress(terminal, options.progress);
  try {
    const report = reindex(folder.root, {
      tipCopies,
      dropUnreadable: options.dropUnreadable ?? false,
      onProgress: ({ done, total }) => progress.report('entries', done, total),
    });
    progress.end();
    const { size, root, seconds, dropped } = report;
    answer(terminal, options, {
      value: report,
      lines: [
        `${folder.ledger}: rebuilt from ${size} entries in ${seconds.toFixed(1)} s, root ${root}`,
        ...dropped.map((table) => `unreadable rows of table ${table} were left behind`),
      ],
    });
  } finally {
    progress.end();
  }
}
