import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { ProposalView } from '../http/alliance-backend.ts';
import { type ProposeOptions, proposeChange, type SaidJson } from './alliance-propose.ts';
import { consent, preview } from './consent.ts';
import {
  allianceOf,
  type OwnGatewayOptions,
  ownGateway,
  type ShownAlliance,
  timeWords,
  whoIs,
  withOwnGateway,
} from './own-gateway.ts';
import { placeOf } from './place.ts';
import { trialLines, tried } from './rule-test.ts';
import { answer, type Cli, CliError, EXIT, print } from './terminal.ts';

/** A person waits for it; `rule test` has no such bound. */
const TRIED_BEFORE_SIGNING_MAX = 100_000;

export interface Consented extends OwnGatewayOptions {
  yes?: boolean;
}

export interface AnswerOptions extends Consented {
  reject?: boolean;
  reason?: string;
}

export function addAllianceAnswers(alliance: Command, cli: Cli): void {
  withOwnGateway(alliance.command('except'))
    .description('name a member that has not answered a proposal within the term')
    .argument('<proposal>', 'id of the proposal')
    .argument('<iss>', 'URI of the silent member')
    .option('--yes', 'sign without asking')
    .action((id: string, member: string, options: Consented) => except(id, member, options, cli));
  withOwnGateway(alliance.command('leave'))
    .description('give notice, or once its term is over, leave')
    .option('--reason <text>', 'why; stands in the log', 'leaves')
    .option('--yes', 'sign without asking')
    .action((options: ProposeOptions) => leave(options, cli));
}

export async function answerProposal(id: string, options: AnswerOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const client = ownGateway(options, terminal);
  const alliance = await allianceOf(client);
  const open = proposalOf(alliance, id);
  const { reject = false, yes, reason = '' } = options;
  preview(terminal, options, proposalLines(alliance, open));
  if (open.rules.length > 0) preview(terminal, options, await pastLines(open, options, cli));
  await consent(terminal, { yes, question: reject ? 'Reject this?' : 'Sign this?' });
  // What was shown is what is signed: the gateway can't exchange it in between.
  const { textDigest } = open;
  const body = { answer: reject ? 'reject' : 'approve', reason, textDigest };
  const said = (await client.post(`/v1/alliance/proposals/${id}/answers`, body)) as SaidJson;
  answer(terminal, options, { value: { ...said, preview: open.preview }, lines: said.lines });
}

/** What the rules would have said of the statements that this member holds. */
async function pastLines(
  { rules }: ProposalView,
  options: AnswerOptions,
  cli: Cli,
): Promise<string[]> {
  const { folder } = placeOf(options, cli.terminal);
  if (!existsSync(folder.ledger)) return ['No store here: these rules are not tried on the past.'];
  const last = String(TRIED_BEFORE_SIGNING_MAX);
  return trialLines(await tried(rules, folder.ledger, { last }, cli));
}

async function except(
  id: string,
  member: string,
  options: Consented,
  { terminal }: Cli,
): Promise<void> {
  const client = ownGateway(options, terminal);
  const alliance = await allianceOf(client);
  const open = proposalOf(alliance, id);
  preview(terminal, options, [
    ...proposalLines(alliance, open),
    `You state that ${whoIs(alliance, member)} has been silent since ${timeWords(open.logTimeMs)}.`,
    'Two thirds of the other evidenced organisations and every regulator must state it; the change',
    'then holds without it, and the exception stays on record.',
  ]);
  await consent(terminal, { yes: options.yes, question: 'Sign this?' });
  const path = `/v1/alliance/proposals/${id}/exceptions`;
  const said = (await client.post(path, { member })) as SaidJson;
  answer(terminal, options, { value: said, lines: said.lines });
}

/** First the notice, which all may sign at once; after its term, the departure that needs nobody. */
async function leave(options: ProposeOptions, cli: Cli): Promise<void> {
  const { terminal } = cli;
  const client = ownGateway(options, terminal);
  const alliance = await allianceOf(client);
  const notice = alliance.proposals.find(({ kind, by }) => kind === 'exit' && by === alliance.self);
  if (!notice) return proposeChange({ kind: 'exit' }, options, cli);
  const dueMs = notice.departureMs ?? 0;
  preview(terminal, options, proposalLines(alliance, notice));
  if (Date.now() < dueMs && alliance.logTimeMs < dueMs) {
    const line = `Notice given; the others can still sign it. You go alone from ${timeWords(dueMs)} on.`;
    if (options.json) answer(terminal, options, { value: { notice }, lines: [] });
    else print(terminal, line);
    return;
  }
  preview(terminal, options, ['The notice term is over: you leave now, recorded as an exception.']);
  await consent(terminal, { yes: options.yes, question: 'Leave?' });
  const path = `/v1/alliance/proposals/${notice.id}/departure`;
  const said = (await client.post(path, {})) as SaidJson;
  answer(terminal, options, { value: said, lines: said.lines });
}

function proposalOf({ proposals }: ShownAlliance, id: string): ProposalView {
  const found = proposals.find((open) => open.id === id);
  if (found) return found;
  throw new CliError(EXIT.usage, `${id} is no open proposal; see \`truegrain alliance status\``);
}

export function proposalLines(alliance: ShownAlliance, open: ProposalView): string[] {
  const { awaited, excepted, approvedBy } = open;
  return [
    `Proposed by ${whoIs(alliance, open.by)} at ${timeWords(open.logTimeMs)}, leaf ${open.leafIndex}:`,
    ...open.preview.map((line) => `  ${line}`),
    `  Signed by: ${approvedBy.map((iss) => whoIs(alliance, iss)).join(', ')}`,
    ...excepted.map(
      ({ member, by }) =>
        `  Named silent: ${whoIs(alliance, member)}, by ${by.map((iss) => whoIs(alliance, iss)).join(', ')}`,
    ),
    ...(awaited.length > 0 && open.closed === null
      ? [`  Who is silent may be named from ${timeWords(open.answerDueMs)} (log time).`]
      : []),
    ...(open.departureMs === null
      ? []
      : [`  The leaver may go alone from ${timeWords(open.departureMs)} (log time).`]),
  ];
}
