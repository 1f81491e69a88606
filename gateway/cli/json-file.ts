import { readFileSync } from 'node:fs';
import { CliError, EXIT } from './terminal.ts';

/** A JSON file that a person wrote; what is wrong with it is said in one line. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw badJson(file, error as Error);
  }
}

function badJson(file: string, cause: Error): CliError {
  const why = cause instanceof SyntaxError ? `is not JSON: ${cause.message}` : "can't be read";
  return new CliError(EXIT.usage, `${file} ${why}`, { cause });
}
