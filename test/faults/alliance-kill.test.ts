// Power cuts of whole members, of their engines and of everybody, while frames flow.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { World } from '../../sim/world.ts';
import { AllianceDevice } from '../support/alliance-device.ts';
import { AllianceLoad } from '../support/alliance-load.ts';
import type { Part } from '../support/alliance-member.ts';
import { AllianceFleet, allianceProcesses } from '../support/alliance-process.ts';
import { type Death, dies } from './adversary/adversary.ts';

const isLong = process.env['TRUEGRAIN_LONG'] === '1';
const KILLS = isLong ? 60 : 4;

const MOMENTS = ['processProposal', 'finalizeBlock', 'beforeCommit', 'afterCommit'] as const;
const ALL_DEATHS = MOMENTS.flatMap((at) =>
  (['gateway', 'engine', 'both'] as const).map((who) => ({ at, who })),
);
/** Each moment of a block once, each part of a member once or more. */
const SOME_DEATHS: Pick<Death, 'at' | 'who'>[] = [
  { at: 'processProposal', who: 'engine' },
  { at: 'finalizeBlock', who: 'both' },
  { at: 'beforeCommit', who: 'gateway' },
  { at: 'afterCommit', who: 'both' },
];

allianceProcesses('kill -9 under load', () => {
  let fleet: AllianceFleet;
  let load: AllianceLoad;
  const world = new World(Number(process.env['TRUEGRAIN_SEED'] ?? Date.now() % 100_000));

  beforeAll(async () => {
    fleet = await AllianceFleet.found();
    // The last one dies while it founds the ledger. Until it is back nobody votes: with no memory
    // of an own vote, a member needs all three others to say where they are.
    const last = fleet.member(3);
    const first = last.begin(dies({ at: 'initChain', who: 'gateway', block: 0 }));
    const others = fleet.members.slice(0, 3).map((member) => member.start());
    await first.program.ended;
    expect(last.ending?.signal).toBe('SIGKILL');
    await Promise.all([...others, last.start()]);
    load = new AllianceLoad(
      await AllianceDevice.enrolled(fleet.member(0), { name: 'one', seed: world.seed }),
      await AllianceDevice.enrolled(fleet.member(1), { name: 'two', seed: world.seed }),
    );
  }, 180_000);
  afterAll(async () => {
    await load?.stop();
    await fleet?.remove();
  });

  /** Frames of both devices reach the log of everybody who runs. */
  async function flows(): Promise<void> {
    const target = Math.max(...fleet.members.map((member) => member.ledger().size)) + 10;
    await fleet.until(`${target} leaves everywhere`, () =>
      fleet.members.every((member) => !member.isAlive || member.ledger().size >= target),
    );
  }

  for (const { at, who } of isLong ? ALL_DEATHS : SOME_DEATHS) {
    it(`of ${who} at ${at}`, { timeout: 240_000 }, async () => {
      const victim = fleet.member(0);
      await victim.stop();
      const block = world.integer(1, 4);
      const run = victim.begin(dies({ at, who, block }));
      if (who === 'engine') {
        await fleet.until('its engine was killed and started again', () =>
          victim.log.some(({ msg, code }) => code === 'exited' && /SIGKILL/.test(msg)),
        );
        await flows();
        await victim.stop();
      } else {
        await run.program.ended;
        expect(victim.ending?.signal).toBe('SIGKILL');
      }
      await victim.start();
      await flows();
    });
  }

  it(`of anybody at any time, ${KILLS} times (seed ${world.seed})`, {
    timeout: 60_000 + KILLS * 60_000,
  }, async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const victim = fleet.member(world.integer(0, 3));
      const part = (['gateway', 'engine', 'both'] satisfies Part[])[world.integer(0, 2)] ?? 'both';
      // Somewhere in the middle of whatever comes next.
      await new Promise((resolve) => setTimeout(resolve, world.between(0, 300)));
      await victim.kill(part);
      if (part !== 'engine') await victim.start();
      await flows();
    }
  });

  it('of all members at once', { timeout: 180_000 }, async () => {
    for (let time = 0; time < (isLong ? 10 : 1); time += 1) {
      await Promise.all(fleet.members.map((member) => member.kill('both')));
      await fleet.start();
      await flows();
    }
  });

  it('nothing that was accepted is lost, nobody’s ledger differs', {
    timeout: 180_000,
  }, async () => {
    await load.stop();
    expect(load.receipts.size).toBeGreaterThan(0);
    await load.expectAllLogged(fleet);
  });
});
