import { existsSync, writeFileSync } from 'node:fs';
import { responsibleWords } from '@truegrain/device-sdk/formats/law-words.js';
import type { Command } from 'commander';
import type { LawView, RuleView } from '../http/law-backend.ts';
import { type AnswerOptions, answerProposal } from './alliance-answer.ts';
import { type ProposeOptions, proposeChange } from './alliance-propose.ts';
import { type PersonOptions, personOf, withPerson } from './law-said.ts';
import { type OwnGatewayOptions, ownGateway, withOwnGateway } from './own-gateway.ts';
import { readRuleFile, ruleToStartFrom } from './rule-file.ts';
import { addRuleTest } from './rule-test.ts';
import { answer, type Cli, CliError, EXIT, print, tableOf } from './terminal.ts';

/** `truegrain rule …`: from a text with examples to law, with a name on it. */
export function addRule(program: Command, cli: Cli): void {
  const rule = program.command('rule').description('rules that readings are held to');
  withPerson(rule.command('new'), 'who answers for it')
    .description('write a file to start from')
    .argument('<file>', 'JSON, made here')
    .requiredOption('--basis <text>', 'law, regulation or contract, with its clause')
    .action((file: string, options: NewOptions) => newRule(file, options, cli));
  addRuleTest(rule, cli);
  addRuleProposals(rule, cli);
  withOwnGateway(rule.command('list'))
    .description('rules in force, and those that were')
    .action((options: OwnGatewayOptions) => list(options, cli));
  withOwnGateway(rule.command('history'))
    .description('all versions of one rule: who answered for it, who approved it, when it held')
    .argument('<id>', 'id of the rule')
    .action((id: string, options: OwnGatewayOptions) => history(id, options, cli));
}

function addRuleProposals(rule: Command, cli: Cli): void {
  for (const [name, description] of [
    ['propose', 'propose a new rule to all members'],
    ['amend', 'propose the next version of a rule'],
  ] as const) {
    withProposal(rule.command(name).description(description))
      .argument('<file>', 'JSON, as `rule new` begins it')
      .action((file: string, options: ProposeOptions) =>
        proposeChange({ kind: 'rule', rule: readRuleFile(file) }, options, cli),
      );
  }
  for (const [action, description] of [
    ['suspend', 'propose that a rule holds no more for now'],
    ['resume', 'propose that a suspended rule holds again'],
    ['retire', 'propose the end of a rule'],
  ] as const) {
    withProposal(rule.command(action).description(description))
      .argument('<rule>', 'id@version')
      .action((text: string, options: ProposeOptions) =>
        proposeChange({ kind: 'rule-end', action, ...namedRule(text) }, options, cli),
      );
  }
  withOwnGateway(rule.command('approve'))
    .description('read and sign a proposed rule; this gateway runs its examples first')
    .argument('<proposal>', 'id of the proposal')
    .option('--reject', 'reject it')
    .option('--reason <text>', 'why; stands in the log')
    .option('--yes', 'sign without asking')
    .action((id: string, options: AnswerOptions) => answerProposal(id, options, cli));
}

export function withProposal(command: Command): Command {
  return withOwnGateway(command)
    .requiredOption('--reason <text>', 'why; stands in the log')
    .option('--yes', 'sign without asking');
}

function namedRule(text: string): { id: string; version: number } {
  const [, id, version] = /^([a-z0-9-]+)@([1-9]\d{0,3})$/.exec(text) ?? [];
  if (id !== undefined) return { id, version: Number(version) };
  throw new CliError(
    EXIT.usage,
    `${text} is no rule: id@version, as \`truegrain rule list\` has it`,
  );
}

type NewOptions = PersonOptions & { readonly basis: string };

function newRule(file: string, options: NewOptions, { terminal }: Cli): void {
  const rule = ruleToStartFrom(personOf(options), options.basis);
  if (existsSync(file)) throw new CliError(EXIT.usage, `${file} is there already`);
  writeFileSync(file, `${JSON.stringify(rule, null, 2)}\n`);
  print(terminal, `${file} is a rule to start from. Then: truegrain rule test ${file}`);
}

async function lawOf(options: OwnGatewayOptions, { terminal }: Cli): Promise<LawView> {
  return (await ownGateway(options, terminal).get('/v1/law')) as LawView;
}

async function list(options: OwnGatewayOptions, cli: Cli): Promise<void> {
  const { rules } = await lawOf(options, cli);
  const rows = rules.map(({ rule, status, fromLeaf }) => [
    `${rule.id}@${rule.version}`,
    status,
    rule.profile ?? 'every stream',
    rule.effect,
    String(fromLeaf),
    responsibleWords(rule.responsible),
  ]);
  const head = ['rule', 'status', 'profile', 'effect', 'from leaf', 'responsible'];
  const lines = rows.length === 0 ? ['No rule has been in force.'] : tableOf([head, ...rows]);
  answer(cli.terminal, options, { value: rules, lines });
}

async function history(id: string, options: OwnGatewayOptions, cli: Cli): Promise<void> {
  const { rules } = await lawOf(options, cli);
  const versions = rules.filter(({ rule }) => rule.id === id);
  if (versions.length === 0) throw new CliError(EXIT.usage, `no rule ${id} has been in force`);
  answer(cli.terminal, options, { value: versions, lines: versions.flatMap(versionLines) });
}

function versionLines({ rule, status, approvedBy, pauses, ...span }: RuleView): string[] {
  const { enactedLeaf, fromLeaf, untilLeaf, by } = span;
  const until = untilLeaf === null ? 'on' : `to before leaf ${untilLeaf}`;
  return [
    `${rule.id}@${rule.version}  ${rule.title} (${status})`,
    `  ${rule.text}`,
    `  legal basis  ${rule.legalBasis}`,
    `  responsible  ${responsibleWords(rule.responsible)}`,
    `  proposed by ${by}, approved by ${approvedBy.join(', ')}, complete at leaf ${enactedLeaf}`,
    `  governs from leaf ${fromLeaf} ${until}`,
    ...pauses.map((pause) => {
      const end = pause.untilLeaf === null ? 'on' : `to before leaf ${pause.untilLeaf}`;
      return `  suspended from leaf ${pause.fromLeaf} ${end}, by ${pause.because}`;
    }),
  ];
}
