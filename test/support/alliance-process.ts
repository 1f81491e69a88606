// An alliance of built gateways, each in a process, a folder and on ports of its own, with a real engine.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { fsck } from '../../gateway/log/fsck.ts';
import { foundAlliance, initOf } from '../../sim/alliance/founding.ts';
import {
  type MemberKind,
  type MemberPlace,
  type MemberPorts,
  memberPlace,
  PORTS_A_MEMBER,
} from '../../sim/alliance/member-place.ts';
import { AllianceMember } from './alliance-member.ts';
import { truegrain } from './cli.ts';
import { engineMissing } from './engine-file.ts';
import { hasPrograms } from './gateway-process.ts';
import { group } from './group.ts';
import { freeBlock } from './port-block.ts';

const missing = engineMissing ?? (hasPrograms ? null : 'not built; run npm run build');

/** Tests that run whole members: the engine and the built programs. */
export const allianceProcesses = group('alliance', missing === null, missing ?? '');

export interface MemberWish {
  readonly name: string;
  readonly kind?: MemberKind;
  /** Folder on another disk. */
  readonly under?: string;
  /** Where the others are told to reach it; a proxy of the test stands there. */
  readonly advertise?: (ports: MemberPorts) => { peer?: string; p2p?: string };
  /** Over the section `alliance` of its configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Over its whole configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface FleetWishes {
  readonly members?: readonly MemberWish[];
  /** Options of `alliance invite`, such as ['--quorum', '3']. */
  readonly charter?: readonly string[];
}

const FOUR: readonly MemberWish[] = [
  { name: 'mill' },
  { name: 'carrier' },
  { name: 'shop' },
  { name: 'authority', kind: 'regulator' },
];

const POLL_MS = 50;
/** For a loaded machine: a test that hits it has failed. */
const WAIT_MS = 90_000;

export class AllianceFleet {
  readonly folder: string;
  readonly members: AllianceMember[];

  private constructor(folder: string, members: AllianceMember[]) {
    this.folder = folder;
    this.members = members;
  }

  /** Founded by the commands of `truegrain alliance`, a token of all roles each, nobody started. */
  static async found({ members = FOUR, charter = [] }: FleetWishes = {}): Promise<AllianceFleet> {
    const folder = mkdtempSync(join(tmpdir(), 'tg-fleet-'));
    const first = await freeBlock(members.length * PORTS_A_MEMBER);
    const places = members.map((wish, i) => placeOf(wish, { folder, first, i }));
    await foundAlliance(places, {
      folder,
      charter: { ledger: 'fleet.invalid/ledger', options: ['--disclosure', 'open', ...charter] },
      run: inProcess,
      onInit: (place) => configure(place, members[places.indexOf(place)] ?? { name: '' }),
    });
    const made = [];
    for (const place of places) made.push(new AllianceMember(place, await tokenOf(place)));
    return new AllianceFleet(folder, made);
  }

  static async started(wishes?: FleetWishes): Promise<AllianceFleet> {
    const fleet = await AllianceFleet.found(wishes);
    await fleet.start();
    return fleet;
  }

  /** All that do not run, at once: a member opens its doors when most of the others are there. */
  async start(): Promise<void> {
    const idle = this.members.filter(({ isAlive }) => !isAlive);
    await Promise.all(idle.map((member) => member.start()));
  }

  /** A folder, keys and a card made for the ledger of this invitation; no member yet, not started. */
  async newcomer(wish: MemberWish, invitation: string): Promise<AllianceMember> {
    const first = await freeBlock(PORTS_A_MEMBER);
    const place = placeOf(wish, { folder: this.folder, first, i: 0 });
    await this.say([...initOf(place, this.folder), '--invitation', invitation]);
    configure(place, wish);
    const member = new AllianceMember(place, await tokenOf(place));
    this.members.push(member);
    return member;
  }

  /** A further gateway of a member, in a folder of its own; its node names it, and is to be restarted. */
  async further(
    of: AllianceMember,
    { name, settings = {} }: Pick<MemberWish, 'name' | 'settings'>,
  ): Promise<AllianceMember> {
    const first = await freeBlock(PORTS_A_MEMBER);
    const { ports, data } = placeOf({ name }, { folder: this.folder, first, i: 0 });
    const at = (port: number) => `127.0.0.1:${port}`;
    await this.say([
      ...['alliance', 'gateway', '--data', of.place.data, '--out', data, '--listen', '127.0.0.1'],
      ...['--peer', `https://${at(ports.peer)}`, '--p2p', at(ports.p2p)],
      ...['--http', at(ports.http), '--mqtt', at(ports.mqtt)],
    ]);
    const place = { ...of.place, name, data, ports };
    configure(place, { name, settings });
    const member = new AllianceMember(place, await tokenOf(place));
    this.members.push(member);
    return member;
  }

  /** A command line of `truegrain` that has to succeed; gives what it printed. */
  async say(args: readonly string[]): Promise<string> {
    const { code, out, err } = await truegrain(args);
    if (code === 0) return out;
    throw new Error(`truegrain ${args.join(' ')}: ${code}: ${err}`);
  }

