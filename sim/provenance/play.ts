import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayApi } from '../gateway-api.ts';
import type { Reading } from '../instrument.ts';
import { truegrain } from '../programs/gateway-program.ts';
import { type Actor, Stage } from '../stage.ts';
import { VirtualClock, World } from '../world.ts';
import { capturedEvents } from './events.ts';
import type { Urns } from './found.ts';
import { GOODS } from './goods.ts';
import { HOUR_MS, HOURS, MINUTE_MS } from './hours.ts';
import {
  conditionIn,
  half,
  handoverScanner,
  lostPack,
  scanner,
  scans,
  thermometer,
  trailerPacks,
} from './instruments.ts';

export interface Play {
  readonly startMs: number;
  readonly api: GatewayApi;
  readonly mqttUrl: string;
  readonly operatorToken: string;
  readonly data: string;
  readonly say: (words: string) => void;
}

const PROFILE = 'food-chilled';
const SEED = 26;
const SEAL = 'H-204117';
/** What the shop reads at the door: somebody opened the trailer on the way, or misread the seal. */
const SEAL_AT_SHOP = 'H-204171';

const NAMES = {
  packing: 'packing-station',
  millDock: 'mill-dock',
  cab: 'truck-cab',
  shopDock: 'shop-dock',
  trailer: 'trailer-probe',
} as const;

const urnOf = (name: string) => `urn:dev:ops:32473-sim-${SEED}-rice-${name}`;

export const URNS: Urns = {
  packing: urnOf(NAMES.packing),
  shopDock: urnOf(NAMES.shopDock),
  trailer: urnOf(NAMES.trailer),
};

interface Cast {
  readonly stage: Stage;
  readonly packing: Actor;
  readonly millDock: Actor;
  readonly cab: Actor;
  readonly shopDock: Actor;
  readonly trailer: Actor;
}

/** A day of chilled rice: everything is in the log when this resolves. */
export async function playProvenance(play: Play): Promise<void> {
  const { api, say, startMs } = play;
  await adoptProfile(play);
  const cast = await enrolled(play);
  try {
    await bindProfile(play);
    await claim(play);
    const events = capturedEvents(startMs);
    for (const event of events) await api.post('/epcis/events', event);
    say(`${events.length} events captured over HTTP, each a signed statement of its own`);
    await pack(play, cast);
    await ride(play, cast);
    await derived(api, events.length);
  } finally {
    cast.stage.leave();
  }
}

async function adoptProfile(play: Play): Promise<void> {
  play.say(`The profile ${PROFILE} is adopted; Dr. R. Example answers for its rules`);
  await said(play, [
    ...['profile', 'propose', PROFILE, '--reason', 'we ship chilled rice'],
    ...['--name', 'Dr. R. Example', '--organisation', 'The Mill'],
    ...['--contact', 'mailto:quality@mill.invalid'],
  ]);
}

function bindProfile(play: Play): Promise<void> {
  return said(play, ['profile', 'bind', URNS.trailer, PROFILE]);
}

/** Words about the lot: they stand beside the facts, and are none. */
async function claim(play: Play): Promise<void> {
  await said(play, [
    ...['claim', GOODS.packedLot, '--text', 'From organic farming, grown near Wuchang'],
    ...['--name', 'B. Example', '--organisation', 'The Mill, sales'],
    ...['--contact', 'mailto:sales@mill.invalid'],
  ]);
  play.say('Sales claims “organic”: it is kept under their name, without a grade');
}

async function said(play: Play, command: readonly string[]): Promise<void> {
  const { data, api, operatorToken } = play;
  const { code, lines } = await truegrain([
    ...command,
    ...['--data', data, '--url', api.url, '--token', operatorToken, '--yes'],
  ]);
  if (code !== 0) throw new Error(`truegrain ${command[0]}: ${lines.at(-1) ?? code}`);
}

