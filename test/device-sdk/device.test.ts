import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDevice, type Device, type DeviceParts } from '../../device-sdk/device.ts';
import type { DeviceEvent } from '../../device-sdk/device-types.ts';
import { parseBoot } from '../../device-sdk/formats/boot.ts';
import { equal } from '../../device-sdk/formats/bytes.ts';
import { parseGap } from '../../device-sdk/formats/gap.ts';
import { MEDIA_BOOT, MEDIA_GAP, MEDIA_SENML_CBOR } from '../../device-sdk/formats/media-types.ts';
import { parsePack } from '../../device-sdk/formats/pack.ts';
import { sha256 } from '../../device-sdk/formats/sha256.ts';
import { verifySignature } from '../../device-sdk/formats/signature.ts';
import { openKeyFile } from '../../device-sdk/keys/key-file.ts';
import { DiskFailure, nodeDisk } from '../../device-sdk/queue/disk.ts';
import { EnrolledDevice, NTP } from '../support/enrolled-device.ts';
import { type Arrived, FakeGateway } from '../support/fake-gateway.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

let gateway: FakeGateway;
let enrolled: EnrolledDevice;
let device: Device | null = null;
let events: DeviceEvent[];

async function start(edit: Record<string, unknown> = {}, parts: DeviceParts = {}): Promise<Device> {
  const made = createDevice(enrolled.config(edit), { probe: NTP, ...parts });
  device = made;
  made.on((event) => {
    events.push(event);
    gateway.notify();
  });
  await made.start();
  return made;
}

const typeOf = ({ parsed: { payload } }: Arrived) =>
  payload.kind === 'hash' ? payload.preimageType : '';
const ofType = (type: string) => gateway.arrived.filter((one) => typeOf(one) === type);
const packs = () => ofType(MEDIA_SENML_CBOR);

function packOf(arrived: Arrived) {
  const pack = parsePack(arrived.content);
  if (!pack.ok) throw new Error(pack.detail);
  return pack.value;
}

function bootOf(arrived: Arrived | undefined) {
  const boot = parseBoot(arrived?.content ?? new Uint8Array(0));
  if (!boot.ok) throw new Error(boot.detail);
  return boot.value;
}

beforeEach(async () => {
  gateway = await new FakeGateway().open();
  enrolled = new EnrolledDevice(gateway).enrol();
  events = [];
});

afterEach(async () => {
  await device?.stop();
  device = null;
  await gateway.close();
  enrolled.remove();
});

describe('life of a reading', () => {
  test('boot record, then packs: signed, chained, salted, receipted', async () => {
    const made = await start();
    await gateway.until(() => (made.stats().uplink?.receipted ?? 0) >= 4);
    const { arrived } = gateway;
    const key = openKeyFile(join(enrolled.dataDir, 'key.pem'));
    if (!key.ok) throw new Error(key.detail);
    for (const [i, { parsed, content }] of arrived.entries()) {
      const { alg, toBeSigned: message, signature, payload } = parsed;
      expect(verifySignature({ alg, key: key.value.key, message, signature })).toBe(true);
      expect(payload.kind === 'hash' && equal(payload.digest, sha256(content))).toBe(true);
      expect(parsed.seq).toBe(i + 1);
      expect(parsed.prev).toEqual(i === 0 ? null : arrived[i - 1]?.parsed.id);
      expect(parsed.ledgerId).toEqual(gateway.ledgerId);
      expect([parsed.iss, parsed.sub]).toEqual([enrolled.json.device, enrolled.json.subject]);
    }
    const [first] = arrived;
    expect(first && typeOf(first)).toBe(MEDIA_BOOT);
    expect(bootOf(first)).toMatchObject({
      ...{ bootCount: 1, prevSeqDurable: 0, firstSeq: 1, gapReason: null, tornBytes: 0 },
      bootId: first?.parsed.device?.bootId,
    });
    const [one, two] = packs();
    if (one === undefined || two === undefined) throw new Error('no packs');
    const pack = packOf(one);
    expect(pack.baseName).toBe(`${enrolled.json.device}:`);
    expect(pack.salt).not.toEqual(packOf(two).salt);
    expect(one.parsed.device).toMatchObject({
      ...{ quality: 3, errorMs: 3, count: pack.records.length },
      ...{ firstMs: pack.firstMs, lastMs: pack.lastMs },
    });
    expect(new Set(pack.records.map(({ name }) => name))).toEqual(
      new Set(['temperature', 'humidity']),
    );
    expect(made.stats().lastReceipt?.logSize).toBeGreaterThanOrEqual(5);
  });

  test('an orderly stop loses no reading and leaves no gap', async () => {
    gateway.react = () => 'silent';
    const made = await start({ packing: { recordsMax: 1000, intervalMs: 30_000 } });
    await gateway.until(() => gateway.arrived.length === 1);
    while (made.stats().readings < 6) await new Promise((resolve) => setImmediate(resolve));
    const { readings } = made.stats();
    await made.stop();
    const lastSeq = events.filter(({ kind }) => kind === 'queued').length;
    gateway.arrived.length = 0;
    gateway.react = () => 'receipt';
    await start({ sensors: [] });
    await gateway.until(() => gateway.arrived.length === 3);
    const [, pack, boot] = gateway.arrived;
    expect(pack && packOf(pack).records.length).toBe(readings);
    expect(bootOf(boot)).toMatchObject({
      ...{ bootCount: 2, prevSeqDurable: lastSeq, firstSeq: lastSeq + 1, gapReason: null },
    });
    expect(boot?.parsed.prev).toEqual(pack?.parsed.id);
  });
});

