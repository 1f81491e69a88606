// The built gateway in a process and a folder of its own, as an operator would run it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addToken } from '../../sim/demo/tokens.ts';
import { GatewayApi, type Tokens } from '../../sim/gateway-api.ts';
import { isBuilt } from '../../sim/programs/built.ts';
import {
  environmentOf,
  type GatewayPlace,
  GatewayProgram,
  initialise,
  type StartOptions,
  truegrain,
} from '../../sim/programs/gateway-program.ts';
import { Stage } from '../../sim/stage.ts';
import { VirtualClock, World } from '../../sim/world.ts';

/** `npm test` builds first; a test file run by itself may find nothing to run. */
export const hasPrograms = isBuilt();

const HOUR_MS = 3_600_000;

export class GatewayProcess {
  readonly folder: string;
  readonly data: string;
  readonly tokens: Tokens;
  #running: GatewayProgram | null = null;
  #place: GatewayPlace;

  private constructor(folder: string, place: GatewayPlace, tokens: Tokens) {
    this.folder = folder;
    this.data = place.data;
    this.#place = place;
    this.tokens = tokens;
  }

  /**
   * Founded, with a token of each role, not yet started. `under` is a folder of another disk,
   * `options` are of `truegrain init`.
   */
  static async found({
    under = tmpdir(),
    options = [] as readonly string[],
  } = {}): Promise<GatewayProcess> {
    const folder = mkdtempSync(join(under, 'truegrain-e2e-'));
    const place = { data: join(folder, 'gateway'), httpPort: 0, mqttPort: 0 };
    await initialise(place, options);
    const tokens = {
      operator: await addToken(place, 'operator'),
      auditor: await addToken(place, 'auditor'),
      deviceAdmin: await addToken(place, 'deviceAdmin'),
    };
    return new GatewayProcess(folder, place, tokens);
  }

  static async started(options?: StartOptions): Promise<GatewayProcess> {
    const gateway = await GatewayProcess.found();
    await gateway.start(options);
    return gateway;
  }

  /** Again on the ports of the first time, where the devices expect it. */
  async start(options?: StartOptions): Promise<void> {
    this.#running = await GatewayProgram.start(this.#place, options);
    const httpPort = Number(new URL(this.#running.httpUrl).port);
    this.#place = { ...this.#place, httpPort, mqttPort: this.mqtt.port };
  }

  get program(): GatewayProgram {
    if (!this.#running) throw new Error('the gateway was not started');
    return this.#running;
  }

  get httpUrl(): string {
    return this.program.httpUrl;
  }

  get ledgerId(): string {
    return this.program.ledgerId;
  }

  get mqtt(): { host: string; port: number } {
    const { hostname, port } = new URL(this.program.mqttUrl);
    return { host: hostname, port: Number(port) };
  }

  get api(): GatewayApi {
    return new GatewayApi(this.httpUrl, this.tokens);
  }

  get isAlive(): boolean {
    return this.program.program.ending === null;
  }

  /** A world whose time began some hours ago, so that its packs are in the past. */
  stage(name: string, { seed = 1, hours = 12 } = {}): Stage {
    const world = new World(seed, new VirtualClock(Date.now() - hours * HOUR_MS));
    const { api, mqtt } = this;
    return new Stage({ name, world, api, mqtt, gateway: this });
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  async kill(): Promise<void> {
    await this.#running?.kill();
  }

  /** Resident set, in bytes; 0 where the system does not tell. */
  rssBytes(): number {
    try {
      const status = readFileSync(`/proc/${this.program.program.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      return 0;
    }
  }

  run(...args: string[]) {
    return truegrain(args, environmentOf(this.#place));
  }

  /** The same program on another folder, on free ports unless `env` says which. */
  runOn(data: string, env: Readonly<Record<string, string>>, ...args: string[]) {
    const place = { data, httpPort: 0, mqttPort: 0 };
    return truegrain(args, { ...environmentOf(place), ...env });
  }

  async remove(): Promise<void> {
    await this.#running?.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
