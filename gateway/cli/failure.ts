import { CommanderError } from 'commander';
import { ConfigError } from '../config-section.ts';
import { FoundingError } from '../founding-file.ts';
import { CharterError } from '../genesis.ts';
import { KeyError } from '../keys.ts';
import { StoreError } from '../store/database.ts';
import { TokenFileError } from '../tokens.ts';
import { CliError, EXIT, type Terminal } from './terminal.ts';

const ON_THIS_MACHINE = [FoundingError, KeyError, StoreError, TokenFileError];
const BY_ITS_USER = [ConfigError, CharterError];

/** Says what went wrong in one line and returns the exit code; a stack only with TRUEGRAIN_DEBUG. */
export function reportFailure(error: unknown, terminal: Terminal): number {
  // Commander has said it already; help and version come this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const { stack = '', message = String(error) } = error instanceof Error ? error : {};
  const exitCode = exitCodeOf(error);
  const line = message.replaceAll(/\s*\n\s*/g, ' ');
  terminal.stderr.write(`truegrain: ${exitCode === EXIT.bug ? `a bug: ${line}` : line}\n`);
  if (terminal.env['TRUEGRAIN_DEBUG']) terminal.stderr.write(`${stack}\n`);
  return exitCode;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  if (BY_ITS_USER.some((kind) => error instanceof kind)) return EXIT.usage;
  if (ON_THIS_MACHINE.some((kind) => error instanceof kind)) return EXIT.local;
  const { code } = error as { code?: unknown };
  // What the operating system or SQLite says of a file names it already.
  return typeof code === 'string' && /^(E[A-Z0-9]+|SQLITE_\w+)$/.test(code) ? EXIT.local : EXIT.bug;
}
