import type { Command } from 'commander';
import { ENGINE_VERSION, findEngine } from '../ledger/cometbft/engine-binary.ts';
import { buildEngine } from '../ledger/cometbft/engine-build.ts';
import { type Cli, CliError, EXIT, print } from './terminal.ts';

export function addEngineCommand(alliance: Command, cli: Cli): void {
  alliance
    .command('engine')
    .description(`find the consensus engine, CometBFT v${ENGINE_VERSION}, or build it with Go`)
    .action(() => engine(cli));
}

async function engine({ terminal }: Cli): Promise<void> {
  const env = process.env;
  const found = await findEngine(env);
  if (found.ok) {
    print(terminal, found.value);
    return;
  }
  terminal.stderr.write(`${found.detail}\nbuilding it; this takes a few minutes\n`);
  const built = await buildEngine({
    env,
    onProgress: (line) => terminal.stderr.write(`  ${line}\n`),
  });
  if (!built.ok) throw new CliError(EXIT.local, built.detail);
  print(terminal, built.value);
}
