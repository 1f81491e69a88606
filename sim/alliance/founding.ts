import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MemberPlace } from './member-place.ts';

/** Runs one command line of the gateway's program to its end. */
export type Runner = (
  args: readonly string[],
) => Promise<{ readonly code: number | null; readonly lines: readonly string[] }>;

export interface CharterWishes {
  readonly ledger: string;
  /** Further options of `alliance invite`. */
  readonly options?: readonly string[];
}

/** A command of the ceremony did not do its part; the message is what it said. */
export class FoundingFailure extends Error {}

/**
 * The ceremony of `truegrain alliance`, each command on the folder of the organisation that would
 * type it; what is handed on is a file in `folder`. The first member is the convener. Run again
 * after an interruption it goes on: each step takes what is there.
 */
export async function foundAlliance(
  members: readonly MemberPlace[],
  {
    folder,
    charter,
    run,
    onStep = () => {},
    onInit = () => {},
  }: {
    folder: string;
    charter: CharterWishes;
    run: Runner;
    onStep?: (words: string) => void;
    /** A member's configuration is there and may be edited. */
    onInit?: (member: MemberPlace) => void;
  },
): Promise<void> {
  const [convener, ...others] = members;
  if (!convener) throw new Error('an alliance of nobody');
  const file = join(folder, 'ledger.tgfound');
  for (const member of members) {
    onStep(`${member.name}: keys, certificate, card`);
    await step(run, initOf(member, folder));
    onInit(member);
  }
  if (!existsSync(file)) {
    onStep(`${convener.name}: charter over ${members.length} cards, signed`);
    const cards = members.map(({ data }) => join(data, 'member.tgcard'));
    const { ledger, options = [] } = charter;
    const written = ['--ledger', ledger, '--out', file, ...options, '--yes'];
    await step(run, ['alliance', 'invite', ...cards, '--data', convener.data, ...written]);
  }
  for (const { name, data } of others) {
    onStep(`${name}: charter read and accepted`);
    await step(run, ['alliance', 'sign', file, '--data', data, '--yes']);
  }
  for (const { data } of members) {
    await step(run, ['alliance', 'join', file, '--data', data]);
  }
}

export function isFounded(members: readonly MemberPlace[]): boolean {
  return members.every(({ data }) => existsSync(join(data, 'founding.tgfound')));
}

async function step(run: Runner, args: readonly string[]): Promise<void> {
  const { code, lines } = await run(args);
  if (code === 0) return;
  throw new FoundingFailure(`truegrain ${args.slice(0, 2).join(' ')}: ${lines.at(-1) ?? code}`);
}

/** `alliance init` as this member would type it; evidence of who it is lies in `folder`. */
export function initOf(member: MemberPlace, folder: string): string[] {
  const { name, iss, kind, data, ports, advertise = {} } = member;
  const { peer = `https://127.0.0.1:${ports.peer}`, p2p = `127.0.0.1:${ports.p2p}` } = advertise;
  return [
    ...['alliance', 'init', '--data', data],
    ...['--iss', iss, '--name', name, '--kind', kind, ...legalIdOf(member, folder)],
    ...['--peer', peer, '--p2p', p2p, '--listen', '127.0.0.1', '--loopback'],
    ...['--http', `127.0.0.1:${ports.http}`, '--mqtt', `127.0.0.1:${ports.mqtt}`],
  ];
}

/** Only organisations that show evidence count as distinct. */
function legalIdOf({ name, lei }: MemberPlace, folder: string): string[] {
  if (lei === undefined) return [];
  const document = join(folder, `${name}-register.txt`);
  writeFileSync(document, `Extract from the register: ${name}, ${lei}\n`);
  return ['--lei', lei, '--evidence', document];
}
