// One member of an alliance as processes: gateway and engine, and what each says of the ledger.
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { evaluatePolicy, parsePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { dataFolder } from '../../gateway/data-folder.ts';
import { LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import { Proofs } from '../../gateway/log/proofs.ts';
import { BlockRow } from '../../gateway/store/block-row.ts';
import { type Db, openDatabase } from '../../gateway/store/database.ts';
import { enginePidOf } from '../../sim/alliance/engine-pid.ts';
import type { MemberPlace } from '../../sim/alliance/member-place.ts';
import { GatewayApi } from '../../sim/gateway-api.ts';
import { MemberProgram, type MemberReady } from '../../sim/programs/member-program.ts';
import type { Ending } from '../../sim/programs/program.ts';
import { truegrain } from './cli.ts';
import { killToTheEnd, signalTo } from './process-end.ts';

/** One line of the gateway's log (pino); the engine's own lines carry `engine`. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly engine?: string;
  readonly code?: string;
  readonly [field: string]: unknown;
}

export interface SeenCheckpoint {
  readonly size: number;
  /** Lower hex. */
  readonly root: string;
  /** Names of the witnesses whose cosignature verifies under the member's own policy. */
  readonly cosigners: readonly string[];
  readonly quorumMet: boolean;
  readonly note: string;
}

export type Part = 'gateway' | 'engine' | 'both';

export interface StartWishes {
  /** Instead of the built gateway: what stands between `node` and `alliance start`. */
  readonly node?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logLevel?: string;
}

const LINES_SHOWN = 8;

export class AllianceMember {
  readonly name: string;
  readonly iss: string;
  readonly place: MemberPlace;
  /** Of all roles. */
  readonly token: string;
  readonly httpUrl: string;
  readonly mqtt: { readonly host: string; readonly port: number };
  readonly api: GatewayApi;
  /** Over all starts. */
  readonly log: LogLine[] = [];
  #running: MemberProgram | null = null;
  #policy: string | null = null;

  constructor(place: MemberPlace, token: string) {
    const { name, iss, ports } = place;
    this.name = name;
    this.iss = iss;
    this.place = place;
    this.token = token;
    this.httpUrl = `http://127.0.0.1:${ports.http}`;
    this.mqtt = { host: '127.0.0.1', port: ports.mqtt };
    this.api = new GatewayApi(this.httpUrl, {
      operator: token,
      auditor: token,
      deviceAdmin: token,
    });
  }

  /** Does not wait: alone, a member opens no doors. */
  begin({ node, env, logLevel = 'info' }: StartWishes = {}): MemberProgram {
    if (this.isAlive) throw new Error(`${this.name} runs already`);
    this.#running = new MemberProgram({
      data: this.place.data,
      logLevel,
      ...(node && { node }),
      ...(env && { env }),
      onLine: (line) => this.#note(line),
    });
    return this.#running;
  }

  /** Resolves when its doors are open. */
  start(wishes?: StartWishes): Promise<MemberReady> {
    return this.begin(wishes).ready();
  }

  get isAlive(): boolean {
    return this.#running !== null && this.#running.program.ending === null;
  }

  get ending(): Ending | null {
    return this.#running?.program.ending ?? null;
  }

  get pid(): number {
    if (!this.#running) throw new Error(`${this.name} was not started`);
    return this.#running.program.pid;
  }

  enginePid(): Promise<number | null> {
    return enginePidOf(this.place.data);
  }

  async stop(): Promise<Ending | null> {
    return (await this.#running?.stop(60_000)) ?? null;
  }

  /** kill -9; resolves when the process is gone. Of `both` the gateway goes first. */
  async kill(part: Part): Promise<void> {
    const engines = new Set<number | null>();
    if (part !== 'gateway') engines.add(await this.enginePid());
    if (part !== 'engine' && this.isAlive) await this.#running?.program.kill();
    // The gateway may have started another meanwhile; the one before ends by itself without it.
    if (part === 'both') engines.add(await this.enginePid());
    for (const pid of engines) if (pid !== null) await killToTheEnd(pid);
  }

  /** Any signal, such as SIGSTOP; waits for nothing. */
  async signal(part: Part, signal: NodeJS.Signals): Promise<void> {
    const engine = part === 'gateway' ? null : await this.enginePid();
    if (part !== 'engine' && this.isAlive) signalTo(this.pid, signal);
    if (engine !== null) signalTo(engine, signal);
  }

  /** What its store holds, whether it runs or not; height 0 and no root before its first block. */
  ledger(): { height: number; size: number; root: string } {
    return this.#read((db) => {
      const block = new BlockRow(db).read();
      const size = new LedgerStore(db).leaves.size();
      return { height: block?.height ?? 0, size, root: block ? toHex(block.appHash) : '' };
    });
  }

  /** Lower hex, over the first `size` leaves of its store. */
  rootAt(size: number): string {
    return this.#read((db) => {
      const { tiles } = new LedgerStore(db);
      return toHex(new Proofs((level, index) => tiles.get(level, index)).root(size));
    });
  }

  /** Of GET /log/checkpoint, judged by `policy()`. */
  async checkpoint(): Promise<SeenCheckpoint> {
    const response = await fetch(`${this.httpUrl}/log/checkpoint`);
    if (!response.ok) throw new Error(`GET /log/checkpoint: ${response.status}`);
    const note = await response.text();
    const policy = parsePolicy(await this.policy());
    const verdict = policy.ok ? evaluatePolicy(policy.value, note) : policy;
    if (!verdict.ok) throw new Error(`${verdict.code}: ${verdict.detail}`);
    const { checkpoint, witnesses, quorumMet } = verdict.value;
    const { size, root } = checkpoint;
    const cosigners = witnesses.map(({ name }) => name);
    return { size, root: toHex(root), cosigners, quorumMet, note };
  }

  /** What `truegrain policy` prints; kept, as an auditor would. */
  async policy(): Promise<string> {
    if (this.#policy === null) {
      const { code, out, err } = await truegrain(['policy', '--data', this.place.data]);
      if (code !== 0) throw new Error(err);
      this.#policy = out;
    }
    return this.#policy;
  }

  forgetPolicy(): void {
    this.#policy = null;
  }

  /** For the message of a test that failed. */
  report(): string {
    const state = this.isAlive ? `runs, ${JSON.stringify(this.#lookedUp())}` : 'down';
    const said = this.log.slice(-LINES_SHOWN).map((line) => `    ${JSON.stringify(line)}`);
    return [state, JSON.stringify(this.ending), ...said].join('\n');
  }

  #lookedUp(): unknown {
    try {
      return this.ledger();
    } catch (error) {
      return (error as Error).message;
    }
  }

  #read<T>(read: (db: Db) => T): T {
    const db = openDatabase(dataFolder(this.place.data).ledger, { readonly: true });
    try {
      return db.transaction(() => read(db))();
    } finally {
      db.close();
    }
  }

  #note(text: string): void {
    if (!text.startsWith('{"level"')) return;
    this.log.push(JSON.parse(text) as LogLine);
  }
}
