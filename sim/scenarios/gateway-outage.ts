import type { SignedFrame } from '../signed-source.ts';
import { Site } from '../site.ts';
import { type Actor, type Stage, timesLogged } from '../stage.ts';
import { type Scenario, sampler } from './scenario.ts';

const FRAMES = 20;

/** The gateway goes away twice while a device sends; the device keeps what has no receipt. */
async function run(stage: Stage): Promise<void> {
  const room = new Site(stage.world, 'outage').room('cold-room', 4);
  const actor = await stage.enter(room);
  const next = sampler(stage.world, room);
  const frames = Array.from({ length: FRAMES }, () => actor.source.readings(next()));
  const queue = [...frames];
  for (const cutAfter of [7, 6, FRAMES]) {
    await send(stage, actor, queue, cutAfter);
    if (queue.length === 0) break;
    await stage.gateway?.stop();
    await actor.link.untilClosed();
    await stage.gateway?.start();
    await actor.reconnect();
  }
  stage.expect('frames left without a receipt', 0, queue.length);
  const { statements, seqs } = await timesLogged(stage.api, actor.source.urn);
  stage.expect('statements in the log', FRAMES, statements);
  stage.expect('sequence numbers in the log', FRAMES, seqs.size);
}

/** A frame leaves the queue with its receipt. */
async function send(stage: Stage, actor: Actor, queue: SignedFrame[], max: number): Promise<void> {
  for (let sent = 0; sent < max && queue[0]; sent += 1) {
    const outcome = await stage.outcomeOf(actor, queue[0]);
    if (outcome !== 'receipted') return;
    queue.shift();
  }
}

export const gatewayOutage: Scenario = {
  about: 'the gateway ends twice while a device sends; nothing is lost and nothing is there twice',
  hours: 6,
  endsGateway: true,
  run,
};
