import type { Command } from 'commander';
import { type Cli, print } from './terminal.ts';
import { runVerify } from './verify.ts';

export function addVerify(program: Command, { terminal, exit }: Cli): void {
  program
    .command('verify')
    .description('check an evidence file offline; exit 3 without --policy or --ledger')
    .argument('<file>', 'a .tgev file')
    .option('--policy <file>', 'C2SP tlog-policy: the keys you trust')
    .option('--ledger <id>', 'the ledger id you trust')
    .option('--json', 'the report as one line of JSON')
    .action((file: string, options: { policy?: string; ledger?: string; json?: boolean }) => {
      exit(runVerify({ file, ...options }, (line) => print(terminal, line)));
    });
}
