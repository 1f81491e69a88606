import { join } from 'node:path';
import type { GatewayApi, Tokens } from '../gateway-api.ts';
import { typedTruegrain } from '../programs/built.ts';
import { type DeviceLine, DeviceProgram } from '../programs/device-program.ts';
import type { GatewayProgram } from '../programs/gateway-program.ts';
import { enrolledFleetDevice } from './enrol.ts';
import { type FleetDevice, fleetOf } from './fleet.ts';
import { type DemoState, DemoView, type DeviceRow } from './view.ts';

export interface FleetRun {
  readonly gateway: GatewayProgram;
  readonly api: GatewayApi;
  readonly tokens: Tokens;
  readonly data: string;
  readonly startedMs: number;
  readonly signal: AbortSignal;
}

const POLL_MS = 1_000;
/** Long enough to copy a command from the screen. */
const PROOF_MS = 30_000;

/** Enrols who is not yet, runs the three devices and the view until `signal`; gives the exit code. */
export async function runFleet(run: FleetRun): Promise<number> {
  const folder = join(run.data, 'demo');
  const fleet = fleetOf(folder);
  const state = stateOf(run, fleet);
  const running: DeviceProgram[] = [];
  const view = new DemoView(process.stdout, state);
  try {
    view.start();
    const devices = await Promise.all(
      fleet.map(async (device, index) => {
        const { mqttUrl } = run.gateway;
        const config = await enrolledFleetDevice(device, { api: run.api, mqttUrl, folder });
        const row = state.devices[index];
        return row && { row, config };
      }),
    );
    for (const device of devices) if (device) running.push(startDevice(state, device));
    return await untilEnd(run, running, state);
  } finally {
    view.stop();
    await Promise.all(running.map((device) => device.stop()));
  }
}

function startDevice(
  state: DemoState,
  { row, config }: { row: DeviceRow; config: string },
): DeviceProgram {
  const packs = new Set<string>();
  return new DeviceProgram({
    config,
    onLine: (line) => {
      const { id = '' } = line;
      if (line.msg === 'queued' && line.kind === 'pack') packs.add(id);
      noteLine(state, row, line);
      if (line.msg === 'receipted' && packs.delete(id)) noteProof(state, id);
    },
  });
}

function noteLine(state: DemoState, row: DeviceRow, line: DeviceLine): void {
  if (line.msg === 'queued') row.queued += 1;
  else if (line.msg === 'accepted') row.accepted += 1;
  else if (line.msg === 'connected') row.trouble = '';
  else if (line.msg === 'receipted') {
    row.receipted += 1;
    const atMs = Date.now();
    state.firstReceiptMs ??= atMs - state.startedMs;
    state.lastReceipt = { device: row.name, leafIndex: line.leafIndex ?? 0, atMs };
  } else if (line.level !== 'info') {
    row.trouble = [line.msg, line.code ?? line.reason ?? line.detail].filter(Boolean).join(': ');
  }
}

function noteProof(state: DemoState, id: string): void {
  const atMs = Date.now();
  if (state.proof === null || atMs - state.proof.atMs > PROOF_MS) state.proof = { id, atMs };
}

/** The first program to end by itself ends the demo: the others would only look alive. */
async function untilEnd(
  run: FleetRun,
  running: readonly DeviceProgram[],
  state: DemoState,
): Promise<number> {
  const { signal } = run;
  const poll = setInterval(() => void refresh(run, state), POLL_MS);
  const asked = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null));
  });
  const programs = [run.gateway.program, ...running.map(({ program }) => program)];
  const first = await Promise.race([
    asked,
    ...programs.map((program) => program.ended.then(() => program)),
  ]);
  clearInterval(poll);
  if (first === null) return 0;
  throw new Error(`${first.name} ended by itself: ${first.lines.at(-1) ?? 'it said nothing'}`);
}

/** What only the gateway knows; a failed poll leaves the last picture. */
async function refresh({ api }: FleetRun, state: DemoState): Promise<void> {
  try {
    const { size, anchoredSize } = await api.health();
    state.logSize = size;
    state.anchoredSize = anchoredSize;
    for (const row of state.devices) row.lastReading = await lastReading(api, row.urn);
  } catch {
    // Shown by the devices themselves, which then report the connection.
  }
}

async function lastReading(api: GatewayApi, device: string): Promise<string> {
  const rows = await api.page({ device, fromMs: String(Date.now() - 5_000), limit: '1000' });
  const newest = new Map(rows.map((row) => [row.name.split(':').at(-1), row]));
  return [...newest.values()].map(({ value, unit }) => `${value} ${unit ?? ''}`.trim()).join(', ');
}

function stateOf(run: FleetRun, fleet: readonly FleetDevice[]): DemoState {
  const devices = fleet.map(({ name, urn }) => {
    return { name, urn, lastReading: '', queued: 0, accepted: 0, receipted: 0, trouble: '' };
  });
  return {
    startedMs: run.startedMs,
    devices,
    hints: (id) => hints(run, id),
    logSize: 0,
    anchoredSize: 0,
    lastReceipt: null,
    proof: null,
    firstReceiptMs: null,
  };
}

function hints({ gateway, tokens }: FleetRun, id: string | null): string[] {
  const { httpUrl, mqttUrl, ledgerId } = gateway;
  const lines = [
    `API         ${httpUrl}/openapi.json`,
    `Checkpoint  ${httpUrl}/log/checkpoint`,
    `MQTT        ${mqttUrl}`,
    `Ledger id   ${ledgerId}`,
  ];
  if (id === null) return lines;
  const evidence = `curl -sfo last.tgev -H 'Authorization: Bearer ${tokens.auditor}' ${httpUrl}/v1/statements/${id}/evidence`;
  return [
    ...lines,
    'Take the proof of a receipted reading, then verify it with the network off:',
    `  ${evidence}`,
    `  ${typedTruegrain()} verify last.tgev --ledger ${ledgerId}`,
  ];
}