describe('time', () => {
  const buried = { sensors: [{ type: 'generator', name: 'room', seed: 1, intervalMs: 1_000 }] };

  test('without a clock worth naming: relative times, no wall times, iat the build date', async () => {
    const clock = new VirtualClock(Date.UTC(1970, 0, 1));
    const packing = { recordsMax: 6, intervalMs: 30_000 };
    await start({ ...buried, packing }, { clock });
    await gateway.until(() => gateway.arrived.length === 1);
    await clock.advance(2_500);
    await gateway.until(() => packs().length === 1);
    const [arrived] = packs();
    expect(arrived?.parsed.device).toMatchObject({ quality: 0, firstMs: null, lastMs: null });
    const pack = arrived && packOf(arrived);
    expect(pack?.relative).toBe(true);
    expect(pack?.records.map(({ timeMs }) => timeMs)).toEqual([-2000, -2000, -1000, -1000, 0, 0]);
    expect(arrived?.parsed.iat).toBe(bootOf(gateway.arrived[0]).buildDateS);
  });

  test('a step of the clock is a record, and moves no reading against another', async () => {
    const clock = new VirtualClock();
    const packing = { recordsMax: 100, intervalMs: 10_000 };
    await start({ ...buried, packing }, { clock });
    await gateway.until(() => gateway.arrived.length === 1);
    await clock.advance(4_500);
    clock.stepWall(clock.nowMs() + 3_600_000);
    await clock.advance(6_000);
    await gateway.until(() => packs().length === 1);
    const [arrived] = packs();
    const pack = arrived && packOf(arrived);
    const step = pack?.records.find(({ name }) => name === 'clock/step');
    expect(step).toMatchObject({ value: 3_600, unit: 's' });
    const times = pack?.records.filter((r) => r.name === 'humidity').map((r) => r.timeMs) ?? [];
    expect(new Set(times.slice(1).map((t, i) => t - (times[i] ?? 0)))).toEqual(new Set([1_000]));
    expect(events.some(({ kind }) => kind === 'clock_step')).toBe(true);
  });

  test('an idle device sends a heartbeat within its reporting interval', async () => {
    const clock = new VirtualClock();
    const packing = { recordsMax: 10, intervalMs: 5_000 };
    await start({ sensors: [], packing, reportingIntervalMs: 60_000 }, { clock });
    await gateway.until(() => gateway.arrived.length === 1);
    await clock.advance(60_000);
    await gateway.until(() => packs().length === 2);
    const kinds = packs().flatMap((one) => packOf(one).records.map(({ kind }) => kind));
    expect(kinds).toEqual(['heartbeat', 'heartbeat']);
  });
});

