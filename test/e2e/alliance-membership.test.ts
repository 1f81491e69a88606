// Entry, new keys and exit in a running alliance, by the commands that its operators type.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SignedFrame } from '../../sim/signed-source.ts';
import { AllianceDevice } from '../support/alliance-device.ts';
import { AllianceLoad } from '../support/alliance-load.ts';
import type { AllianceMember } from '../support/alliance-member.ts';
import { AllianceFleet, allianceProcesses, ownOf } from '../support/alliance-process.ts';

const MINUTES = 60_000;
/** Snapshots come soon enough for a test. */
const settings = { snapshotEveryBlocks: 20 };
const FOUR = [
  { name: 'mill', settings },
  { name: 'carrier', settings },
  { name: 'shop', settings },
  { name: 'authority', kind: 'regulator' as const, settings },
];

allianceProcesses('membership of a running alliance', () => {
  let fleet: AllianceFleet;
  let mill: AllianceMember;
  let lab: AllianceMember;
  let load: AllianceLoad;
  let early: SignedFrame;
  let invitation = '';

  beforeAll(async () => {
    fleet = await AllianceFleet.started({ members: FOUR });
    mill = fleet.member(0);
    load = new AllianceLoad(
      await AllianceDevice.enrolled(mill, { name: 'one' }),
      await AllianceDevice.enrolled(fleet.member(1), { name: 'two' }),
    );
    invitation = join(fleet.folder, 'lab.tginvite');
  }, 3 * MINUTES);
  afterAll(async () => {
    await load?.stop();
    await fleet?.remove();
  });

  async function grows(by = 6): Promise<void> {
    const target = Math.max(...fleet.running.map((member) => member.ledger().size)) + by;
    await fleet.until(`${target} leaves everywhere`, () =>
      fleet.running.every((member) => member.ledger().size >= target),
    );
  }

  /** By policies asked for now. */
  async function cosignedBy(names: readonly string[]): Promise<void> {
    await fleet.until(`cosigned by ${names.join()}`, async () => {
      for (const member of fleet.running) {
        member.forgetPolicy();
        const { cosigners } = await member.checkpoint();
        const wanted = names.map((name) => `${name}.invalid/witness`).sort();
        if ([...cosigners].sort().join() !== wanted.join()) return false;
      }
      return true;
    });
  }

  it('admits a fifth, that takes the ledger over as a snapshot', {
    timeout: 4 * MINUTES,
  }, async () => {
    await fleet.until('there are snapshots', () => mill.ledger().height > 60);
    await fleet.say(['alliance', 'invite', '--running', ...dataOf(mill), '--out', invitation]);
    lab = await fleet.newcomer({ name: 'lab', settings }, invitation);
    const card = join(lab.place.data, 'member.tgcard');
    await fleet.decide(['admit', card], fleet.members.slice(0, 4));
    await fleet.say(['alliance', 'join', invitation, ...dataOf(lab)]);
    await lab.start();
    expect(lab.log.some(({ msg }) => /^joining: 100 %/.test(msg))).toBe(true);
    await grows();
    await cosignedBy(['mill', 'carrier', 'shop', 'authority', 'lab']);
  });

  it('which has its own devices, and the contents of the others from before it came', {
    timeout: 2 * MINUTES,
  }, async () => {
    const device = await AllianceDevice.enrolled(lab, { name: 'three' });
    const [frame] = await device.send();
    if (!frame) throw new Error('nothing was sent');
    early = frame;
    await fleet.until('its receipt', () => device.isReceipted(frame));
    device.leave();
    await fleet.until('no content is missing anywhere', () => {
      fleet.fsck();
      return true;
    });
  });

  for (const role of ['cosigner', 'log', 'gateway', 'node', 'member']) {
    it(`gives a member a new ${role} key, and no vote is lost`, {
      timeout: 3 * MINUTES,
    }, async () => {
      await fleet.decide(['key', role], [mill, ...fleet.members.slice(1)]);
      await grows(20);
      await cosignedBy(['mill', 'carrier', 'shop', 'authority', 'lab']);
      const status = await fleet.say(['alliance', 'status', ...ownOf(fleet.member(1))]);
      expect(status).not.toMatch(/not voted|two different votes/);
    });
  }

  it('lets one go, and nobody needs it any more', { timeout: 3 * MINUTES }, async () => {
    const others = fleet.members.filter((member) => member !== lab);
    await fleet.decide(['exit'], [lab, ...others]);
    await lab.stop();
    await grows(20);
    await cosignedBy(['mill', 'carrier', 'shop', 'authority']);
    for (const member of others) {
      const receipt = await member.api.receipt(early.id);
      expect(receipt).not.toBeNull();
    }
  });

  it('and what was accepted is in every log', { timeout: 3 * MINUTES }, async () => {
    await load.stop();
    await load.expectAllLogged(
      fleet,
      fleet.members.filter((member) => member !== lab),
    );
  });
});

function dataOf({ place }: AllianceMember): string[] {
  return ['--data', place.data];
}
