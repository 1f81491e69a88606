// One member of four misbehaves, each time in another way: the others go on, and say which one it is.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AllianceDevice } from '../support/alliance-device.ts';
import { AllianceLoad } from '../support/alliance-load.ts';
import type { AllianceMember } from '../support/alliance-member.ts';
import { AllianceFleet, allianceProcesses, ownOf } from '../support/alliance-process.ts';
import { truegrain } from '../support/cli.ts';
import { type Adversary, adversary } from './adversary/adversary.ts';

const MINUTES = 60_000;

/** Of `alliance status --json`. */
interface Status {
  own: { node: { conduct: { iss: string; missedBlocks: number }[] } };
}

allianceProcesses('a member that misbehaves', () => {
  let fleet: AllianceFleet;
  let load: AllianceLoad;
  let shop: AllianceMember;
  let shopDevice: AllianceDevice;
  let honest: AllianceMember[];

  beforeAll(async () => {
    fleet = await AllianceFleet.started();
    shop = fleet.member(2);
    honest = fleet.members.filter((member) => member !== shop);
    shopDevice = await AllianceDevice.enrolled(shop, { name: 'three' });
    load = new AllianceLoad(
      await AllianceDevice.enrolled(fleet.member(0), { name: 'one' }),
      await AllianceDevice.enrolled(fleet.member(1), { name: 'two' }),
    );
  }, 3 * MINUTES);
  afterAll(async () => {
    await load?.stop();
    await fleet?.remove();
  });

  async function becomes(name: Adversary): Promise<void> {
    await shop.stop();
    for (const member of honest) member.log.length = 0;
    await shop.start(adversary(name));
  }

  async function repents(): Promise<void> {
    await shop.stop();
    await shop.start();
    await votesAgain();
  }

  /** Having caught up is not enough: a node that plays blocks of others does not vote yet. */
  async function votesAgain(): Promise<void> {
    await flows(fleet.members);
    await fleet.until('shop votes again', async () => {
      const said = await fleet.say(['alliance', 'status', '--json', ...ownOf(fleet.member(0))]);
      const { own } = JSON.parse(said) as Status;
      return own.node.conduct.find(({ iss }) => iss === shop.iss)?.missedBlocks === 0;
    });
  }

  /** What devices send comes into the logs of these members. */
  async function flows(members: readonly AllianceMember[]): Promise<void> {
    const target = Math.max(...members.map((member) => member.ledger().size)) + 10;
    await fleet.until(`${target} leaves at ${members.map(({ name }) => name).join()}`, () =>
      members.every((member) => member.ledger().size >= target),
    );
  }

  /** Words for the operators of `members`, under that code, which name the one. */
  async function isNamed(code: string, members = honest): Promise<void> {
    await fleet.until(`shop is named for ${code}`, () =>
      members.every(({ log }) =>
        log.some((line) => line.code === code && /\bshop\b/.test(line.msg)),
      ),
    );
  }

  it('proposes statements that no device signed', { timeout: 3 * MINUTES }, async () => {
    await becomes('forges');
    const [frame] = await shopDevice.send();
    await isNamed('bad_proposal');
    await flows(honest);
    expect(honest.every((member) => member.ledger().height > 0)).toBe(true);
    await repents();
    // What the device signed is in the inbox still: accepted is accepted.
    await fleet.until('the honest gateway’s receipt', async () =>
      frame ? shopDevice.isReceipted(frame) : false,
    );
  });

  it('votes against every proposal: its prevotes alone decide nothing', {
    timeout: 3 * MINUTES,
  }, async () => {
    await becomes('votes-no');
    // What others lock on it precommits all the same (CometBFT), so no block shows who prevoted nil.
    await votesAgain();
    await fleet.until('it says no', () =>
      shop.log.some(({ msg }) => msg.includes('prevoting nil')),
    );
    await repents();
  });

  it('withholds: empty proposals, no contents', { timeout: 3 * MINUTES }, async () => {
    // What came before and was not fetched yet would be counted as withheld.
    for (const member of honest) {
      await fleet.until(`${member.name} lacks no content of shop`, async () => {
        const { out } = await truegrain(['fsck', '--data', member.place.data]);
        expect(out).not.toContain('contents of https://shop.invalid are not here');
        return true;
      });
    }
    await becomes('withholds');
    const frames = await shopDevice.send(3);
    await flows(fleet.members);
    for (const member of honest) {
      await fleet.until(`${member.name} says whose contents it lacks`, async () => {
        const { out } = await truegrain(['fsck', '--data', member.place.data]);
        expect(out).toMatch(/contents of https:\/\/shop\.invalid are not here: .* 3 on their way/);
        return true;
      });
    }
    await repents();
    for (const frame of frames) {
      await fleet.until('a receipt', () => shopDevice.isReceipted(frame, fleet.member(0)));
    }
  });

  it('comes to another app hash: it is told, and takes the ledger from the others again', {
    timeout: 4 * MINUTES,
  }, async () => {
    await becomes('wrong-hash');
    await flows(honest);
    await isNamed('not_voting');
    await shop.stop();
    shop.log.length = 0;
    await shop.start();
    await fleet.until('its own operator is told', () =>
      shop.log.some(({ code, msg }) => code === 'wrong_app_hash' && msg.includes('rejoin')),
    );
    await shop.stop();
    await fleet.say(['alliance', 'rejoin', '--data', shop.place.data, '--yes']);
    await shop.start();
    await votesAgain();
    const [frame] = await shopDevice.send();
    if (!frame) throw new Error('nothing was sent');
    await fleet.until('a receipt', () => shopDevice.isReceipted(frame));
  });

  it('cosigns another history', { timeout: 3 * MINUTES }, async () => {
    await becomes('cosigns-another');
    await flows(honest);
    await isNamed('bad_cosignature');
    const { quorumMet } = await fleet.member(0).checkpoint();
    expect(quorumMet).toBe(true);
    const { data } = fleet.member(0).place;
    const { code, out } = await truegrain(['fsck', '--peers', '--data', data]);
    expect(out).toMatch(/error equivocation: .*shop\.invalid signed a root at size \d+/);
    expect(code).toBe(1);
    expect(readdirSync(join(data, 'evidence'))).not.toEqual([]);
    await repents();
  });

  it('has an engine that hangs', { timeout: 4 * MINUTES }, async () => {
    for (const member of fleet.members) member.log.length = 0;
    await shop.signal('engine', 'SIGSTOP');
    await flows(honest);
    await isNamed('not_voting');
    await fleet.until('its gateway ends the engine and starts another', () =>
      shop.log.some(({ code }) => code === 'unresponsive'),
    );
    await flows(fleet.members);
  });

  it('and nothing that was accepted is lost, nobody’s ledger differs', {
    timeout: 4 * MINUTES,
  }, async () => {
    await load.stop();
    await load.expectAllLogged(fleet);
  });
});
