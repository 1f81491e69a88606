// Four organisations, each a gateway and an engine of its own, as processes: what the alliance claims.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AllianceDevice } from '../support/alliance-device.ts';
import { AllianceFleet, allianceProcesses } from '../support/alliance-process.ts';

const NAMES = ['mill', 'carrier', 'shop', 'authority'];

allianceProcesses('four members', () => {
  let fleet: AllianceFleet;
  let devices: AllianceDevice[] = [];

  beforeAll(async () => {
    fleet = await AllianceFleet.started();
  });
  afterAll(() => fleet?.remove());

  it('cosigns as four', async () => {
    await fleet.until('four cosignatures at every member', async () => {
      const seen = await Promise.all(fleet.members.map((member) => member.checkpoint()));
      return seen.every(({ cosigners }) => cosigners.length === 4);
    });
    const { cosigners } = await fleet.member(0).checkpoint();
    expect([...cosigners].sort()).toEqual(NAMES.map((name) => `${name}.invalid/witness`).sort());
  });

  it('gives receipts for what comes through each participant’s gateway', async () => {
    devices = [];
    for (const member of fleet.members.slice(0, 3)) {
      devices.push(await AllianceDevice.enrolled(member, { name: member.name }));
    }
    for (const device of devices) {
      const frames = await device.send(5);
      for (const frame of frames) {
        await fleet.until(`a receipt at ${device.at.name}`, () => device.isReceipted(frame));
      }
    }
    await fleet.agree();
    fleet.fsck();
  });
});
