import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tokens } from '../gateway-api.ts';
import { environmentOf, type GatewayPlace, truegrain } from '../programs/gateway-program.ts';

const ROLES = ['operator', 'auditor', 'deviceAdmin'] as const;

export const tokensFile = (data: string) => join(data, 'demo-tokens.json');

/** The demo's own tokens, made once. A real gateway shows a token once and keeps its hash alone. */
export async function demoTokens(place: GatewayPlace): Promise<Tokens> {
  const file = tokensFile(place.data);
  const kept = readTokens(file);
  if (kept) return kept;
  // One after the other: each command takes the token file's lock.
  const made = new Map<string, string>();
  for (const role of ROLES) made.set(role, await addToken(place, role));
  const tokens = Object.fromEntries(made);
  writeFileSync(file, `${JSON.stringify(tokens, null, 2)}\n`, { mode: 0o600 });
  return tokens as unknown as Tokens;
}

export async function addToken(place: GatewayPlace, role: string): Promise<string> {
  const run = await truegrain(['token', 'add', '--role', role], environmentOf(place));
  const token = run.lines.map((line) => /\btg_[\w-]{43}\b/.exec(line)?.[0]).find(Boolean);
  if (run.code === 0 && token) return token;
  throw new Error(run.lines.at(-1) ?? 'no token could be made');
}

function readTokens(file: string): Tokens | null {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<Tokens>;
    return ROLES.every((role) => typeof kept[role] === 'string') ? (kept as Tokens) : null;
  } catch {
    return null;
  }
}
