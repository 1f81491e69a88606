import type { Command } from 'commander';
import type { SaidJson } from './alliance-propose.ts';
import { consent, preview } from './consent.ts';
import { type OwnGatewayOptions, ownGateway, withOwnGateway } from './own-gateway.ts';
import { answer, type Cli } from './terminal.ts';

export interface SayOptions extends OwnGatewayOptions {
  yes?: boolean;
}

export interface PersonOptions {
  name: string;
  organisation: string;
  contact: string;
}

/** A statement of the own member about the law, through its running gateway. */
export function withSaying(command: Command): Command {
  return withOwnGateway(command).option('--yes', 'sign without asking');
}

/** Whoever is named in a statement is a person with an address. */
export function withPerson(command: Command, who: string): Command {
  return command
    .requiredOption('--name <text>', `${who}: name of the person`)
    .requiredOption('--organisation <text>', `${who}: organisation or office`)
    .requiredOption('--contact <text>', `${who}: where a complaint is served`);
}

export function personOf({ name, organisation, contact }: PersonOptions): PersonOptions {
  return { name, organisation, contact };
}

/** Shows what will be signed, asks, and says it. */
export async function sayLaw(
  path: string,
  body: object,
  given: { options: SayOptions; lines: readonly string[]; cli: Cli },
): Promise<void> {
  const { options, lines, cli } = given;
  const { terminal } = cli;
  preview(terminal, options, lines);
  await consent(terminal, { yes: options.yes, question: 'Sign this?' });
  const said = (await ownGateway(options, terminal).post(path, body)) as SaidJson;
  answer(terminal, options, { value: said, lines: [`id    ${said.id}`, ...said.lines] });
}
