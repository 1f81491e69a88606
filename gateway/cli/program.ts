import { Command } from 'commander';
import { addAlliance } from './alliance.ts';
import { addBackup } from './backup.ts';
import { addCharter } from './charter.ts';
import { addConformance } from './conformance.ts';
import { addDevice } from './device.ts';
import { addEvidence } from './evidence.ts';
import { addExamine } from './examine.ts';
import { addExport } from './export.ts';
import { reportFailure } from './failure.ts';
import { addFiling } from './filing.ts';
import { addFsck } from './fsck.ts';
import { addInit } from './init.ts';
import { addGrant } from './inspect.ts';
import { addKey } from './key.ts';
import { addLawEvidence } from './law-evidence.ts';
import { addOrder } from './order.ts';
import { addPolicy } from './policy.ts';
import { addProfile } from './profile.ts';
import { addReindex } from './reindex.ts';
import { addRestore } from './restore.ts';
import { addRule } from './rule.ts';
import { addStart } from './start.ts';
import { type Cli, EXIT, type Terminal } from './terminal.ts';
import { addToken } from './token.ts';
import { addVerify } from './verify-command.ts';
import { addWatch } from './watch.ts';

const IN_FOLDER = 'On the data folder, with no gateway needed:';
const TOGETHER = 'With other organisations:';
const LAW = 'The law of the chain, through the own running gateway:';
const BY_HTTP = 'Through a running gateway (--url, --token):';
const FROM_OUTSIDE = 'From outside, on any ledger:';
const ALONE = 'On files alone:';

/** Runs one command line; resolves with its exit code and never throws. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.ok;
  const cli: Cli = {
    terminal,
    exit: (code) => {
      exitCode = code;
    },
  };
  try {
    await programOf(cli).parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportFailure(error, terminal);
  }
}

function programOf(cli: Cli): Command {
  const { stdout, stderr } = cli.terminal;
  const program = new Command('truegrain')
    .description('A ledger of measured facts: found it, run it, check it, keep it')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'truegrain: ')),
    });
  program.commandsGroup(IN_FOLDER);
  for (const add of [addInit, addStart, addFsck, addReindex, addBackup, addRestore])
    add(program, cli);
  for (const add of [addPolicy, addToken]) add(program, cli);
  program.commandsGroup(TOGETHER);
  addAlliance(program, cli);
  program.commandsGroup(LAW);
  for (const add of [addCharter, addRule, addProfile, addOrder, addGrant, addLawEvidence])
    add(program, cli);
  for (const add of [addFiling, addExamine]) add(program, cli);
  program.commandsGroup(BY_HTTP);
  for (const add of [addDevice, addEvidence]) add(program, cli);
  addExport(program, cli);
  program.commandsGroup(FROM_OUTSIDE);
  for (const add of [addConformance, addWatch]) add(program, cli);
  program.commandsGroup(ALONE);
  for (const add of [addVerify, addKey]) add(program, cli);
  return program;
}
