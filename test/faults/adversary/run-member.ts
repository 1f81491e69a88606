// `truegrain alliance start` from the sources, for a member of which one thing is not as it should be.
import { processTerminal } from '../../../gateway/cli/process-terminal.ts';
import { runCli } from '../../../gateway/cli/program.ts';

export async function runMember(): Promise<void> {
  process.exitCode = await runCli(process.argv.slice(2), processTerminal());
}
