import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parsePolicy } from '@truegrain/device-sdk/formats/tlog-policy.js';
import { fleetOf } from '../demo/fleet.ts';
import { GATEWAY_PROGRAM } from '../programs/built.ts';
import { Program } from '../programs/program.ts';
import { exportPolicy, founded, withTokens } from './ceremony.ts';
import { DemoDevice } from './device.ts';
import { killEngineOf } from './engine-pid.ts';
import { DemoMember } from './member.ts';
import { Setting } from './setting.ts';
import {
  type AllianceScene,
  AllianceView,
  checkpointLines,
  headLines,
  lineOf,
  proofLines,
  standingOf,
} from './view.ts';

const EVERY_MS = 1_000;
/** Which device of the cold chain stands where. */
const DEVICE_AT: Readonly<Record<string, string>> = {
  mill: 'cold-room',
  carrier: 'truck',
  shop: 'pallet-logger',
};

/**
 * `npm run alliance`: four members, each a gateway and an engine, and three devices, all processes
 * of their own and kept running. Ends with Ctrl-C; gives the exit code.
 */
export async function runAlliance(): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  const view = new AllianceView(process.stdout);
  try {
    await findEngine(stop.signal);
    const setting = await Setting.open(process.env);
    const ceremony = { signal: stop.signal, say: (words: string) => view.say(words) };
    await founded(setting, ceremony);
    await withTokens(setting, ceremony);
    await run(setting, { view, signal: stop.signal });
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return 0;
    process.stderr.write(`truegrain alliance demo: ${(error as Error).message}\n`);
    return 1;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
  }
}

/** Found, or built while its progress is shown. */
async function findEngine(signal: AbortSignal): Promise<void> {
  const program = new Program({
    name: 'truegrain alliance engine',
    file: GATEWAY_PROGRAM,
    args: ['alliance', 'engine'],
    onLine: (line) => process.stderr.write(`${line}\n`),
  });
  // Its group: a compiler may be at work below it.
  const end = () => process.kill(-program.pid, 'SIGTERM');
  signal.addEventListener('abort', end);
  const { code } = await program.ended;
  signal.removeEventListener('abort', end);
  if (code !== 0) throw new Error(program.lines.at(-1)?.replace(/^truegrain: /, '') ?? 'no engine');
}

interface Run {
  readonly view: AllianceView;
  readonly signal: AbortSignal;
}

async function run(setting: Setting, { view, signal }: Run): Promise<void> {
  const onNews = (words: string) => view.news(words);
  const members = setting.members.map((place) => {
    return new DemoMember(place, { token: setting.token(place) ?? '', onNews });
  });
  const devices: DemoDevice[] = [];
  try {
    if (signal.aborted) return;
    view.say('Starting four gateways, each with its engine …');
    await orAborted(signal, Promise.all(members.map(({ gateway }) => gateway.start())));
    if (signal.aborted) return;
    view.say('Enrolling three devices, each at the gateway of one participant …');
    await orAborted(signal, startDevices(setting, { members, devices, onNews }));
    if (signal.aborted) return;
    await show(await sceneOf(setting, { members, devices }), { view, signal });
  } finally {
    view.say('Ending devices, gateways and engines …');
    await Promise.all(devices.map((device) => device.stop()));
    await Promise.all(members.map(({ gateway }) => gateway.stop()));
    // Only a gateway that had to be killed leaves its engine.
    await Promise.all(members.map(({ place }) => killEngineOf(place.data)));
  }
}

async function startDevices(
  { root }: Setting,
  parts: { members: DemoMember[]; devices: DemoDevice[]; onNews: (words: string) => void },
): Promise<void> {
  const { members, devices, onNews } = parts;
  const folder = join(root, 'devices');
  const fleet = fleetOf(folder);
  for (const member of members) {
    const device = fleet.find(({ name }) => name === DEVICE_AT[member.name]);
    if (device) devices.push(await DemoDevice.start(device, member, { folder, onNews }));
  }
}

async function sceneOf(
  setting: Setting,
  { members, devices }: Pick<AllianceScene, 'members' | 'devices'>,
): Promise<AllianceScene> {
  const policyFile = await exportPolicy(setting);
  const policy = parsePolicy(readFileSync(policyFile, 'utf8'));
  if (!policy.ok) throw new Error(`${policyFile}: ${policy.detail}`);
  await Promise.all(members.map((member) => member.refresh()));
  const ledgerId = members[0]?.status?.ledgerId ?? '';
  return { setting, members, devices, ledgerId, policyFile, policy: policy.value };
}

/** Once a second until `signal`. The whole note is shown each time all have cosigned again. */
async function show(scene: AllianceScene, { view, signal }: Run): Promise<void> {
  const { members, devices } = scene;
  view.say(...headLines(scene));
  let isNoteShown = false;
  let isProofShown = false;
  while (!signal.aborted) {
    for (const member of members) void member.refresh();
    const standing = standingOf(scene);
    if (members.some(({ isUp }) => !isUp)) isNoteShown = false;
    else if (!isNoteShown && standing?.cosigners.length === members.length) {
      view.say(...checkpointLines(standing));
      isNoteShown = true;
    }
    const proved = devices.find(({ proof }) => proof !== null);
    if (!isProofShown && proved) {
      view.say(...proofLines(scene, proved));
      isProofShown = true;
    }
    view.line(lineOf(scene, standing));
    await delay(EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

async function orAborted(signal: AbortSignal, work: Promise<unknown>): Promise<void> {
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([work, aborted]);
}
