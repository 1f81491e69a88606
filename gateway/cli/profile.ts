import { NO_LAW } from '@truegrain/device-sdk/formats/law-state.js';
import { lawWords } from '@truegrain/device-sdk/formats/law-words.js';
import type { Profile } from '@truegrain/device-sdk/formats/profile.js';
import type { Command } from 'commander';
import type { LawView } from '../http/law-backend.ts';
import { profileFrom, profileNamed, profileNames } from '../profiles/profile-files.ts';
import { type ProposeOptions, proposeChange } from './alliance-propose.ts';
import {
  type PersonOptions,
  personOf,
  type SayOptions,
  sayLaw,
  withPerson,
  withSaying,
} from './law-said.ts';
import { type OwnGatewayOptions, ownGateway, withOwnGateway } from './own-gateway.ts';
import { withProposal } from './rule.ts';
import { answer, type Cli, CliError, EXIT, print } from './terminal.ts';

/** Of a profile that is only read: who proposes it names a person. */
const NOT_NAMED = {
  name: 'whom the proposal names',
  organisation: 'organisation',
  contact: 'contact',
} as const;

/** `truegrain profile …`: what an industry's law asks of a stream, as one file of data each. */
export function addProfile(program: Command, cli: Cli): void {
  const profile = program.command('profile').description('industry profiles with their rules');
  withOwnGateway(profile.command('list'))
    .description('profiles in force here, and those that come with this program')
    .action((options: OwnGatewayOptions) => list(options, cli));
  profile
    .command('show')
    .description('a profile in plain words')
    .argument('<profile>', 'id of one that comes with this program, or a file')
    .action((which: string) => {
      for (const line of lines(adopted(which, NOT_NAMED))) print(cli.terminal, line);
    });
  withPerson(
    withProposal(profile.command('propose').description('propose to adopt a profile')),
    'who answers for its rules',
  )
    .argument('<profile>', 'id of one that comes with this program, or a file')
    .action((which: string, options: ProposeOptions & PersonOptions) =>
      proposeChange({ kind: 'profile', profile: adopted(which, options) }, options, cli),
    );
  withSaying(profile.command('bind'))
    .description('hold the streams of an own device to a profile')
    .argument('<device>', 'device URN')
    .argument('<profile>', 'id of a profile in force')
    .action((device: string, id: string, options: SayOptions) =>
      sayLaw(
        '/v1/law/bindings',
        { device, profile: id },
        {
          options,
          lines: [`${device} is held to the profile ${id} from the next leaf on.`],
          cli,
        },
      ),
    );
}

function adopted(which: string, person: PersonOptions): Profile {
  const found = profileNamed(which);
  const profile = found.ok ? profileFrom(found.value, personOf(person)) : found;
  if (profile.ok) return profile.value;
  throw new CliError(EXIT.usage, `${which}: ${profile.detail} (${profile.code})`);
}

function lines(profile: Profile): string[] {
  return lawWords({ law: NO_LAW }, { kind: 'profile', profile });
}

async function list(options: OwnGatewayOptions, { terminal }: Cli): Promise<void> {
  const { profiles } = (await ownGateway(options, terminal).get('/v1/law')) as LawView;
  const names = profileNames();
  answer(terminal, options, {
    value: { inForce: profiles, available: names },
    lines: [
      ...profiles.map(
        ({ profile, leafIndex }) =>
          `${profile.id}@${profile.version}  in force since leaf ${leafIndex}: ${profile.title}`,
      ),
      `With this program: ${names.join(', ')}. Or a file of your own.`,
    ],
  });
}
