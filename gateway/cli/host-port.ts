import { CliError, EXIT } from './terminal.ts';

/** Of an option `flag`; an IPv6 address stands in brackets and comes without them. */
export function hostPort(flag: string, text: string): { host: string; port: number } {
  const found = /^(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):(\d{1,5})$/.exec(text);
  if (!found?.[1] || !found[2]) throw new CliError(EXIT.usage, `${flag} ${text} is not host:port`);
  return { host: found[1].replace(/^\[|\]$/g, ''), port: Number(found[2]) };
}