  /** `propose` at the first, `sign` at the others, as their operators would; gives the id. */
  async decide(change: readonly string[], voters: readonly AllianceMember[]): Promise<string> {
    const [proposer, ...others] = voters;
    if (!proposer) throw new Error('nobody proposes');
    return this.propose([...change, ...ownOf(proposer)], others);
  }

  /** `propose` in whatever folder `change` says, then `sign` at the others; gives the id. */
  async propose(change: readonly string[], others: readonly AllianceMember[]): Promise<string> {
    const proposal = ['alliance', 'propose', ...change, '--reason', 'as agreed', '--yes'];
    const said = await this.say([...proposal, '--json']);
    const { id } = JSON.parse(said) as { id: string };
    for (const member of others) {
      await this.until(`the proposal is at ${member.name}`, async () => {
        const status = await this.say(['alliance', 'status', ...ownOf(member)]);
        return status.includes(id);
      });
      await this.say(['alliance', 'sign', id, '--yes', ...ownOf(member)]);
    }
    return id;
  }

  member(i: number): AllianceMember {
    const member = this.members[i];
    if (!member) throw new RangeError(`no member ${i}`);
    return member;
  }

  get running(): AllianceMember[] {
    return this.members.filter(({ isAlive }) => isAlive);
  }

  /** Polls; a condition that throws does not hold yet. At the deadline it fails with what all said. */
  async until(
    what: string,
    condition: () => boolean | Promise<boolean>,
    deadlineMs = WAIT_MS,
  ): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const trouble = await holds(condition);
      if (trouble === null) return;
      if (performance.now() > deadline) throw new Error(this.#report(what, trouble));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Until the members that run (or those given) are at one size, of `size` or more, with one root. */
  async agree({ size = 0, among = this.running } = {}): Promise<{ size: number; root: string }> {
    const [first] = among;
    if (!first) throw new Error('nobody runs');
    await this.until(`${among.length} members agree at size ${size} or more`, () => {
      const at = among.map((member) => member.ledger());
      return at.every((one) => one.size >= size && one.size === at[0]?.size);
    });
    const roots = new Set<string>();
    const common = Math.min(...among.map((member) => member.ledger().size));
    for (const member of among) roots.add(member.rootAt(common));
    expect([...roots], `one root at size ${common}`).toHaveLength(1);
    return { size: common, root: [...roots][0] ?? '' };
  }

  /** What each folder says of itself; the members may run. */
  fsck(members: readonly AllianceMember[] = this.members): void {
    for (const { name, place } of members) {
      const { findings } = fsck(place.data);
      const said = findings.map(({ code, where, text }) => `${code}: ${where}: ${text}`);
      expect(said, `${name}: ${said.join('; ')}`).toEqual([]);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.map((member) => member.stop()));
  }

  /** Ends every process, gently or not, and leaves nothing. */
  async remove(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill('both')));
    for (const { place } of this.members) rmSync(place.data, { recursive: true, force: true });
    rmSync(this.folder, { recursive: true, force: true });
  }

  #report(what: string, trouble: string): string {
    const members = this.members.map((member) => `${member.name}: ${member.report()}`);
    return [`it never came to that: ${what} (${trouble})`, ...members].join('\n');
  }
}

/** Null when it holds. */
async function holds(condition: () => boolean | Promise<boolean>): Promise<string | null> {
  try {
    return (await condition()) ? null : 'not so';
  } catch (error) {
    return (error as Error).message;
  }
}

function placeOf(
  { name, kind = 'participant', under, advertise }: MemberWish,
  { folder, first, i }: { folder: string; first: number; i: number },
): MemberPlace {
  const root = under === undefined ? folder : mkdtempSync(join(under, 'tg-fleet-'));
  const place = memberPlace({ name, kind, root, port: first + i * PORTS_A_MEMBER });
  return advertise ? { ...place, advertise: advertise(place.ports) } : place;
}

/** What is listened on, where the card names a proxy, and what the test wants otherwise. */
function configure({ data, ports }: MemberPlace, { settings = {}, config = {} }: MemberWish): void {
  const file = join(data, 'truegrain.json');
  const known = JSON.parse(readFileSync(file, 'utf8')) as { alliance: object };
  const own = { peerPort: ports.peer, p2pPort: ports.p2p };
  const alliance = { ...known.alliance, ...own, ...settings };
  writeFileSync(file, JSON.stringify({ ...known, ...config, alliance }));
}

/** Its own gateway and the right to speak for it. */
export function ownOf({ place, token }: AllianceMember): string[] {
  return ['--data', place.data, '--token', token];
}

async function inProcess(args: readonly string[]) {
  const { code, out, err } = await truegrain(args);
  return { code, lines: `${out}${err}`.trimEnd().split('\n') };
}

async function tokenOf({ data }: MemberPlace): Promise<string> {
  const roles = ['operator', 'auditor', 'deviceAdmin'];
  const { lines } = await inProcess(['token', 'add', '--data', data, '--role', ...roles]);
  const token = /\btg_[\w-]{43}\b/.exec(lines.join('\n'))?.[0];
  if (!token) throw new Error(lines.at(-1) ?? 'no token could be made');
  return token;
}
