import { CliError, EXIT, print, type Terminal } from './terminal.ts';

/** What is about to be signed, for a person to read; beside the answer where that is JSON. */
export function preview(
  terminal: Terminal,
  { json }: { json?: boolean },
  lines: readonly string[],
): void {
  for (const line of lines) {
    if (json) terminal.stderr.write(`${line}\n`);
    else print(terminal, line);
  }
}

/**
 * What is signed was read: a person says yes to what stands above, or whoever runs the command said
 * `--yes` before. Without a terminal nobody can have read it.
 */
export async function consent(
  terminal: Terminal,
  { yes, question }: { yes: boolean | undefined; question: string },
): Promise<void> {
  if (yes) return;
  if (!terminal.ask) {
    throw new CliError(EXIT.usage, 'nothing is signed unread: say --yes where nobody can be asked');
  }
  const said = (await terminal.ask(`${question} [yes/no] `)).trim().toLowerCase();
  if (said !== 'yes' && said !== 'y') throw new CliError(EXIT.usage, 'nothing was signed');
}
