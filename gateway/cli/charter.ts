import type { Command } from 'commander';
import type { AllianceView } from '../http/alliance-backend.ts';
import type { TermsJson } from '../http/terms-json.ts';
import { type ProposeOptions, proposeChange } from './alliance-propose.ts';
import { readJson } from './json-file.ts';
import { allianceOf, type OwnGatewayOptions, ownGateway, withOwnGateway } from './own-gateway.ts';
import { withProposal } from './rule.ts';
import { answer, type Cli } from './terminal.ts';

/** `truegrain charter …`: what the members agreed to; leaf 0, as amended by all of them. */
export function addCharter(program: Command, cli: Cli): void {
  const charter = program.command('charter').description('what the members agreed to');
  withOwnGateway(charter.command('show'))
    .description('the charter as it is now')
    .action((options: OwnGatewayOptions) => show(options, cli));
  withOwnGateway(charter.command('diff'))
    .description('what a file would change')
    .argument('<file>', 'JSON with the terms that change')
    .action((file: string, options: OwnGatewayOptions) => diff(file, options, cli));
  withProposal(charter.command('propose').description('propose other terms to all members'))
    .argument('<file>', 'JSON with the terms that change')
    .action((file: string, options: ProposeOptions) =>
      proposeChange({ kind: 'charter', terms: readJson(file) }, options, cli),
    );
}

async function show(options: OwnGatewayOptions, { terminal }: Cli): Promise<void> {
  const alliance = await allianceOf(ownGateway(options, terminal));
  const { terms, members, origin } = alliance;
  answer(terminal, options, { value: { origin, terms, members }, lines: charterLines(alliance) });
}

export function charterLines({ origin, terms, members, epoch }: AllianceView): string[] {
  const { text, responsible, law, ...rest } = terms;
  const { name, organisation, contact } = responsible;
  return [
    `Charter of ${origin}, after ${epoch} changes`,
    ...text.split('\n').map((line) => `  ${line}`),
    `  responsible: ${name}, ${organisation}, ${contact}`,
    `Members: ${members.map((member) => `${member.name} (${member.kind})`).join(', ')}`,
    ...Object.entries(rest).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`),
    ...(law === null
      ? [
          'It does not speak of conditions, profiles or supervision: regulators have the usual powers.',
        ]
      : lawLines(law)),
  ];
}

function lawLines(law: NonNullable<TermsJson['law']>): string[] {
  const { memberKinds, conditions, profiles, deadlock, supervisors, laboratories } = law;
  return [
    `Kinds of member: ${memberKinds.join(', ')}`,
    ...conditions.map(
      ({ id, on, kind, requirement, text, attestedBy }) =>
        `  ${on} of ${kind ?? 'any kind'}: ${requirement} (${id}), attested by a ${attestedBy}: ${text}`,
    ),
    `Industry profiles: ${profiles.join(', ') || 'none'}`,
    `Deadlock: ${deadlock}`,
    ...supervisors.map(
      ({ member, sectors, powers }) =>
        `Supervisor ${member}: ${powers.join(', ')}; ${sectors.join(', ') || 'every sector'}`,
    ),
    `Calibration laboratories: ${laboratories.map(({ name }) => name).join(', ') || 'none'}`,
    `Each member examines itself every ${law.examinationDays} days.`,
  ];
}

async function diff(file: string, options: OwnGatewayOptions, { terminal }: Cli): Promise<void> {
  const change = { kind: 'charter', terms: readJson(file) };
  const body = { change, reason: 'diff' };
  const { lines } = (await ownGateway(options, terminal).post('/v1/alliance/preview', body)) as {
    lines: string[];
  };
  const changes = lines.filter((line) => !line.startsWith('Reason: '));
  answer(terminal, options, { value: { changes }, lines: changes });
}
