import { FAULTS } from '../faults.ts';
import { Site } from '../site.ts';
import type { Stage } from '../stage.ts';
import { type Scenario, sampler } from './scenario.ts';

/** Forgers, thieves and broken clocks beside one honest device, which must not notice them. */
async function run(stage: Stage): Promise<void> {
  const room = new Site(stage.world, 'hostile').room('cold-room', 4);
  const actor = await stage.enter(room);
  const next = sampler(stage.world, room);
  const honest = async (what: string) => {
    const outcome = await stage.outcomeOf(actor, actor.source.readings(next()));
    stage.expect(what, 'receipted', outcome);
  };
  await honest('an honest frame before');
  const target = { stage, actor, instrument: room, next };
  await FAULTS['forged-key'](target);
  await FAULTS['replayed-frame'](target);
  await FAULTS['bit-flip'](target);
  await FAULTS['clock-jump'](target);
  await honest('an honest frame between');
  await forks(stage);
  await revoked(stage);
  await honest('an honest frame after');
}

async function forks(stage: Stage): Promise<void> {
  const room = new Site(stage.world, 'forks').room('forking', 4);
  const actor = await stage.enter(room);
  const next = sampler(stage.world, room);
  const first = actor.source.readings(next());
  stage.expect('fork: the first under a number', 'receipted', await stage.outcomeOf(actor, first));
  const fields = { seq: first.seq, prev: null };
  const second = actor.source.readings(next(), { fields });
  const kept = await stage.outcomeOf(actor, second);
  stage.expect('fork: the second is kept as evidence', 'receipted', kept);
  const third = actor.source.readings(next(), { fields });
  stage.expect('fork: a third adds nothing', 'fork', await stage.outcomeOf(actor, third));
}

async function revoked(stage: Stage): Promise<void> {
  const room = new Site(stage.world, 'revoked').room('revoked', 4);
  const actor = await stage.enter(room);
  const next = sampler(stage.world, room);
  const early = next();
  const frame = actor.source.readings(next());
  stage.expect('revoked: before', 'receipted', await stage.outcomeOf(actor, frame));
  await stage.api.revoke(actor.source.urn, 'stolen');
  const dated = actor.source.readings(early);
  const outcome = await stage.outcomeOf(actor, dated).catch((error: Error) => error.message);
  const refused = outcome === 'key_revoked' || outcome === 'the gateway closed the connection';
  stage.expect('revoked: an old date does not help', true, refused);
}

export const hostile: Scenario = {
  about: 'forged keys, stolen and turned frames, forks, broken clocks, a revoked key',
  hours: 8,
  run,
};
