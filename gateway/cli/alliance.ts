import type { Command } from 'commander';
import { type AnswerOptions, addAllianceAnswers, answerProposal } from './alliance-answer.ts';
import { addEngineCommand } from './alliance-engine.ts';
import { addAllianceGateway } from './alliance-gateway.ts';
import { addAllianceGrant } from './alliance-grant.ts';
import { addAllianceInit } from './alliance-init.ts';
import { addAllianceInvite } from './alliance-invite.ts';
import { addAllianceJoin } from './alliance-join.ts';
import { addAlliancePropose } from './alliance-propose.ts';
import { addAllianceRejoin } from './alliance-rejoin.ts';
import { type SignFileOptions, signFounding } from './alliance-sign.ts';
import { addAllianceStart } from './alliance-start.ts';
import { addAllianceStatus } from './alliance-status.ts';
import { withOwnGateway } from './own-gateway.ts';
import type { Cli } from './terminal.ts';

/** `truegrain alliance …`: founding in files, changes through the own running gateway. */
export function addAlliance(program: Command, cli: Cli): void {
  const alliance = program
    .command('alliance')
    .description('a ledger that several organisations keep and each checks');
  alliance.commandsGroup('In files, before the gateway runs:');
  for (const add of [addAllianceInit, addAllianceInvite, addSign, addAllianceJoin])
    add(alliance, cli);
  alliance.commandsGroup('Running this member:');
  for (const add of [
    addAllianceStart,
    addEngineCommand,
    addAllianceStatus,
    addAllianceRejoin,
    addAllianceGateway,
  ])
    add(alliance, cli);
  alliance.commandsGroup('Changes, through the own running gateway:');
  for (const add of [addAlliancePropose, addAllianceAnswers]) add(alliance, cli);
  addAllianceGrant(alliance, cli);
}

const PROPOSAL_ID = /^[0-9a-f]{64}$/;

function addSign(alliance: Command, cli: Cli): void {
  withOwnGateway(alliance.command('sign'))
    .description('read and sign: a founding file, or an open proposal')
    .argument('<what...>', 'founding file (copies are merged), or id of a proposal')
    .option('--out <file>', 'founding file: where to write (default: the first one)')
    .option('--reject', 'proposal: reject it')
    .option('--reason <text>', 'proposal: why; stands in the log')
    .option('--yes', 'sign without asking')
    .action((what: string[], options: SignFileOptions & AnswerOptions) => {
      const [id] = what;
      return what.length === 1 && id !== undefined && PROPOSAL_ID.test(id)
        ? answerProposal(id, options, cli)
        : signFounding(what, options, cli);
    });
}
