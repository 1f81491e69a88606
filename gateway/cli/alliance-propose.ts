import { toBase64Url } from '@truegrain/device-sdk/formats/bytes.js';
import type { Command } from 'commander';
import { useNodeCrypto } from '../admit/native-verify.ts';
import { readCard } from './alliance-files.ts';
import { keyChangeOf } from './alliance-key-change.ts';
import { consent, preview } from './consent.ts';
import { readJson } from './json-file.ts';
import { type OwnGatewayOptions, ownGateway, withOwnGateway } from './own-gateway.ts';
import { readRuleFile } from './rule-file.ts';
import { answer, type Cli } from './terminal.ts';

export interface ProposeOptions extends OwnGatewayOptions {
  reason: string;
  yes?: boolean;
}

export interface KeyOptions extends ProposeOptions {
  retire?: string;
  add?: boolean;
}

/** As POST /v1/alliance/proposals takes it. */
export interface ChangeJson {
  kind: string;
  [field: string]: unknown;
}

export interface SaidJson {
  leafIndex: number;
  id: string;
  lines: string[];
}

export function addAlliancePropose(alliance: Command, cli: Cli): void {
  const propose = alliance
    .command('propose')
    .description('propose a change to all members; it holds once each has signed');
  const command = (name: string, description: string) =>
    withOwnGateway(propose.command(name).description(description))
      .requiredOption('--reason <text>', 'why; stands in the log')
      .option('--yes', 'sign without asking');
  command('admit', 'a new member')
    .argument('<card>', 'its card (.tgcard), made for this ledger')
    .action((file: string, options: ProposeOptions) =>
      proposeChange(admission(file), options, cli),
    );
  command('exit', 'give notice that this member leaves').action((options: ProposeOptions) =>
    proposeChange({ kind: 'exit' }, options, cli),
  );
  command('expel', 'end another’s membership')
    .argument('<iss>', 'URI of the member')
    .action((member: string, options: ProposeOptions) =>
      proposeChange({ kind: 'expel', member }, options, cli),
    );
  command('charter', 'other terms')
    .argument('<file>', 'JSON with the terms that change')
    .action((file: string, options: ProposeOptions) =>
      proposeChange({ kind: 'charter', terms: readJson(file) }, options, cli),
    );
  command('rule', 'a new rule, or the next version of one')
    .argument('<file>', 'JSON, as `truegrain rule new` begins it')
    .action((file: string, options: ProposeOptions) =>
      proposeChange({ kind: 'rule', rule: readRuleFile(file) }, options, cli),
    );
  command('key', 'replace a key of this member by a new one, made in this folder')
    .argument('<role>', 'member, log, cosigner, node or gateway')
    .option('--retire <kid>', 'end this key; without --add, and have no new one')
    .option('--add', 'have a new key; without --retire, beside those there are')
    .action((role: string, options: KeyOptions) => proposeKey(role, options, cli));
}

/** Shows what the gateway says it would do, asks, and proposes that very thing. */
export async function proposeChange(
  change: ChangeJson,
  options: ProposeOptions,
  { terminal }: Cli,
): Promise<void> {
  const client = ownGateway(options, terminal);
  const { reason, yes } = options;
  const seen = (await client.post('/v1/alliance/preview', { change, reason })) as {
    epoch: number;
    lines: string[];
  };
  preview(terminal, options, seen.lines);
  await consent(terminal, { yes, question: 'Propose this?' });
  const body = { change, reason, epoch: seen.epoch };
  const said = (await client.post('/v1/alliance/proposals', body)) as SaidJson;
  answer(terminal, options, {
    value: { ...said, preview: seen.lines },
    lines: [`proposal  ${said.id}`, ...said.lines],
  });
}

async function proposeKey(role: string, options: KeyOptions, cli: Cli): Promise<void> {
  useNodeCrypto();
  await proposeChange(await keyChangeOf(role, options, cli), options, cli);
}

function admission(file: string): ChangeJson {
  useNodeCrypto();
  return { kind: 'admit', card: toBase64Url(readCard(file).bytes) };
}
