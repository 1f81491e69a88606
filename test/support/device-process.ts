// The built firmware in a process and a folder of its own.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { GatewayApi } from '../../sim/gateway-api.ts';
import { type DeviceLine, DeviceProgram, enrolDevice } from '../../sim/programs/device-program.ts';
import { Site } from '../../sim/site.ts';
import { World } from '../../sim/world.ts';
import type { GatewayProcess } from './gateway-process.ts';

export interface DeviceWishes {
  readonly name: string;
  readonly alg?: 'es256' | 'ed25519';
  readonly sampleMs?: number;
  readonly packMs?: number;
  /** Folder of the device's data; the gateway's own by default. */
  readonly under?: string;
  readonly mqttUrl?: string;
  readonly queue?: object;
  readonly uplink?: object;
}

const REPORTING_INTERVAL_S = 60;

export class DeviceProcess {
  readonly urn: string;
  readonly config: string;
  readonly dataDir: string;
  /** Over all starts. */
  readonly queued = new Set<string>();
  readonly receipted = new Set<string>();
  readonly refused: DeviceLine[] = [];
  /** Gap records: a full queue owning up to what it dropped. */
  readonly gapRecords = new Set<string>();
  #running: DeviceProgram | null = null;

  private constructor(urn: string, config: string, dataDir: string) {
    this.urn = urn;
    this.config = config;
    this.dataDir = dataDir;
  }

  /** A seeded cold room, enrolled over HTTP with a one-time token; not yet started. */
  static async enrolled(gateway: GatewayProcess, wishes: DeviceWishes): Promise<DeviceProcess> {
    const urn = `urn:dev:ops:32473-e2e-${wishes.name}`;
    const folder = join(wishes.under ?? gateway.folder, wishes.name);
    mkdirSync(folder, { recursive: true });
    const config = join(folder, 'device.json');
    const dataDir = join(folder, 'data');
    writeFileSync(config, JSON.stringify(configOf(urn, gateway, wishes)), { mode: 0o600 });
    const room = new Site(new World(1), 'e2e').room(wishes.name, 4);
    const { token, ledgerId } = await gateway.api.createEnrolment({
      device: urn,
      reportingIntervalS: REPORTING_INTERVAL_S,
      sensors: room.sensors,
    });
    const { alg = 'ed25519' } = wishes;
    await enrolDevice({ config, url: gateway.httpUrl, token, ledgerId, alg });
    return new DeviceProcess(urn, config, dataDir);
  }

  start({ shell }: { shell?: string } = {}): DeviceProgram {
    this.#running = new DeviceProgram({
      config: this.config,
      ...(shell === undefined ? {} : { shell }),
      onLine: (line) => this.#note(line),
    });
    return this.#running;
  }

  get running(): DeviceProgram {
    if (!this.#running) throw new Error('the device was not started');
    return this.#running;
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  async kill(): Promise<void> {
    await this.#running?.kill();
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(dirname(this.config), { recursive: true, force: true });
  }

  /**
   * Until everything it ever queued is in the log, whoever saw it: the line that says so may have
   * been lost with the process that printed it.
   */
  async arrived(api: GatewayApi): Promise<void> {
    for (;;) {
      const marker = [...this.queued].at(-1) ?? '';
      const isIn = await this.running.until(() => this.receipted.has(marker));
      const left = await this.#notLogged(api);
      if (left.length === 0) return;
      if (!isIn) throw new Error(`ended with ${left.length} frames without a receipt`);
    }
  }

  /** One question for all packs; boot records have no readings and are asked for one by one. */
  async #notLogged(api: GatewayApi): Promise<string[]> {
    const rows = await api.readings({ device: this.urn });
    const logged = new Set(rows.map(({ statementId }) => statementId));
    const left = [];
    for (const id of this.queued) {
      if (this.receipted.has(id) || logged.has(id)) continue;
      if ((await api.receipt(Buffer.from(id, 'hex'))) === null) left.push(id);
    }
    return left;
  }

  #note(line: DeviceLine): void {
    if (line.kind === 'gap' && line.id) this.gapRecords.add(line.id);
    if (line.msg === 'queued' && line.id) this.queued.add(line.id);
    else if (line.msg === 'receipted' && line.id) this.receipted.add(line.id);
    else if (line.msg === 'refused') this.refused.push(line);
  }
}

function configOf(urn: string, gateway: GatewayProcess, wishes: DeviceWishes): object {
  const { name, sampleMs = 50, packMs = 100, queue = {}, uplink = {} } = wishes;
  const { host, port } = gateway.mqtt;
  return {
    device: urn,
    dataDir: 'data',
    gateway: { mqttUrl: wishes.mqttUrl ?? `mqtt://${host}:${port}` },
    sensors: [{ type: 'generator', name, intervalMs: sampleMs, seed: 1 }],
    packing: { recordsMax: 20, intervalMs: packMs },
    reportingIntervalMs: REPORTING_INTERVAL_S * 1_000,
    queue: { freeDiskFloorBytes: 0, ...queue },
    uplink: {
      firstDelayMsMax: 0,
      backoffBaseMs: 20,
      backoffCeilingMs: 200,
      answerTimeoutMs: 1_000,
      ...uplink,
    },
  };
}
