import type { Command } from 'commander';
import { ENGINE_VERSION, findEngine } from '../ledger/cometbft/engine-binary.ts';
import { buildEngine } from '../ledger/cometbft/engine-build.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

export function addEngineCommand(alliance: Command, cli: Cli): void {
  alliance
    .command('engine')
    .description(`find the consensus engine, CometBFT v${ENGINE_VERSION}, or build it with Go`)
    .option('--json', 'one line of JSON')
    .action((options: { json?: boolean }) => engine(options, cli));
}

async function engine(options: { json?: boolean }, { terminal }: Cli): Promise<void> {
  const { env, stderr } = terminal;
  const found = await findEngine(env);
  // A file that the environment names is taken or refused, never passed over.
  if (!found.ok && env['TRUEGRAIN_COMETBFT']) {
    throw new CliError(EXIT.local, found.detail);
  }
  const onProgress = (line: string) => stderr.write(`${line}\n`);
  const file = found.ok ? found : await buildEngine({ env, onProgress });
  if (!file.ok) throw new CliError(EXIT.local, file.detail);
  answer(terminal, options, {
    value: { file: file.value, version: ENGINE_VERSION },
    lines: [`${file.value}  CometBFT v${ENGINE_VERSION}`],
  });
}