async function enrolled({ startMs, api, mqttUrl, say }: Play): Promise<Cast> {
  const { hostname: host, port } = new URL(mqttUrl);
  const world = new World(SEED, new VirtualClock(startMs));
  const stage = new Stage({ name: 'rice', world, api, mqtt: { host, port: Number(port) } });
  const packing = await stage.enter(scanner(NAMES.packing));
  const millDock = await stage.enter(handoverScanner(NAMES.millDock));
  const cab = await stage.enter(handoverScanner(NAMES.cab));
  const shopDock = await stage.enter(handoverScanner(NAMES.shopDock));
  const probe = thermometer(Date.now());
  const trailer = await stage.enter(probe, { subject: GOODS.trailer });
  say('Five devices are registered: three scanners, the truck’s own, and the trailer’s probe');
  return { stage, packing, millDock, cab, shopDock, trailer };
}

async function pack({ startMs, say }: Play, { stage, packing }: Cast): Promise<void> {
  const atMs = startMs + HOURS.stacked * HOUR_MS;
  for (const [i, { boxes, pallet }] of [GOODS.shipped, GOODS.kept].entries()) {
    const readings = scans([...boxes, pallet], atMs + i * 5 * MINUTE_MS);
    await sent(stage, packing, readings);
    say(`The packing station scanned ${boxes.length} boxes and their pallet`);
  }
}

async function ride(play: Play, { stage, millDock, cab, shopDock, trailer }: Cast): Promise<void> {
  const { startMs, say } = play;
  const thing = GOODS.shipped.pallet;
  const [cabUrn, dockUrn] = [cab.source.urn, millDock.source.urn];
  const loadedMs = startMs + HOURS.loaded * HOUR_MS;
  const atMill = { thing, seal: SEAL };
  await sent(stage, millDock, half({ role: 'giver', ...atMill, counterpart: cabUrn }, loadedMs));
  const taken = half({ role: 'receiver', ...atMill, counterpart: dockUrn }, loadedMs + MINUTE_MS);
  await sent(stage, cab, taken);
  say(`Mill and driver signed the hand-over of the pallet under seal ${SEAL}`);

  const packs = trailerPacks(startMs);
  const lost = lostPack(packs, startMs);
  for (const [i, pack] of packs.entries()) {
    // Signed and numbered, and never sent: what a broken flash leaves.
    if (i === lost) trailer.source.readings(pack);
    else await sent(stage, trailer, pack);
  }
  say(`The trailer sent ${packs.length - 1} packs of readings; number ${lost + 1} was lost`);

  const unloadedMs = startMs + HOURS.unloaded * HOUR_MS;
  const condition = conditionIn(packs, { fromMs: loadedMs, toMs: unloadedMs });
  const given = { role: 'giver', thing, seal: SEAL, counterpart: shopDock.source.urn } as const;
  await sent(stage, cab, half({ ...given, condition }, unloadedMs));
  const received = { role: 'receiver', thing, seal: SEAL_AT_SHOP, counterpart: cabUrn } as const;
  await sent(stage, shopDock, half(received, startMs + HOURS.received * HOUR_MS - MINUTE_MS));
  say(`At the shop the driver signed seal ${SEAL}, the shop read ${SEAL_AT_SHOP}`);
}

async function sent(stage: Stage, actor: Actor, readings: readonly Reading[]): Promise<void> {
  const outcome = await stage.outcomeOf(actor, actor.source.readings(readings));
  if (outcome !== 'receipted') throw new Error(`${actor.source.urn}: ${outcome}`);
}

const PATIENCE_MS = 30_000;
const ASK_EVERY_MS = 200;
/** Two pallets packed and one received by scan, at least; the trailer's hours come with them. */
const DERIVED_MIN = 3;

/** Scans become events a moment after they are in the log. */
async function derived(api: GatewayApi, captured: number): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  while ((await queried(api)).length < captured + DERIVED_MIN) {
    if (performance.now() > giveUpMs) throw new Error('the scans do not become events');
    await delay(ASK_EVERY_MS);
  }
}

async function queried(api: GatewayApi): Promise<readonly unknown[]> {
  const document = await api.get<{
    epcisBody: { queryResults: { resultsBody: { eventList: unknown[] } } };
  }>('/epcis/events?perPage=100');
  return document.epcisBody.queryResults.resultsBody.eventList;
}
