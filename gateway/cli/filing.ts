import type { Command } from 'commander';
import { filingPage } from '../filing/filing-page.ts';
import type { FilingSheet } from '../http/filing-backend.ts';
import {
  type PersonOptions,
  personOf,
  type SayOptions,
  sayLaw,
  withPerson,
  withSaying,
} from './law-said.ts';
import { type OwnGatewayOptions, ownGateway, timeWords, withOwnGateway } from './own-gateway.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

/** `truegrain filing …`: what an authority is told of this service, and the number it gave. */
export function addFiling(program: Command, cli: Cli): void {
  const filing = program.command('filing').description('filing of the service with an authority');
  withOwnGateway(filing.command('sheet'))
    .description('the data sheet: operator, nodes, persons, rules, changes; from the log')
    .option('--html', 'one page to print')
    .option('--since <leaf>', 'changes after this leaf alone')
    .action((options: SheetOptions) => sheet(options, cli));
  addRecord(filing, cli);
}

interface SheetOptions extends OwnGatewayOptions {
  html?: boolean;
  since?: string;
}

async function sheet(options: SheetOptions, { terminal }: Cli): Promise<void> {
  if (options.html && options.json) {
    throw new CliError(EXIT.usage, '--html and --json: the sheet is one of them');
  }
  const { since } = options;
  if (since !== undefined && !/^\d{1,15}$/.test(since)) {
    throw new CliError(EXIT.usage, `--since ${since} is no leaf: a whole number`);
  }
  const path = since === undefined ? '/v1/filing' : `/v1/filing?since=${since}`;
  const made = (await ownGateway(options, terminal).get(path)) as FilingSheet;
  const lines = options.html ? filingPage(made).trimEnd().split('\n') : sheetLines(made);
  answer(terminal, options, { value: made, lines });
}

function sheetLines(made: FilingSheet): string[] {
  const { service, operator, nodes, persons, rules, filings, changes, notes } = made;
  const since = changes.sinceLeaf === null ? 'the charter' : `leaf ${changes.sinceLeaf}`;
  return [
    `${service.ledger}: ${service.purpose}`,
    `  ledger id  ${service.ledgerId}`,
    `  operator   ${operator === null ? 'no member' : `${operator.name} (${operator.iss})`}`,
    `  state      ${service.size} leaves`,
    ...filings.map(
      ({ number, authority, status }) => `  filing     ${number}, ${authority}, ${status}`,
    ),
    'Nodes:',
    ...nodes.map(({ name, iss, kind }) => `  ${name} (${iss}), ${kind}`),
    'Responsible:',
    ...persons.map(({ name, organisation, contact, answersFor }) => {
      return `  ${name}, ${organisation}, ${contact}: ${answersFor.join(', ')}`;
    }),
    'Rules:',
    ...rules.map(({ rule, title, status }) => `  ${rule}  ${title} (${status})`),
    `Changes since ${since}:`,
    ...changes.entries.map(({ leafIndex, timeMs, text }) => {
      return `  leaf ${leafIndex}${timeMs === null ? '' : `, ${timeWords(timeMs)}`}: ${text}`;
    }),
    ...notes,
  ];
}

interface RecordOptions extends SayOptions, PersonOptions {
  number: string;
  authority: string;
  service: string;
  filed: string;
  link?: string;
  ended?: boolean;
}

function addRecord(filing: Command, cli: Cli): void {
  withPerson(withSaying(filing.command('record')), 'who answers for the filing')
    .description('record the number that an authority gave; every public page shows it')
    .requiredOption('--number <text>', 'as the authority gave it out')
    .requiredOption('--authority <text>', 'which authority')
    .requiredOption('--service <text>', 'name of the service that is filed')
    .requiredOption('--filed <date>', 'day of the filing: YYYY-MM-DD')
    .option('--link <url>', 'https address where the public looks it up')
    .option('--ended', 'it is in force no more')
    .action((options: RecordOptions) => record(options, cli));
}

async function record(options: RecordOptions, cli: Cli): Promise<void> {
  const { number, authority, service, link, ended } = options;
  const status = ended ? 'ended' : 'in force';
  const filedMs = dayMs(options.filed);
  const responsible = personOf(options);
  if (link !== undefined && !/^https:\/\/[!-~]+$/.test(link)) {
    throw new CliError(EXIT.usage, `--link ${link} is no https address`);
  }
  await sayLaw(
    '/v1/law/filings',
    { service, authority, number, filedMs, url: link ?? null, responsible, status },
    {
      options,
      lines: [
        `Filing ${number} with ${authority}, of ${options.filed}: ${status}.`,
        `Service: ${service}`,
        `Responsible: ${responsible.name}, ${responsible.organisation}, ${responsible.contact}`,
      ],
      cli,
    },
  );
}

/** Its beginning, UTC; a day that is none, such as 30 February, is refused. */
function dayMs(day: string): number {
  const timeMs = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  const isDay = Number.isFinite(timeMs) && new Date(timeMs).toISOString().startsWith(day);
  if (isDay && timeMs >= 0) return timeMs;
  throw new CliError(EXIT.usage, `--filed ${day} is no day: YYYY-MM-DD`);
}
