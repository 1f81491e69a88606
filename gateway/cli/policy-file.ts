import { fromUtf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { type Policy, parsePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { readInput } from './alliance-files.ts';
import { CliError, EXIT } from './terminal.ts';

/** A C2SP tlog-policy file: the keys that its user trusts. */
export function readPolicy(file: string): Policy {
  const text = fromUtf8(readInput(file));
  const parsed = text === null ? null : parsePolicy(text);
  if (parsed?.ok) return parsed.value;
  const why = parsed === null ? 'not UTF-8 text' : parsed.detail;
  throw new CliError(EXIT.usage, `${file} is not a policy file: ${why}`);
}
