// One member at two places: a second gateway with a key, devices and an inbox of its own.
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dataFolder } from '../../gateway/data-folder.ts';
import { LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import { openDatabase } from '../../gateway/store/database.ts';
import type { DeviceLink } from '../../sim/device-link.ts';
import type { SignedFrame } from '../../sim/signed-source.ts';
import { AllianceDevice } from '../support/alliance-device.ts';
import type { AllianceMember } from '../support/alliance-member.ts';
import { AllianceFleet, allianceProcesses } from '../support/alliance-process.ts';

const MINUTES = 60_000;
/** So that the second gateway gets the ledger as a snapshot. */
const settings = { snapshotEveryBlocks: 3 };

allianceProcesses('a member with two gateways', () => {
  let fleet: AllianceFleet;
  let mill: AllianceMember;
  let depot: AllianceMember;
  let others: AllianceMember[];
  let device: AllianceDevice;
  let link: DeviceLink;
  const sent: SignedFrame[] = [];

  beforeAll(async () => {
    const names = ['mill', 'carrier', 'shop', 'authority'];
    const kindOf = (name: string) => (name === 'authority' ? 'regulator' : 'participant');
    const members = names.map((name) => ({ name, kind: kindOf(name), settings }) as const);
    fleet = await AllianceFleet.started({ members });
    mill = fleet.member(0);
    others = fleet.members.slice(1);
    device = await AllianceDevice.enrolled(mill, { name: 'one' });
  }, 3 * MINUTES);
  afterAll(async () => {
    link?.cut();
    device?.leave();
    await fleet?.remove();
  });

  /** A gateway that finds its key in force starts anew with it. */
  async function atDepot(): Promise<void> {
    await fleet.until('the depot lets it in', async () => {
      link = await device.roamsTo(depot);
      return true;
    });
  }

  async function publish(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      const frame = device.next();
      await link.publish(frame.frame);
      sent.push(frame);
    }
  }

  async function receiptedBy(members: readonly AllianceMember[]): Promise<void> {
    await fleet.until(`receipts of ${members.map(({ name }) => name).join()}`, async () => {
      for (const member of members) {
        for (const frame of sent) if (!(await device.isReceipted(frame, member))) return false;
      }
      return true;
    });
  }

  it('takes in its second one by everybody’s signature', { timeout: 3 * MINUTES }, async () => {
    depot = await fleet.further(mill, { name: 'depot', settings });
    await mill.stop();
    await mill.start();
    const through = ['--data', depot.place.data, '--url', mill.httpUrl, '--token', mill.token];
    await fleet.propose(['key', 'gateway', '--add', ...through], others);
    await fleet.until('the key is in force', () => gatewayKeysOf(mill).length === 2);
    await depot.start();
    expect(depot.log.some(({ msg }) => /^joining: 100 %/.test(msg))).toBe(true);
    await fleet.agree();
  });

  it('a gateway is made by a node alone, and over nobody’s folder', async () => {
    const made = (data: string, out: string, peer = 'https://127.0.0.1:9', p2p = '127.0.0.1:8') =>
      fleet.say([
        ...['alliance', 'gateway', '--data', data, '--out', out, '--peer', peer, '--p2p', p2p],
      ]);
    const { data } = depot.place;
    await expect(made(mill.place.data, data)).rejects.toThrow(/exists/);
    await expect(made(data, `${data}-two`)).rejects.toThrow(/is a further gateway itself/);
    await expect(made(`${data}-none`, `${data}-two`)).rejects.toThrow(/alliance init/);
    const two = [mill.place.data, `${data}-two`] as const;
    await expect(made(...two, 'nonsense')).rejects.toThrow(/nonsense is not a URL/);
    await expect(made(...two, 'http://127.0.0.1:9')).rejects.toThrow(/advertiseHttp/);
    await expect(made(...two, undefined, 'nonsense')).rejects.toThrow(/not host:port/);
    expect(existsSync(`${data}-two`)).toBe(false);
  });

  it('whose devices come there with their keys; nobody is registered there', async () => {
    await atDepot();
    const unknown = AllianceDevice.enrolled(depot, { name: 'unknown' });
    await expect(unknown).rejects.toThrow(/is not registered: its member’s node does that/);
  });

  it('which batches under its own key, and gives receipts that everybody’s confirm', {
    timeout: 3 * MINUTES,
  }, async () => {
    await publish(20);
    await receiptedBy([depot, mill, ...others]);
    const [first, second] = gatewayKeysOf(mill);
    expect([first?.batches, second?.batches]).toEqual([0, expect.any(Number)]);
    expect(second?.batches).toBeGreaterThan(0);
  });

  it('which accepts while its node is down, and brings it in afterwards', {
    timeout: 3 * MINUTES,
  }, async () => {
    await mill.kill('both');
    await publish(20);
    await mill.start();
    await publish(5);
    await receiptedBy([depot, mill, ...others]);
  });

  it('which goes on where it was killed', { timeout: 3 * MINUTES }, async () => {
    await publish(5);
    link.cut();
    await depot.kill('both');
    await depot.start();
    await atDepot();
    await publish(5);
    await receiptedBy([depot, mill]);
  });

  it('and every content is with all, in one ledger', { timeout: 3 * MINUTES }, async () => {
    await fleet.agree();
    await fleet.until('no content is missing anywhere', () => {
      fleet.fsck();
      return true;
    });
    const codes = fleet.members.flatMap(({ log }) => log.map(({ code }) => code));
    expect(codes).not.toContain('equivocation');
    expect(codes).not.toContain('double_vote');
  });
});

/** The member's, in the order of the log, as its own store has them. */
function gatewayKeysOf({ place, iss }: AllianceMember): { batches: number }[] {
  const db = openDatabase(dataFolder(place.data).ledger, { readonly: true });
  try {
    const { keys, streams } = new LedgerStore(db).loadState();
    return keys
      .filter((key) => key.role === 'gateway' && key.iss === iss && key.status === 'active')
      .map(({ no }) => ({ batches: streams.get(no)?.maxSeq ?? 0 }));
  } finally {
    db.close();
  }
}
