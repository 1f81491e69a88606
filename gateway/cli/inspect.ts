import type { Command } from 'commander';
import type { LawRegistry, LawView } from '../http/law-backend.ts';
import { addAllianceGrant } from './alliance-grant.ts';
import {
  type PersonOptions,
  personOf,
  type SayOptions,
  sayLaw,
  withPerson,
  withSaying,
} from './law-said.ts';
import { type OwnGatewayOptions, ownGateway, withOwnGateway } from './own-gateway.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

interface InspectOptions extends SayOptions, PersonOptions {
  basis: string;
  fromLeaf: string;
  untilLeaf: string;
}

/** `truegrain grant …`: who may read what is sealed; an owner gives, a supervisor uses the charter's. */
export function addGrant(program: Command, cli: Cli): void {
  const grant = program.command('grant').description('who may read sealed contents, and who did');
  addAllianceGrant(grant, cli, 'give');
  withPerson(withSaying(grant.command('use')), 'who reads')
    .description('as a supervisor, open contents of a device; each use is a leaf before it is one')
    .argument('<device>', 'device URN')
    .requiredOption('--basis <text>', 'law and clause, or file number')
    .requiredOption('--from-leaf <n>', 'from this leaf on')
    .requiredOption('--until-leaf <n>', 'before this leaf')
    .action((device: string, options: InspectOptions) => use(device, options, cli));
  withOwnGateway(grant.command('list'))
    .description('every use of a supervisor’s grant')
    .action((options: OwnGatewayOptions) => list(options, cli));
}

function use(device: string, options: InspectOptions, cli: Cli): Promise<void> {
  const fromLeaf = leafOf('--from-leaf', options.fromLeaf);
  const untilLeaf = leafOf('--until-leaf', options.untilLeaf);
  const official = personOf(options);
  const body = { device, fromLeaf, untilLeaf, legalBasis: options.basis, official };
  const lines = [
    `${official.name}, ${official.organisation}, reads contents of ${device}, leaves ${fromLeaf} to before ${untilLeaf}.`,
    `Legal basis: ${options.basis}. All members see that and when.`,
  ];
  return sayLaw('/v1/law/inspections', body, { options, lines, cli });
}

async function list(options: OwnGatewayOptions, { terminal }: Cli): Promise<void> {
  const law = (await ownGateway(options, terminal).get('/v1/law')) as LawView & {
    registry?: LawRegistry;
  };
  const uses = (law.registry?.inspections ?? []) as readonly Inspection[];
  const lines = uses.map(
    ({ leafIndex, by, device, fromLeaf, untilLeaf, legalBasis, official }) =>
      `leaf ${leafIndex}: ${official.name} (${by}) opened ${device}, leaves ${fromLeaf} to before ${untilLeaf}: ${legalBasis}`,
  );
  answer(terminal, options, {
    value: uses,
    lines: lines.length === 0 ? ['Nobody used a supervisor’s grant.'] : lines,
  });
}

interface Inspection {
  leafIndex: number;
  by: string;
  device: string;
  fromLeaf: number;
  untilLeaf: number;
  legalBasis: string;
  official: PersonOptions;
}

function leafOf(flag: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CliError(EXIT.usage, `${flag} ${text} is not a leaf index`);
}
