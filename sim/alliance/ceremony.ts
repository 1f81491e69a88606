import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { truegrain } from '../programs/gateway-program.ts';
import { foundAlliance, isFounded } from './founding.ts';
import type { MemberPlace } from './member-place.ts';
import type { Setting } from './setting.ts';

const LEDGER = 'rice.invalid/cold-chain';
const ROLES = ['operator', 'auditor', 'deviceAdmin'];

export interface Ceremony {
  readonly say: (words: string) => void;
  /** Between two commands it ends with an error. */
  readonly signal: AbortSignal;
}

/** Founds what is not founded yet; the ceremony goes on where an earlier run was ended. */
export async function founded(setting: Setting, { say, signal }: Ceremony): Promise<void> {
  const { members, root } = setting;
  if (isFounded(members)) return;
  say(`Founding ${LEDGER} in ${root}, each member in its own folder:`);
  await foundAlliance(members, {
    folder: root,
    // Open contents: each member holds the readings of the others and can check them.
    charter: { ledger: LEDGER, options: ['--disclosure', 'open'] },
    run: (args) => command(args, signal),
    onStep: (words) => say(`  ${words}`),
  });
}

/** A token of all roles at each member's gateway, made once. */
export async function withTokens(setting: Setting, { signal }: Ceremony): Promise<void> {
  for (const member of setting.members) {
    if (setting.token(member) === null) setting.keepToken(member, await newToken(member, signal));
  }
}

function command(args: readonly string[], signal: AbortSignal) {
  signal.throwIfAborted();
  return truegrain(args);
}

async function newToken({ data }: MemberPlace, signal: AbortSignal): Promise<string> {
  const { code, lines } = await command(
    ['token', 'add', '--data', data, '--role', ...ROLES],
    signal,
  );
  const token = lines.map((line) => /\btg_[\w-]{43}\b/.exec(line)?.[0]).find(Boolean);
  if (code === 0 && token) return token;
  throw new Error(lines.at(-1) ?? 'no token could be made');
}

/** What an auditor pins, written beside the folders; the gateway may run. */
export async function exportPolicy({ members, root }: Setting): Promise<string> {
  const [first] = members;
  const { code, lines } = await truegrain(['policy', '--data', first?.data ?? '']);
  if (code !== 0) throw new Error(lines.at(-1) ?? 'no policy');
  const file = join(root, 'policy.txt');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}
