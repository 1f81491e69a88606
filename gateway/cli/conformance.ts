import { writeFileSync } from 'node:fs';
import { fromHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Command } from 'commander';
import { nativeVerify, useNodeCrypto } from '../admit/native-verify.ts';
import { htmlOf } from '../conformance/html.ts';
import { inspect } from '../conformance/inspect.ts';
import type { LedgerSource } from '../conformance/ledger-source.ts';
import { HEADLINE, printConformance } from '../conformance/print.ts';
import { type ConformanceReport, reportOf } from '../conformance/report.ts';
import { GatewaySource } from '../conformance/sources/gateway-source.ts';
import { openSource } from '../conformance/sources/open-source.ts';
import { ScittSource } from '../conformance/sources/scitt-source.ts';
import { readState, writeState } from '../conformance/state-file.ts';
import type { Trust } from '../conformance/view.ts';
import { URL_DEFAULT } from './gateway-client.ts';
import { readPolicy } from './policy-file.ts';
import { type Cli, CliError, EXIT, print } from './terminal.ts';

/** Documented in README.md beside this file. */
const CONFORMANCE_EXIT = {
  'alliance chain': EXIT.ok,
  'pseudo-chain': EXIT.unsound,
  'private chain': 3,
  undecided: EXIT.gateway,
} as const;

interface ConformanceOptions {
  policy?: string;
  ledger?: string;
  scitt?: boolean;
  token?: string;
  peer?: string[];
  members: boolean;
  state?: string;
  json?: boolean;
  html?: boolean;
  out?: string;
}

export function addConformance(program: Command, cli: Cli): void {
  program
    .command('conformance')
    .description('say whether a ledger is an alliance chain, a private chain or a pseudo-chain')
    .argument('[place]', 'URL of a gateway, tile log or SCITT service, or a folder', URL_DEFAULT)
    .option('--policy <file>', 'C2SP tlog-policy: the keys you trust')
    .option('--ledger <id>', 'the ledger id you trust; keys and quorum then come from its charter')
    .option('--scitt', 'a SCITT service, of which no key is known beforehand: trusts nothing')
    .option('--peer <url>', 'another place of the same ledger; again for more', collect)
    .option('--no-members', 'do not ask the members’ own places')
    .option('--token <token>', 'bearer token for the place itself, which shows more')
    .option('--state <file>', 'keeps the checkpoint, to compare the next run with')
    .option('--json', 'the report as one line of JSON')
    .option('--html', 'the report as one page')
    .option('--out <file>', 'write the report there and print the verdict alone')
    .action((place: string, options: ConformanceOptions) => conformance(place, options, cli));
}

function collect(value: string, earlier: readonly string[] = []): string[] {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) {
    throw new CliError(EXIT.usage, `--peer ${value} is not an http URL`);
  }
  return [...earlier, value];
}

async function conformance(place: string, options: ConformanceOptions, cli: Cli): Promise<void> {
  const { exit } = cli;
  const trust = trustOf(options);
  const earlier = options.state === undefined ? null : readState(options.state);
  useNodeCrypto();
  const source = await sourceAt(place, options);
  try {
    const open = (url: string) => new GatewaySource(url);
    const { peer: peers = [], members: asksMembers } = options;
    const given = { source, trust, native: nativeVerify, peers, asksMembers, earlier, open };
    const view = await inspect(given);
    const report = reportOf(view, new Date());
    if (options.state !== undefined) writeState(options.state, view, report);
    tell(report, options, cli);
    exit(CONFORMANCE_EXIT[report.verdict]);
  } finally {
    source.close();
  }
}

async function sourceAt(place: string, options: ConformanceOptions): Promise<LedgerSource> {
  const { token, scitt } = options;
  if (scitt) {
    if (!URL.canParse(place)) throw new CliError(EXIT.usage, `${place} is not a URL`);
    const service = new ScittSource(place, { token });
    const keys = await service.keys();
    if (keys.seen) return service;
    throw new CliError(EXIT.gateway, `${place} is no SCITT service: ${keys.detail}`);
  }
  const opened = await openSource(place, { token });
  if (opened.seen) return opened.value;
  const isUrl = /^https?:\/\//i.test(place);
  throw new CliError(isUrl ? EXIT.gateway : EXIT.usage, opened.detail);
}

function tell(report: ConformanceReport, options: ConformanceOptions, { terminal }: Cli): void {
  const { json, html, out } = options;
  const text = textOf(report, { json, html });
  if (out === undefined) {
    terminal.stdout.write(text);
    return;
  }
  writeFileSync(out, text);
  const { verdict } = report;
  print(terminal, json ? JSON.stringify({ verdict, file: out }) : `${HEADLINE[verdict]} (${out})`);
}

function textOf(
  report: ConformanceReport,
  { json, html }: { json?: boolean | undefined; html?: boolean | undefined },
): string {
  if (html) return htmlOf(report);
  if (json) return `${JSON.stringify(report)}\n`;
  const lines: string[] = [];
  printConformance(report, (line) => lines.push(line));
  return `${lines.join('\n')}\n`;
}

/** Without something to hold it against, any ledger is what it says it is. */
function trustOf({ policy, ledger, scitt, json, html }: ConformanceOptions): Trust {
  if (json && html) throw new CliError(EXIT.usage, 'one form of report: --json or --html');
  const isNamed = policy !== undefined || ledger !== undefined;
  if (scitt && isNamed) {
    throw new CliError(EXIT.usage, '--scitt has no policy and no ledger id: it trusts nothing');
  }
  if (!isNamed && !scitt) {
    const help =
      '--policy FILE trusts the keys in it (`truegrain policy` prints one; get it by another way ' +
      'than the ledger itself), --ledger ID trusts a charter and the keys it names';
    throw new CliError(EXIT.usage, `whom do you trust? ${help}`);
  }
  return {
    policy: policy === undefined ? null : readPolicy(policy),
    ledgerId: ledger === undefined ? null : readLedgerId(ledger),
  };
}

/** The id alone, or the log's origin, which ends in it. */
function readLedgerId(text: string): Uint8Array {
  const id = fromHex(text.slice(text.lastIndexOf('/') + 1));
  if (id?.length === 32) return id;
  const shown = text.slice(0, 100);
  throw new CliError(EXIT.usage, `a ledger id is 64 lower-case hexadecimal digits, not ${shown}`);
}
