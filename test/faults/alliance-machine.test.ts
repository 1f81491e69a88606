// Members whose machines fail them: down, cut off, with a wrong clock, a full disk, a wiped folder.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dataFolder } from '../../gateway/data-folder.ts';
import { AllianceDevice } from '../support/alliance-device.ts';
import { AllianceLoad } from '../support/alliance-load.ts';
import type { AllianceMember } from '../support/alliance-member.ts';
import {
  AllianceFleet,
  allianceProcesses,
  type MemberWish,
  ownOf,
} from '../support/alliance-process.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { TcpGate } from '../support/tcp-gate.ts';
import { adversary } from './adversary/adversary.ts';

const MINUTES = 60_000;
const HOUR_MS = 3_600_000;
const MAIN = fileURLToPath(new URL('../../gateway/cli/main.ts', import.meta.url));
/** The same commit from its sources: another build, as an upgrade is. */
const OTHER_BUILD = { node: ['--conditions=source', '--import', 'tsx', MAIN] };
const DISK_MIB = 160;

allianceProcesses('a machine that fails', () => {
  let fleet: AllianceFleet;
  let load: AllianceLoad;
  let shop: AllianceMember;
  let others: AllianceMember[];
  const gates: TcpGate[] = [];
  const hasDisk = SmallDisk.isPossible;
  let disk: SmallDisk | null = null;

  beforeAll(async () => {
    disk = SmallDisk.mount(DISK_MIB);
    const names = ['mill', 'carrier', 'shop', 'authority'];
    const members = [];
    for (const name of names) members.push(await behindGates(name));
    fleet = await AllianceFleet.started({ members });
    shop = fleet.member(2);
    others = fleet.members.filter((member) => member !== shop);
    load = new AllianceLoad(
      await AllianceDevice.enrolled(fleet.member(0), { name: 'one' }),
      await AllianceDevice.enrolled(shop, { name: 'three' }),
    );
  }, 3 * MINUTES);
  afterAll(async () => {
    await load?.stop();
    await fleet?.remove();
    for (const gate of gates) gate.close();
    disk?.remove();
  });

  async function behindGates(name: string): Promise<MemberWish> {
    const [peer, p2p] = [await TcpGate.open(), await TcpGate.open()];
    gates.push(peer, p2p);
    return {
      name,
      kind: name === 'authority' ? 'regulator' : 'participant',
      settings: { snapshotEveryBlocks: 20 },
      ...(name === 'shop' && disk && { under: disk.path }),
      advertise: (ports) => ({
        peer: `https://127.0.0.1:${peer.leadsTo(ports.peer).port}`,
        p2p: `127.0.0.1:${p2p.leadsTo(ports.p2p).port}`,
      }),
    };
  }

  async function flows(members: readonly AllianceMember[] = fleet.members): Promise<void> {
    const target = Math.max(...members.map((member) => member.ledger().size)) + 10;
    await fleet.until(`${target} leaves at ${members.map(({ name }) => name).join()}`, () =>
      members.every((member) => member.ledger().size >= target),
    );
  }

  /** Devices at running gateways are acknowledged, block or no block. */
  async function accepts(count = 10): Promise<void> {
    const target = load.accepted.length + count;
    await fleet.until(`${count} more frames are accepted`, () => load.accepted.length >= target);
  }

  async function processesOf(members: readonly AllianceMember[]): Promise<number[]> {
    const engines = await Promise.all(members.map((member) => member.enginePid()));
    return [...members.map(({ pid }) => pid), ...engines.filter((pid) => pid !== null)];
  }

  async function stands(members: readonly AllianceMember[]): Promise<void> {
    const heights = () => members.map((member) => member.ledger().height).join();
    // What was decided before may still be written.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const before = heights();
    await accepts(30);
    expect(heights()).toBe(before);
  }

  it('one of four is down: the others go on, it comes back', { timeout: 3 * MINUTES }, async () => {
    await shop.kill('both');
    await flows(others);
    await shop.start();
    await flows();
  });

  it('two of four are down: what is accepted waits, in order', {
    timeout: 3 * MINUTES,
  }, async () => {
    const gone = [fleet.member(1), fleet.member(3)];
    await Promise.all(gone.map((member) => member.kill('both')));
    await stands([fleet.member(0), shop]);
    await Promise.all(gone.map((member) => member.start()));
    await flows();
  });

  it('two can’t be reached from outside, but reach the others', {
    timeout: 3 * MINUTES,
  }, async () => {
    for (const gate of gates.slice(4)) gate.cut();
    await flows();
    for (const gate of gates) gate.mend();
  });

  it('two and two that do not reach one another: neither side decides, then both go on', {
    timeout: 4 * MINUTES,
  }, async () => {
    // One side is the first two, whose gates are the first four.
    const sides = [fleet.members.slice(0, 2), fleet.members.slice(2)];
    const processes = await Promise.all(sides.map(processesOf));
    for (const [i, gate] of gates.entries()) gate.passOnly(processes[i < 4 ? 0 : 1] ?? []);
    await stands(fleet.members);
    for (const gate of gates) gate.mend();
    await flows();
  });

  it('nobody reaches anybody, and then again', { timeout: 4 * MINUTES }, async () => {
    for (const gate of gates) gate.cut();
    await stands(fleet.members);
    for (const gate of gates) gate.mend();
    await flows();
  });

  for (const hours of [1, -1]) {
    it(`a clock is wrong by ${hours} h`, { timeout: 3 * MINUTES }, async () => {
      await shop.stop();
      await shop.start(adversary('late', { TRUEGRAIN_CLOCK_MS: String(hours * HOUR_MS) }));
      await flows();
      const device = await AllianceDevice.enrolled(shop, { name: `clock${hours}` });
      const [frame] = await device.send();
      await fleet.until('a receipt', async () => (frame ? device.isReceipted(frame) : false));
      device.leave();
      const { report } = JSON.parse(await fleet.say(['examine', '--json', ...ownOf(shop)]));
      expect(Math.abs(report.own.clockOffsetMs - hours * HOUR_MS)).toBeLessThan(MINUTES);
      expect(
        others.flatMap(({ log }) => log.filter(({ code }) => code === 'bad_proposal')),
      ).toEqual([]);
      await shop.stop();
      await shop.start();
    });
  }

  it.skipIf(!hasDisk)('a disk is full', { timeout: 4 * MINUTES }, async () => {
    disk?.fill();
    await flows(others);
    disk?.empty();
    if (!shop.isAlive) await shop.start();
    await flows();
  });

  it('each gets another build, one at a time', { timeout: 4 * MINUTES }, async () => {
    for (const member of fleet.members) {
      await member.stop();
      await member.start(OTHER_BUILD);
      await flows();
    }
  });

  it('a folder is wiped: the ledger comes from the others, nothing is signed twice', {
    timeout: 4 * MINUTES,
  }, async () => {
    const wiped = fleet.member(1);
    await fleet.until('there are snapshots', () => fleet.member(0).ledger().height > 60);
    await wiped.stop();
    const { ledger, signedTip, engine } = dataFolder(wiped.place.data);
    for (const file of [ledger, `${ledger}-wal`, `${ledger}-shm`, signedTip]) {
      rmSync(file, { force: true });
    }
    rmSync(join(engine, 'data'), { recursive: true });
    wiped.log.length = 0;
    await wiped.start();
    expect(wiped.log.some(({ msg }) => /^joining: 100 %/.test(msg))).toBe(true);
    await flows();
    await fleet.until('cosigned by four again', async () => {
      const { cosigners } = await fleet.member(0).checkpoint();
      return cosigners.length === 4;
    });
    const codes = fleet.members.flatMap(({ log }) => log.map(({ code }) => code));
    expect(codes).not.toContain('double_vote');
    expect(codes).not.toContain('equivocation');
  });

  it('and nothing that was accepted is lost, nobody’s ledger differs', {
    timeout: 4 * MINUTES,
  }, async () => {
    await load.stop();
    await load.expectAllLogged(fleet);
  });
});
