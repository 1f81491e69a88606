import { FAULTS } from '../faults.ts';
import { isOf } from '../gateway-api.ts';
import { Line } from '../line.ts';
import type { Stage } from '../stage.ts';
import { type Scenario, sampler } from './scenario.ts';

const PACKS = 30;

/** A packing line whose network loses, doubles and turns round what it carries. */
async function run(stage: Stage): Promise<void> {
  const instrument = new Line(stage.world, 'line-1');
  const actor = await stage.enter(instrument, { alg: -7 });
  const next = sampler(stage.world, instrument);
  const packs = Array.from({ length: PACKS }, next);
  const receipted = await stage.sendAll(actor, packs);
  stage.expect('line-1: frames receipted', PACKS, receipted);
  const target = { stage, actor, instrument, next };
  await FAULTS.duplicate(target);
  await FAULTS.reorder(target);
  await FAULTS.dropout(target);
  await FAULTS['power-cut'](target);
  const rows = await stage.api.readings({ device: actor.source.urn });
  const counts = rows.filter((row) => isOf(row, 'bags')).map(({ value }) => Number(value));
  const sorted = counts.every((count, at) => count >= (counts[at - 1] ?? 0));
  stage.expect('the bag counter was read', true, counts.length > 0);
  stage.expect('the bag counter never falls, read in order of time', true, sorted);
}

export const productionLine: Scenario = {
  about: 'a packing line over a bad network: duplicates, disorder, losses, a power cut',
  hours: 4,
  run,
};
