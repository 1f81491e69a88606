import type { Writable } from 'node:stream';

/** Where a command reads and writes; tests pass their own. */
export interface Terminal {
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Puts a question to a person; absent where nobody sits there. */
  readonly ask?: (question: string) => Promise<string>;
  /** Resolves when the process is asked to stop (SIGTERM, SIGINT). */
  readonly stopped: () => Promise<void>;
}

/** What a command is given to report with. */
export interface Cli {
  readonly terminal: Terminal;
  /** Sets an exit code other than 0; errors set their own. */
  readonly exit: (code: number) => void;
}

/** Documented in README.md beside this file; `verify` has 0 to 3 of its own. */
export const EXIT = {
  ok: 0,
  /** The command worked, and what it looked at is not sound. */
  unsound: 1,
  usage: 2,
  /** Data folder, key, port: something on this machine stands in the way. */
  local: 4,
  /** The gateway can't be reached, or refused. */
  gateway: 5,
  bug: 70,
} as const;

/** Ends a command with one line for a person. */
export class CliError extends Error {
  readonly exitCode: number;
  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export function print(terminal: Terminal, line: string): void {
  terminal.stdout.write(`${line}\n`);
}

/** One line of JSON where it was asked for, else lines for a person. */
export function answer(
  terminal: Terminal,
  { json }: { json?: boolean },
  { value, lines }: { value: unknown; lines: readonly string[] },
): void {
  for (const line of json ? [JSON.stringify(value)] : lines) print(terminal, line);
}

/** Columns as wide as their widest cell, two spaces between. */
export function tableOf(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_cell, i) =>
    Math.max(...rows.map((row) => (row[i] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
