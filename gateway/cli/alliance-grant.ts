import type { Command } from 'commander';
import type { Consented } from './alliance-answer.ts';
import type { SaidJson } from './alliance-propose.ts';
import { consent, preview } from './consent.ts';
import { allianceOf, ownGateway, whoIs, withOwnGateway } from './own-gateway.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

interface GrantOptions extends Consented {
  fromLeaf?: string;
  untilLeaf?: string;
  withdraw?: boolean;
  reason: string;
}

export function addAllianceGrant(alliance: Command, cli: Cli, name = 'grant'): void {
  withOwnGateway(alliance.command(name))
    .description('let another member hold and read the contents of an own device')
    .argument('<device>', 'device URN')
    .argument('<iss>', 'URI of the member')
    .option('--from-leaf <n>', 'from this leaf on (default: from now on)')
    .option('--until-leaf <n>', 'before this leaf (default: no end)')
    .option('--withdraw', 'take back what was granted')
    .option('--reason <text>', 'why; stands in the log', 'shared')
    .option('--yes', 'sign without asking')
    .action((device: string, to: string, options: GrantOptions) => grant(device, to, options, cli));
}

async function grant(
  device: string,
  to: string,
  options: GrantOptions,
  { terminal }: Cli,
): Promise<void> {
  const client = ownGateway(options, terminal);
  const alliance = await allianceOf(client);
  const { withdraw, reason, yes } = options;
  const fromLeaf = withdraw ? 0 : leafOf('--from-leaf', options.fromLeaf);
  const untilLeaf = withdraw ? 0 : leafOf('--until-leaf', options.untilLeaf);
  const range = `from ${fromLeaf === null ? 'the next leaf' : `leaf ${fromLeaf}`} ${untilLeaf === null ? 'on, without end' : `to before leaf ${untilLeaf}`}`;
  preview(terminal, options, [
    withdraw
      ? `${whoIs(alliance, to)} gets no more contents of ${device}. What it has, it has.`
      : `${whoIs(alliance, to)} may hold and read the contents of ${device}, ${range}.`,
  ]);
  await consent(terminal, { yes, question: 'Sign this?' });
  const body = { device, to, fromLeaf, untilLeaf, reason };
  const said = (await client.post('/v1/alliance/grants', body)) as SaidJson;
  answer(terminal, options, { value: said, lines: said.lines });
}

function leafOf(flag: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CliError(EXIT.usage, `${flag} ${text} is not a leaf index`);
}
