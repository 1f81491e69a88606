#!/usr/bin/env -S node --max-semi-space-size=64 --no-parallel-scavenge
// A larger nursery: a busy gateway makes short-lived garbage, and sweeping it often costs a sixth of its CPU.
// Swept by one thread: its helpers wait for one another where the checking threads have every core.
import { processTerminal } from './process-terminal.ts';
import { runCli } from './program.ts';

process.exitCode = await runCli(process.argv.slice(2), processTerminal());
