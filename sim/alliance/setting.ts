import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { arePortsFree } from './free-ports.ts';
import { type MemberPlace, memberPlace, PORTS_A_MEMBER } from './member-place.ts';

/** What stands in `alliance.json`, for the demo alone: a real gateway shows a token once. */
interface Kept {
  readonly basePort: number;
  /** Of all roles, by member. */
  readonly tokens?: Readonly<Record<string, string>>;
}

/** Where this alliance lives. Its ports stand in what its members signed and stay. */
export class Setting {
  readonly root: string;
  readonly basePort: number;
  readonly members: readonly MemberPlace[];
  #tokens: Readonly<Record<string, string>>;

  private constructor(root: string, { basePort, tokens = {} }: Kept) {
    this.root = root;
    this.basePort = basePort;
    this.members = MEMBERS.map(({ name, kind }, i) =>
      memberPlace({ name, kind, root, port: basePort + i * PORTS_A_MEMBER }),
    );
    this.#tokens = tokens;
  }

  /** As it was founded, else new: on free ports from TRUEGRAIN_BASE_PORT on. */
  static async open(env: NodeJS.ProcessEnv): Promise<Setting> {
    const root = resolve(env['TRUEGRAIN_DATA'] || '.truegrain/alliance');
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const kept = readKept(keptFile(root));
    if (kept) return new Setting(root, kept);
    const basePort = await freeBase(wantedBase(env));
    const setting = new Setting(root, { basePort });
    setting.#write();
    return setting;
  }

  get keptFile(): string {
    return keptFile(this.root);
  }

  token({ name }: MemberPlace): string | null {
    return this.#tokens[name] ?? null;
  }

  keepToken({ name }: MemberPlace, token: string): void {
    this.#tokens = { ...this.#tokens, [name]: token };
    this.#write();
  }

  #write(): void {
    const kept: Kept = { basePort: this.basePort, tokens: this.#tokens };
    writeFileSync(this.keptFile, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  }
}

/** Three that carry the goods and one that watches over the market; four is the least that stand one fault. */
const MEMBERS = [
  { name: 'mill', kind: 'participant' },
  { name: 'carrier', kind: 'participant' },
  { name: 'shop', kind: 'participant' },
  { name: 'authority', kind: 'regulator' },
] as const;

const BASE_PORT = 8_100;
const BASE_PORT_MAX = 65_000;
const BASE_PORT_STEP = 100;

function wantedBase(env: NodeJS.ProcessEnv): number {
  const text = env['TRUEGRAIN_BASE_PORT'] || String(BASE_PORT);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= BASE_PORT_MAX) return port;
  throw new Error(`TRUEGRAIN_BASE_PORT is "${text}": must be 1 to ${BASE_PORT_MAX}`);
}

async function freeBase(wanted: number): Promise<number> {
  for (let base = wanted; base <= BASE_PORT_MAX; base += BASE_PORT_STEP) {
    if (await arePortsFree(base, MEMBERS.length * PORTS_A_MEMBER)) return base;
  }
  throw new Error(`no free ports from ${wanted} on`);
}

const keptFile = (root: string) => join(root, 'alliance.json');

function readKept(file: string): Kept | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : null;
}