describe('faults', () => {
  test('a sensor that fails gives fault records: no gap, no guess', async () => {
    const columns = [{ column: 'value', name: 'ambient', unit: 'Cel', min: -40, max: 80 }];
    const replay = { type: 'replay', name: 'lost', path: 'none.csv', columns, intervalMs: 10 };
    await start({ sensors: [replay] });
    await gateway.until(() => packs().length === 1);
    const [arrived] = packs();
    const [record] = (arrived && packOf(arrived).records) ?? [];
    expect(record).toMatchObject({ name: 'ambient/fault', value: 'unreadable', kind: 'fault' });
    expect(events.some(({ kind }) => kind === 'sensor_error')).toBe(true);
  });

  test('a full queue drops by policy and says so in one signed gap record', async () => {
    gateway.react = () => 'silent';
    const queue = { bytesMax: 4 * 4_096, segmentBytes: 4_096, freeDiskFloorBytes: 0 };
    const packing = { recordsMax: 2, intervalMs: 5_000 };
    const sensors = [{ type: 'generator', name: 'room', seed: 1, intervalMs: 10 }];
    const config = { queue: { ...queue, policy: 'dropOldest' }, packing, sensors };
    const made = await start(config);
    const isGap = (event: DeviceEvent) => event.kind === 'queued' && event.what.kind === 'gap';
    await gateway.until(() => events.some(isGap));
    await made.stop();
    gateway.react = () => 'receipt';
    await start({ ...config, sensors: [] });
    await gateway.until(() => ofType(MEDIA_GAP).length > 0);
    const gap = parseGap(ofType(MEDIA_GAP)[0]?.content ?? new Uint8Array(0));
    if (!gap.ok) throw new Error(gap.detail);
    expect(gap.value.reason).toBe('dropOldest');
    expect(gap.value.count).toBe(gap.value.toSeq - gap.value.fromSeq + 1);
    expect(gap.value.minTimeMs).not.toBeNull();
  });

  test('a lost queue beside its sequence file: no number twice, and the boot record says so', async () => {
    const made = await start();
    await gateway.until(() => (made.stats().uplink?.receipted ?? 0) >= 2);
    await made.stop();
    const used = Math.max(...gateway.arrived.map(({ parsed }) => parsed.seq));
    rmSync(join(enrolled.dataDir, 'queue'), { recursive: true });
    gateway.arrived.length = 0;
    await start({ sensors: [] });
    await gateway.until(() => gateway.arrived.length === 1);
    const boot = bootOf(gateway.arrived[0]);
    expect(boot).toMatchObject({ prevSeqDurable: 0, gapReason: 'tip_lost' });
    expect(boot.firstSeq).toBeGreaterThan(used);
    expect(gateway.arrived[0]?.parsed.prev).toEqual(new Uint8Array(32));
  });

  test('a failing disk stops the device, and nothing is signed after it', async () => {
    let writes = 0;
    const disk: typeof nodeDisk = {
      ...nodeDisk,
      open: (path, how) => {
        const file = nodeDisk.open(path, how);
        const fdatasync = () => {
          writes += 1;
          if (writes > 12) throw new DiskFailure({ op: 'fdatasync', path });
          file.fdatasync();
        };
        return { ...file, fdatasync };
      },
    };
    const made = await start({}, { disk });
    await expect(made.done).rejects.toBeInstanceOf(DiskFailure);
    const queued = events.filter(({ kind }) => kind === 'queued').length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(events.filter(({ kind }) => kind === 'queued')).toHaveLength(queued);
  });
});

describe('halts', () => {
  const halted = (code: string) => expect.objectContaining({ name: 'DeviceHalt', code });

  test('not enrolled', async () => {
    rmSync(join(enrolled.dataDir, 'state.json'));
    await expect(start()).rejects.toEqual(halted('not_enrolled'));
  });

  test('no key', async () => {
    rmSync(join(enrolled.dataDir, 'key.pem'));
    await expect(start()).rejects.toEqual(halted('key'));
    expect(gateway.connections).toBe(0);
  });

  test('another key than the registered one', async () => {
    rmSync(join(enrolled.dataDir, 'key.pem'));
    const other = new EnrolledDevice(gateway).enrol();
    const { readFileSync } = await import('node:fs');
    const text = readFileSync(join(other.dataDir, 'key.pem'));
    writeFileSync(join(enrolled.dataDir, 'key.pem'), text, { mode: 0o600 });
    other.remove();
    await expect(start()).rejects.toEqual(halted('key_mismatch'));
  });

  test('a state file that others can read, or that is damaged', async () => {
    const path = join(enrolled.dataDir, 'state.json');
    chmodSync(path, 0o644);
    await expect(start()).rejects.toEqual(halted('state'));
    chmodSync(path, 0o600);
    writeFileSync(path, '{"version":1');
    await expect(start()).rejects.toEqual(halted('state'));
  });

  test('a second process in the same directory', async () => {
    const first = await start();
    await expect(createDevice(enrolled.config()).start()).rejects.toEqual(halted('in_use'));
    await first.stop();
    await start();
  });
});
