// Four organisations, each a gateway and an engine of its own, as processes: what the alliance claims.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formatVkey } from '../../device-sdk/formats/note.ts';
import { parsePolicy } from '../../device-sdk/formats/tlog-policy.ts';
import { SignedSource } from '../../sim/signed-source.ts';
import { World } from '../../sim/world.ts';
import { AllianceDevice } from '../support/alliance-device.ts';
import { leavesOf } from '../support/alliance-load.ts';
import type { AllianceMember, SeenCheckpoint } from '../support/alliance-member.ts';
import { AllianceFleet, allianceProcesses, type MemberWish } from '../support/alliance-process.ts';
import { truegrain } from '../support/cli.ts';
import { goVerifier } from '../support/go-verifier.ts';
import { group } from '../support/group.ts';
import { OutsideWitness } from '../support/outside-witness.ts';

const MINUTES = 60_000;
const NAMES = ['mill', 'carrier', 'shop', 'authority'];
const go = goVerifier();
const interop = group('interop', go.missing === null, go.missing ?? '');

allianceProcesses('four members', () => {
  let fleet: AllianceFleet;
  let devices: AllianceDevice[] = [];
  let outside: OutsideWitness;

  beforeAll(async () => {
    outside = await OutsideWitness.open();
    const { name, vkey, url } = outside;
    const settings = { witnesses: [{ name, vkey, url }] };
    const [first = '', ...others] = NAMES;
    fleet = await AllianceFleet.started({
      members: [
        { name: first, settings },
        ...others.map((other): MemberWish => {
          return { name: other, kind: other === 'authority' ? 'regulator' : 'participant' };
        }),
      ],
    });
  }, 2 * MINUTES);
  afterAll(async () => {
    await fleet?.remove();
    outside?.close();
    go.remove();
  });

  /** A round is shown at its quorum, and again with the cosignatures that come after. */
  async function cosignedByAll(member: AllianceMember): Promise<SeenCheckpoint> {
    const seen: SeenCheckpoint[] = [];
    await fleet.until(`four cosignatures at ${member.name}`, async () => {
      seen.push(await member.checkpoint());
      return (seen.at(-1)?.cosigners.length ?? 0) >= 4;
    });
    return seen.at(-1)!;
  }

  it('cosign as four', async () => {
    for (const member of fleet.members) await cosignedByAll(member);
    const { cosigners } = await cosignedByAll(fleet.member(1));
    expect([...cosigners].sort()).toEqual(NAMES.map((name) => `${name}.invalid/witness`).sort());
  });

  it('show the line of an outside witness, which the exported policy names', async () => {
    await fleet.until('its cosignature', async () => {
      const { cosigners } = await fleet.member(0).checkpoint();
      return cosigners.includes(outside.name);
    });
    expect(await fleet.member(0).policy()).toContain(`witness ${outside.name} ${outside.vkey}`);
  });

  interop('for other people’s verifiers', () => {
    it('sumdb/note takes the log’s line, transparency-dev/formats the cosignatures, torchwood its policy', async () => {
      const { note } = await cosignedByAll(fleet.member(1));
      const policy = await fleet.member(1).policy();
      const parsed = parsePolicy(policy);
      if (!parsed.ok) throw new Error(parsed.code);
      const vkeys = parsed.value.witnesses.map(({ key }) => formatVkey(key.name, 4, key.key));
      const [, ...lines] = note.slice(note.indexOf('\n\n')).split('— ');
      const forged = note.replace(/^\d+$/m, (size) => String(Number(size) + 1));
      const short = `${note.slice(0, note.indexOf('\n\n'))}\n\n${lines
        .slice(0, 3)
        .map((line) => `— ${line}`)
        .join('')}`;
      // Log keys of all members have the log's name; this note is signed with one of them.
      const logs = parsed.value.logs.map(({ key }) => formatVkey(key.name, 1, key.key));
      const own = logs.findIndex((vkey) => {
        return go.ask({ notes: [{ name: 'log', vkey, note }] })['log'] === null;
      });
      expect(own).toBeGreaterThanOrEqual(0);
      const log = logs[own] ?? '';
      expect(vkeys).toHaveLength(4);
      // torchwood 0.9 wants a signature of each log named; C2SP's policy names those that may sign.
      const policyOfOne = policy
        .split('\n')
        .filter((line) => !line.startsWith('log ') || line === `log ${log}`)
        .join('\n');
      const answers = go.ask({
        cosigned: [
          { name: 'all four', log, vkeys, note },
          { name: 'forged', log, vkeys, note: forged },
        ],
        policies: [
          { name: 'policy', policy: policyOfOne, note },
          { name: 'policy, forged', policy: policyOfOne, note: forged },
          { name: 'policy, two of four', policy: policyOfOne, note: short },
        ],
      });
      expect(answers).toEqual({
        'all four': null,
        forged: expect.any(String),
        policy: null,
        'policy, forged': expect.any(String),
        'policy, two of four': expect.any(String),
      });
    });
  });

  it('give receipts for what comes through each participant’s gateway', {
    timeout: 2 * MINUTES,
  }, async () => {
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
  });

  it('whose evidence, from any of them, verifies offline under one policy file', async () => {
    const policy = join(fleet.folder, 'policy.txt');
    writeFileSync(policy, await fleet.member(3).policy());
    const frame = devices[0]?.accepted[0];
    if (!frame) throw new Error('nothing was sent');
    for (const member of fleet.members) {
      const path = `/v1/statements/${Buffer.from(frame.id).toString('hex')}/evidence`;
      const headers = { authorization: `Bearer ${member.token}` };
      const response = await fetch(`${member.httpUrl}${path}`, { headers });
      expect(response.status, member.name).toBe(200);
      const file = join(fleet.folder, `${member.name}.tgev`);
      writeFileSync(file, Buffer.from(await response.arrayBuffer()));
      const { code, out } = await truegrain(['verify', file, '--policy', policy]);
      expect([code, out]).toEqual([0, expect.stringMatching(/^VERIFIED/)]);
    }
  });

  it('carry each other’s devices: one at two gateways at once, no fork and no loss', {
    timeout: 2 * MINUTES,
  }, async () => {
    const [truck] = devices;
    if (!truck) throw new Error('no device');
    const there = await truck.roamsTo(fleet.member(1));
    const frames = [];
    for (let i = 0; i < 20; i += 1) {
      const frame = truck.next();
      frames.push(frame);
      // To both, as a device does that got no answer from the first one.
      await Promise.all([truck.publish(frame), there.publish(frame.frame)]);
    }
    there.cut();
    for (const frame of frames) {
      for (const member of fleet.members.slice(0, 2)) {
        await fleet.until(`a receipt of ${member.name}`, () => truck.isReceipted(frame, member));
      }
    }
    const leaves = leavesOf(fleet.member(2), frames);
    expect(leaves).not.toContain(null);
    expect([...leaves].sort((a, b) => Number(a) - Number(b))).toEqual(leaves);
  });

  it('give no credential to who has not the registered key', async () => {
    const [truck] = devices;
    const stranger = new SignedSource(new World(9), {
      urn: truck?.urn ?? '',
      subject: 'x',
      alg: -8,
    });
    const asked = { device: truck?.urn ?? '', reportingIntervalS: 60, sensors: [] };
    await expect(fleet.member(1).api.enrol(stranger.signer, asked)).rejects.toThrow();
  });

  it('wake after an idle minute, and agree on the last leaf', {
    timeout: 4 * MINUTES,
  }, async () => {
    for (const device of devices) device.leave();
    await new Promise((resolve) => setTimeout(resolve, 70_000));
    const [, , device] = devices;
    const [frame] = (await device?.send()) ?? [];
    if (!frame) throw new Error('nothing was sent');
    await fleet.until('a receipt', async () => (await device?.isReceipted(frame)) ?? false);
    await fleet.agree();
    await fleet.until('every store is sound, and has every content', () => {
      fleet.fsck();
      return true;
    });
  });
});
