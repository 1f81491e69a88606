import { isOf } from '../gateway-api.ts';
import type { Instrument } from '../instrument.ts';
import { ReadPoint } from '../read-point.ts';
import { Shipment } from '../shipment.ts';
import { Site } from '../site.ts';
import { packsOf, type Stage, timesLogged } from '../stage.ts';
import { type Stop, Truck } from '../truck.ts';
import type { Scenario } from './scenario.ts';

const HOUR_MS = 3_600_000;
const SAFE_CEL_MAX = 8;
const STOPS: readonly Stop[] = [
  { name: 'packhouse', lat: 45.32, lon: 8.42, dwellMin: 25 },
  { name: 'depot', lat: 45.46, lon: 9.19, dwellMin: 15 },
  { name: 'shop', lat: 45.58, lon: 9.93, dwellMin: 20 },
];

/** A cold room with a power cut, a gate, a truck and a gate again; every device reports for itself. */
async function run(stage: Stage): Promise<void> {
  const { world } = stage;
  const startMs = world.clock.nowMs();
  const site = new Site(world, 'packhouse');
  const outage = { fromMs: startMs + HOUR_MS, toMs: startMs + 2.5 * HOUR_MS };
  site.losesPower(outage.fromMs, outage.toMs);
  const room = site.room('cold-room', 4);
  const truck = new Truck(world, 'truck', { startMs: startMs + HOUR_MS, stops: STOPS });
  const departure = new ReadPoint('gate-packhouse');
  const arrival = new ReadPoint('gate-shop');
  const shipment = new Shipment(world, 'rice', 6);
  shipment.loads(departure, startMs + HOUR_MS);
  shipment.arrives(arrival, truck);
  const [pallet] = shipment.pallets;

  await report(stage, room, startMs);
  await report(stage, truck, startMs, pallet);
  await report(stage, departure, startMs);
  await report(stage, arrival, startMs);

  const warm = (await stage.api.readings({ device: stage.urn('cold-room') })).filter(
    (row) => isOf(row, 'temperature') && Number(row.value) > SAFE_CEL_MAX,
  );
  stage.expect('the power cut shows as warm readings', true, warm.length > 0);
  const first = Math.min(...warm.map(({ timeMs }) => timeMs ?? 0));
  stage.expect('no warm reading before the power cut', true, first >= outage.fromMs);
  const codes = await stage.api.readings({ device: stage.urn('gate-shop') });
  const seen = codes.filter((row) => isOf(row, 'code')).map(({ value }) => value);
  stage.expect('pallets that arrived', shipment.pallets.join(' '), seen.join(' '));
  const about = await stage.api.readings({ subject: pallet ?? '' });
  stage.expect('the truck’s readings are found by pallet', true, about.length > 0);
}

async function report(
  stage: Stage,
  instrument: Instrument,
  fromMs: number,
  subject?: string,
): Promise<void> {
  const actor = await stage.enter(instrument, subject === undefined ? {} : { subject });
  const packs = [...packsOf(instrument, { fromMs, toMs: fromMs + 6 * HOUR_MS })];
  const readings = packs.reduce((sum, pack) => sum + pack.length, 0);
  const receipted = await stage.sendAll(actor, packs);
  stage.expect(`${instrument.name}: frames receipted`, packs.length, receipted);
  const logged = await timesLogged(stage.api, actor.source.urn);
  stage.expect(`${instrument.name}: readings in the log`, readings, logged.readings);
  const { streams } = await stage.api.completeness(actor.source.urn);
  const gaps = streams.flatMap((stream) => stream.gaps).length;
  stage.expect(`${instrument.name}: gaps`, 0, gaps);
}

export const coldChain: Scenario = {
  about: 'six hours of a cold room with a power cut, a truck and two gates',
  hours: 7,
  run,
};
