import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foundAlliance } from '../alliance/founding.ts';
import { arePortsFree } from '../alliance/free-ports.ts';
import { type MemberPlace, memberPlace, PORTS_A_MEMBER } from '../alliance/member-place.ts';
import { GatewayProgram, initialise, truegrain } from '../programs/gateway-program.ts';
import { ANSWERS, writeLaw } from './charter.ts';
import { type ConformanceSaid, conformanceOf } from './conformance.ts';
import { LawMember } from './member.ts';
import { type PlayOutcome, playLaw } from './play.ts';

export interface LawRun {
  readonly play: PlayOutcome;
  readonly alliance: ConformanceSaid;
  readonly solo: ConformanceSaid;
  readonly forged: ConformanceSaid;
}

const MEMBERS = [
  { name: 'mill', kind: 'participant' },
  { name: 'carrier', kind: 'participant' },
  { name: 'shop', kind: 'participant' },
  { name: 'authority', kind: 'regulator' },
] as const;

/** `npm run law`: prints what happens; 0 where everything came out as the law wants it. */
export async function runLawPlay(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'truegrain-law-'));
  try {
    const say = (words: string) => process.stdout.write(`${words}\n`);
    const run = await runLaw({ folder, say, basePort: await freeBase() });
    const { alliance, solo, forged } = run;
    const isRight =
      alliance.verdict === 'alliance chain' &&
      solo.verdict === 'private chain' &&
      forged.verdict === 'pseudo-chain';
    return isRight ? 0 : 1;
  } catch (error) {
    process.stderr.write(`truegrain law: ${(error as Error).message}\n`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function runLaw(given: {
  readonly folder: string;
  readonly basePort: number;
  readonly say: (words: string) => void;
}): Promise<LawRun> {
  const { folder, say } = given;
  const four = placesOf(MEMBERS, { root: join(folder, 'four'), port: given.basePort });
  const { play, alliance } = await ofAlliance(four, { folder, say });
  const solo = await ofSolo({ folder, say });
  const port = given.basePort + four.length * PORTS_A_MEMBER;
  const forged = await ofForged({ folder, say, port });
  return { play, alliance, solo, forged };
}

interface Telling {
  readonly folder: string;
  readonly say: (words: string) => void;
}

async function ofAlliance(places: readonly MemberPlace[], { folder, say }: Telling) {
  const [first, , , authority] = places;
  if (!first || !authority) throw new Error('four members');
  say('Four found a ledger; its charter names a licence, a profile and a supervisor:');
  const root = join(folder, 'four');
  const law = writeLaw(root, authority);
  await found(places, {
    root,
    ledger: 'medicine.invalid/cold-chain',
    options: ['--law', law, ...ANSWERS],
  });
  const members = await LawMember.started(places);
  try {
    const play = await playLaw({ members, folder, say });
    const asked = { data: first.data, folder, name: 'alliance' };
    return {
      play,
      alliance: told(say, 'the four', await conformanceOf(members[0]?.url ?? '', asked)),
    };
  } finally {
    await Promise.all(members.map((member) => member.stop()));
  }
}

async function ofSolo({ folder, say }: Telling): Promise<ConformanceSaid> {
  const place = { data: join(folder, 'solo'), httpPort: 0, mqttPort: 0 };
  await initialise(place);
  const gateway = await GatewayProgram.start(place);
  try {
    const asked = { data: place.data, folder, name: 'solo' };
    return told(say, 'a ledger of one keeper', await conformanceOf(gateway.httpUrl, asked));
  } finally {
    await gateway.stop();
  }
}

/** One organisation that made three members' keys and shows no evidence of being three. */
async function ofForged({ folder, say, port }: Telling & { port: number }) {
  const names = ['north', 'south', 'east'].map((name) => ({ name, kind: 'participant' as const }));
  const root = join(folder, 'forged');
  const places = placesOf(names, { root, port }).map(({ lei: _, ...place }) => place);
  await found(places, { root, ledger: 'forged.invalid/rice', options: [] });
  const members = await LawMember.started(places);
  try {
    const asked = { data: places[0]?.data ?? '', folder, name: 'forged' };
    const said = await conformanceOf(members[0]?.url ?? '', asked);
    return told(say, 'one organisation with three keys', said);
  } finally {
    await Promise.all(members.map((member) => member.stop()));
  }
}

function told(say: (words: string) => void, whom: string, said: ConformanceSaid): ConformanceSaid {
  say(`Conformance of ${whom}, seen from outside: ${said.verdict}`);
  for (const line of said.lines) say(`  ${line}`);
  return said;
}

function placesOf(
  members: readonly { readonly name: string; readonly kind: MemberPlace['kind'] }[],
  { root, port }: { root: string; port: number },
): MemberPlace[] {
  mkdirSync(root, { recursive: true });
  return members.map(({ name, kind }, i) =>
    memberPlace({ name, kind, root, port: port + i * PORTS_A_MEMBER }),
  );
}

async function found(
  places: readonly MemberPlace[],
  { root, ledger, options }: { root: string; ledger: string; options: readonly string[] },
): Promise<void> {
  await foundAlliance(places, {
    folder: root,
    // Open contents: each member recomputes what the gateways of the others attest.
    charter: { ledger, options: ['--disclosure', 'open', ...options] },
    run: (args) => truegrain(args),
  });
}

const BASE_PORTS = [8_400, 9_400, 10_400, 11_400, 12_400] as const;
const PORTS = (MEMBERS.length + 3) * PORTS_A_MEMBER;

async function freeBase(): Promise<number> {
  for (const base of BASE_PORTS) if (await arePortsFree(base, PORTS)) return base;
  throw new Error(`no ${PORTS} free ports in a row`);
}
