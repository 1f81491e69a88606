// The gateway as a program of its own: the same as `truegrain start`.
import { processTerminal } from './cli/process-terminal.ts';
import { runCli } from './cli/program.ts';

process.exitCode = await runCli(['start', ...process.argv.slice(2)], processTerminal());
