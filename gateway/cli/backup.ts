import type { Command } from 'commander';
import { backup } from '../store/backup.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { Progress } from './progress.ts';
import { answer, type Cli } from './terminal.ts';

interface BackupCommandOptions extends PlaceOptions {
  keys?: boolean;
  progress: boolean;
  json?: boolean;
}

export function addBackup(program: Command, cli: Cli): void {
  withPlace(program.command('backup'))
    .description('copy the store, as it is at one instant; the gateway may be running')
    .argument('<folder>', 'a new folder')
    .option('--keys', 'with the secret keys: whoever has them is this member')
    .option('--no-progress', 'no progress bar')
    .option('--json', 'the manifest as one line of JSON')
    .action((target: string, options: BackupCommandOptions) => runBackup(target, options, cli));
}

async function runBackup(
  target: string,
  options: BackupCommandOptions,
  { terminal }: Cli,
): Promise<void> {
  const { folder } = placeOf(options, terminal);
  const progress = new Progress(terminal, options.progress);
  try {
    const manifest = await backup(folder.root, target, {
      withKeys: options.keys ?? false,
      onProgress: ({ done, total }) => progress.report('pages', done, total),
    });
    progress.end();
    const { size, files, root } = manifest;
    answer(terminal, options, {
      value: manifest,
      lines: [
        `${target}: ${size} entries, ${files.length} files, root ${root}`,
        ...(options.keys ? [] : ['Without the secret keys (--keys); keep those elsewhere.']),
      ],
    });
  } finally {
    progress.end();
  }
}
