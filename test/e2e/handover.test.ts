// A read point's serial scanner and a truck's keyboard scanner: two firmwares, one gateway.
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HandoverView } from '../../gateway/http/handover-backend.ts';
import { DeviceProgram, enrolDevice } from '../../sim/programs/device-program.ts';
import { keysOf } from '../support/evdev.ts';
import { GatewayProcess, hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';
import { hasSocat, openPtyPair, type PtyPair } from '../support/pty.ts';

const SSCC = '395212300000000018';
const ITEM = `https://id.gs1.org/00/${SSCC}`;
const DOCK = 'urn:dev:ops:32473-read-point-dock';
const TRUCK = 'urn:dev:ops:32473-box-truck';
const PAUSE_MS = 300;
/** Well below the rate limit of a token. */
const POLL_MS = 100;

const scanner = { min: null, max: null, resolution: null, calibration: null };
const text = (name: string) => {
  return { name, quantity: 'hand-over', unit: null, interface: 'scanner', ...scanner };
};
const number = (name: string, unit: string) => {
  const limits = { min: -100, max: 1e9, resolution: 0.001, calibration: null };
  return { name, quantity: 'hand-over', unit, interface: 'scanner', ...limits };
};
const SENSORS = [
  ...['scan', 'handover.role', 'handover.item', 'handover.seal'].map(text),
  ...['handover.number', 'handover.counterpart'].map(text),
  number('handover.count', 'count'),
  number('handover.since', 's'),
  number('handover.faults', 'count'),
  ...['temperature', 'handover.min.temperature', 'handover.max.temperature'].map((name) =>
    number(name, 'Cel'),
  ),
  ...['humidity'].map((name) => number(name, '%RH')),
];

group('pty', hasSocat && hasPrograms)('a hand-over from scanner to API', () => {
  let gateway: GatewayProcess;
  let pty: PtyPair;
  let keyboard = '';
  const running: DeviceProgram[] = [];

  beforeAll(async () => {
    gateway = await GatewayProcess.started();
    pty = await openPtyPair();
    keyboard = join(gateway.folder, 'event0');
    expect(spawnSync('mkfifo', [keyboard]).status).toBe(0);
  });
  afterAll(async () => {
    for (const device of running) await device.kill();
    await gateway.remove();
    await pty.close();
  });

  /** Enrolled and sampling. */
  async function run(urn: string, sensors: object[]): Promise<void> {
    const folder = join(gateway.folder, urn.slice(-5));
    mkdirSync(folder);
    const config = join(folder, 'device.json');
    const { host, port } = gateway.mqtt;
    const json = {
      device: urn,
      dataDir: 'data',
      gateway: { mqttUrl: `mqtt://${host}:${port}` },
      sensors,
      packing: { recordsMax: 200, intervalMs: 100 },
      reportingIntervalMs: 60_000,
      queue: { freeDiskFloorBytes: 0 },
      uplink: { firstDelayMsMax: 0, backoffBaseMs: 20, backoffCeilingMs: 200 },
    };
    writeFileSync(config, JSON.stringify(json), { mode: 0o600 });
    const asked = { device: urn, reportingIntervalS: 60, sensors: SENSORS };
    const { token, ledgerId } = await gateway.api.createEnrolment(asked as never);
    await enrolDevice({ config, url: gateway.httpUrl, token, ledgerId, alg: 'ed25519' });
    let isReady = false;
    const program = new DeviceProgram({
      config,
      onLine: ({ msg }) => {
        isReady ||= msg === 'receipted';
      },
    });
    running.push(program);
    if (!(await program.until(() => isReady))) throw new Error(program.program.lines.join('\n'));
  }

  async function handovers(): Promise<HandoverView[]> {
    const path = `/v1/handovers?item=${encodeURIComponent(ITEM)}`;
    const headers = { authorization: `Bearer ${gateway.tokens.auditor}` };
    const response = await fetch(`${gateway.httpUrl}${path}`, { headers });
    return ((await response.json()) as { handovers: HandoverView[] }).handovers;
  }

  /** Asks until the hand-over at that place is so. */
  async function until(state: HandoverView['state'], at = 0): Promise<HandoverView> {
    for (;;) {
      const found = (await handovers())[at];
      if (found?.state === state) return found;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  test('both sides sign their half, and it agrees; another seal, and it differs', async () => {
    const part = { pauseMs: PAUSE_MS };
    await run(DOCK, [
      {
        ...{ type: 'scanner', name: 'dock', intervalMs: 50, serial: { path: pty.b } },
        handover: { ...part, role: 'giver', counterpart: TRUCK },
      },
    ]);
    await run(TRUCK, [
      { type: 'generator', name: 'cargo', seed: 1, intervalMs: 50 },
      {
        ...{ type: 'hid-scanner', name: 'cab', intervalMs: 50, path: keyboard },
        handover: { ...part, role: 'receiver', condition: ['temperature'] },
      },
    ]);
    const keys = openSync(keyboard, constants.O_WRONLY);
    const scanAtDock = (...lines: string[]) =>
      writeFileSync(pty.a, lines.map((line) => `${line}\r\n`).join(''), { flag: 'r+' });
    const scanInTruck = (...lines: string[]) => {
      for (const line of lines) writeSync(keys, keysOf(`${line}\r`));
    };

    scanAtDock(`]C100${SSCC}`, 'SEAL-0042');
    const open = await until('open');
    expect(open).toMatchObject({ receiver: null, giver: { device: DOCK, seal: 'SEAL-0042' } });
    scanInTruck(`]C100${SSCC}`, 'SEAL-0042');
    const agreed = await until('agreed');
    expect(agreed.receiver).toMatchObject({
      ...{ device: TRUCK, role: 'receiver', seal: 'SEAL-0042', count: 1 },
      condition: { faults: 0, sensors: [{ sensor: 'temperature', unit: 'Cel' }] },
    });
    const [extremes] = agreed.receiver!.condition!.sensors;
    expect(extremes!.min!).toBeLessThanOrEqual(extremes!.max!);

    // The truck gives now, says its card; the shop's side reads another seal.
    scanInTruck('TG-GIVER', `]C100${SSCC}`, 'SEAL-0042');
    await until('open', 1);
    scanAtDock('TG-RECEIVER', `]C100${SSCC}`, 'SEAL-0043');
    const differs = await until('differs', 1);
    expect(differs.differences).toEqual([
      { field: 'seal', giver: 'SEAL-0042', receiver: 'SEAL-0043' },
    ]);
    closeSync(keys);

    // Each half is a statement like any other, with evidence that proves it.
    const id = Buffer.from(agreed.receiver!.statementId, 'hex');
    const evidence = await gateway.api.evidence(id);
    const file = join(gateway.folder, 'half.tgev');
    writeFileSync(file, evidence);
    const verified = await gateway.run('verify', file, '--ledger', gateway.ledgerId);
    expect(verified.code).toBe(0);
  });
});
