import type { Command } from 'commander';
import { type Finding, type FsckReport, fsck } from '../log/fsck.ts';
import { askPeers } from './fsck-peers.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { Progress } from './progress.ts';
import { answer, type Cli, EXIT } from './terminal.ts';

interface FsckCommandOptions extends PlaceOptions {
  quick?: boolean;
  peers?: boolean;
  progress: boolean;
  json?: boolean;
}

export function addFsck(program: Command, cli: Cli): void {
  withPlace(program.command('fsck'))
    .description('check a store against itself and what was signed; the gateway may be running')
    .option('--quick', 'skip device signatures, contents and database pages')
    .option('--peers', 'alliance: hold what the other members show against this store as well')
    .option('--no-progress', 'no progress bar')
    .option('--json', 'the report as one line of JSON')
    .action((options: FsckCommandOptions) => runFsck(options, cli));
}

async function runFsck(options: FsckCommandOptions, { terminal, exit }: Cli): Promise<void> {
  const place = placeOf(options, terminal);
  const { folder, tipCopies } = place;
  const progress = new Progress(terminal, options.progress);
  const report = fsck(folder.root, {
    full: !options.quick,
    tipCopies,
    onProgress: ({ phase, done, total }) => progress.report(phase, done, total),
  });
  progress.end();
  if (options.peers) {
    const found = await askPeers(place);
    report.findings.push(...found);
    report.ok &&= found.every(({ severity }) => severity !== 'error');
  }
  answer(terminal, options, { value: report, lines: linesOf(report) });
  if (!report.ok) exit(EXIT.unsound);
}

function linesOf(report: FsckReport): string[] {
  const { file, size, statements, batches, governance, contents, checkpointSize, root } = report;
  const parts = `${statements} device statements, ${batches} batches, ${governance} governance`;
  const sound = report.full ? 'sound' : 'sound as far as --quick looks';
  return [
    ...report.findings.map(lineOf),
    ...report.advice.map((line) => `advice: ${line}`),
    `${file}: ${size} entries (${parts}), ${contents} contents`,
    `root ${root ?? 'unknown'}, signed up to ${checkpointSize ?? 'nothing yet'}`,
    `${report.seconds.toFixed(1)} s, ${report.statementsPerSecond} statements/s`,
    report.ok ? sound : 'NOT SOUND',
  ];
}

function lineOf({ severity, code, where, leafIndex, text, canBeRebuilt }: Finding): string {
  const leaf = leafIndex === null ? '' : ` leaf ${leafIndex}`;
  const rebuilt = canBeRebuilt ? ' [reindex rebuilds it]' : '';
  return `${severity} ${code}: ${where}${leaf}: ${text}${rebuilt}`;
}
