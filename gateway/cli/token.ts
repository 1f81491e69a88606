import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { openTokens, ROLES, type Role, type TokenStore } from '../tokens.ts';
import { type PlaceOptions, placeOf, withPlace } from './place.ts';
import { answer, type Cli, CliError, EXIT, print, tableOf } from './terminal.ts';

interface AddOptions extends PlaceOptions {
  role: string[];
  label?: string;
  device?: string;
  expiresDays?: string;
  json?: boolean;
}

const DAY_MS = 86_400_000;

/** Works on the token file: a running gateway reads a change at its next request. */
export function addToken(program: Command, cli: Cli): void {
  const token = program.command('token').description('bearer tokens of the HTTP interface');
  withPlace(token.command('add'))
    .description('make a token; it is shown once and kept as a hash')
    .requiredOption('--role <role...>', `one or more of ${ROLES.join(', ')}`)
    .option('--label <text>', 'whose it is')
    .option('--device <urn>', 'tie a device token to one device')
    .option('--expires-days <days>', 'valid for so many days')
    .option('--json', 'one line of JSON')
    .action((options: AddOptions) => add(options, cli));
  withPlace(token.command('list'))
    .description('all tokens, without their secrets')
    .option('--json', 'one line of JSON')
    .action((options: PlaceOptions & { json?: boolean }) => list(options, cli));
  withPlace(token.command('revoke'))
    .description('end a token; acts on the next request')
    .argument('<id>', 'its id, see `token list`')
    .action((id: string, options: PlaceOptions) => revoke(id, options, cli));
}

function tokensOf(options: PlaceOptions, { terminal }: Cli): TokenStore {
  const { folder } = placeOf(options, terminal);
  if (!existsSync(folder.root)) {
    throw new CliError(EXIT.local, `${folder.root} does not exist; run \`truegrain init\` first`);
  }
  return openTokens(folder.tokens);
}

function add(options: AddOptions, cli: Cli): void {
  const wrong = options.role.find((role) => !ROLES.includes(role as Role));
  if (wrong !== undefined) {
    throw new CliError(EXIT.usage, `--role ${wrong} is not one of ${ROLES.join(', ')}`);
  }
  const days = options.expiresDays === undefined ? null : Number(options.expiresDays);
  if (days !== null && !(days > 0)) {
    throw new CliError(EXIT.usage, `--expires-days ${options.expiresDays} is not a number of days`);
  }
  const { token, view } = tokensOf(options, cli).add({
    roles: [...new Set(options.role)] as Role[],
    label: options.label ?? '',
    device: options.device ?? null,
    expiresMs: days === null ? null : Date.now() + days * DAY_MS,
  });
  answer(cli.terminal, options, { value: { ...view, token }, lines: [token] });
  cli.terminal.stderr.write(`id ${view.id}; shown this once, kept as a hash\n`);
}

function list(options: PlaceOptions & { json?: boolean }, cli: Cli): void {
  const tokens = tokensOf(options, cli).list();
  const lines = tableOf([
    ['id', 'roles', 'device', 'expires', 'label'],
    ...tokens.map(({ id, roles, device, expiresMs, label }) => [
      id,
      roles.join(','),
      device ?? '-',
      expiresMs === null ? 'never' : new Date(expiresMs).toISOString(),
      label,
    ]),
  ]);
  answer(cli.terminal, options, { value: tokens, lines });
}

function revoke(id: string, options: PlaceOptions, cli: Cli): void {
  if (!tokensOf(options, cli).revoke(id)) {
    throw new CliError(EXIT.usage, `no token has the id ${id}`);
  }
  print(cli.terminal, `${id} is revoked`);
}
