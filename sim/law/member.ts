import type { MemberPlace } from '../alliance/member-place.ts';
import { truegrain } from '../programs/gateway-program.ts';
import { MemberProgram, type MemberReady } from '../programs/member-program.ts';

const ROLES = ['operator', 'auditor', 'deviceAdmin'];

/** A member at its own keyboard: its gateway runs, and what it says it says by command. */
export class LawMember {
  readonly place: MemberPlace;
  readonly token: string;
  readonly #program: MemberProgram;
  #ready: MemberReady | null = null;

  private constructor(place: MemberPlace, token: string) {
    this.place = place;
    this.token = token;
    this.#program = new MemberProgram({ data: place.data });
  }

  /** All at once: a gateway is ready when it sees more than half of the others. */
  static async started(places: readonly MemberPlace[]): Promise<LawMember[]> {
    const members: LawMember[] = [];
    for (const place of places) members.push(new LawMember(place, await newToken(place)));
    const starts = members.map(async (member) => {
      member.#ready = await member.#program.ready();
    });
    const failed = (await Promise.allSettled(starts)).find(({ status }) => status === 'rejected');
    if (failed?.status !== 'rejected') return members;
    await Promise.all(members.map((member) => member.stop()));
    throw failed.reason;
  }

  get name(): string {
    return this.place.name;
  }

  get url(): string {
    return this.#ready?.httpUrl ?? '';
  }

  get mqttUrl(): string {
    return this.#ready?.mqttUrl ?? '';
  }

  get ledgerId(): string {
    return this.#ready?.ledgerId ?? '';
  }

  /** `truegrain …` in this member's folder; gives what it answers with --json. */
  async says<T>(...args: string[]): Promise<T> {
    const { code, lines } = await truegrain([
      ...args,
      ...['--data', this.place.data, '--url', this.url, '--token', this.token, '--json'],
    ]);
    const answer = lines.findLast((line) => line.startsWith('{') || line.startsWith('['));
    if (code !== 0 || answer === undefined) {
      throw new Refusal(`truegrain ${args.slice(0, 2).join(' ')}: ${lines.at(-1) ?? code}`);
    }
    return JSON.parse(answer) as T;
  }

  async get<T>(path: string): Promise<T> {
    const headers = { authorization: `Bearer ${this.token}` };
    const response = await fetch(`${this.url}${path}`, { headers });
    if (!response.ok) throw new Refusal(`GET ${path}: ${response.status}`);
    return (await response.json()) as T;
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }
}

/** A command that the gateway or the ledger refused; the message is what it said. */
export class Refusal extends Error {}

async function newToken({ data }: MemberPlace): Promise<string> {
  const { code, lines } = await truegrain(['token', 'add', '--data', data, '--role', ...ROLES]);
  const token = lines.map((line) => /\btg_[\w-]{43}\b/.exec(line)?.[0]).find(Boolean);
  if (code === 0 && token) return token;
  throw new Refusal(lines.at(-1) ?? 'no token could be made');
}
