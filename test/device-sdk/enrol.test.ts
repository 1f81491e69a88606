import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDevice, type Device } from '../../device-sdk/device.ts';
import { enrol } from '../../device-sdk/enrol.ts';
import { fromBase64Url, fromHex, toHex } from '../../device-sdk/formats/bytes.ts';
import { parseCoseKey } from '../../device-sdk/formats/cose-key.ts';
import { verifyEnrolmentProof } from '../../device-sdk/formats/enrolment.ts';
import { openKeyFile } from '../../device-sdk/keys/key-file.ts';
import { rotate } from '../../device-sdk/rotate.ts';
import { pinnedLog, readState } from '../../device-sdk/state-file.ts';
import { EnrolledDevice, NTP } from '../support/enrolled-device.ts';
import { FakeGateway } from '../support/fake-gateway.ts';
import { DEVICE } from '../support/queued-frames.ts';

let gateway: FakeGateway;
let place: EnrolledDevice;
let device: Device | null = null;

beforeEach(async () => {
  gateway = await (await new FakeGateway().open()).openHttp();
  place = new EnrolledDevice(gateway);
});

afterEach(async () => {
  await device?.stop();
  device = null;
  await gateway.close();
  place.remove();
});

const bytes = (value: unknown) => fromBase64Url(String(value)) ?? new Uint8Array(0);
const keyFile = (name = 'key.pem') => {
  const key = openKeyFile(join(place.dataDir, name));
  if (!key.ok) throw new Error(key.detail);
  return key.value;
};
const enrolNow = (options: Partial<Parameters<typeof enrol>[0]> = {}) =>
  enrol({
    config: place.config(),
    url: gateway.httpUrl,
    token: 'one-time',
    ledgerId: gateway.ledgerId,
    ...options,
  });

describe('enrolment', () => {
  test.each([-7, -8] as const)(
    'makes a key, proves it, keeps the answer 0600 (%i)',
    async (alg) => {
      const enrolled = await enrolNow({ alg });
      expect(enrolled).toMatchObject({ ok: true });
      const state = readState(place.dataDir);
      if (!state.ok) throw new Error(state.detail);
      expect(state.value).toMatchObject({
        ...{ device: DEVICE, keyNumber: 0, kid: keyFile().kid, origin: gateway.origin },
        mqtt: { url: gateway.mqttUrl, username: DEVICE, password: 'secret' },
      });
      expect(keyFile().alg).toBe(alg);
      expect(pinnedLog(state.value)).toMatchObject({ value: { keys: [gateway.logSigner.key] } });
      for (const name of ['key.pem', 'state.json']) {
        expect(statSync(join(place.dataDir, name)).mode & 0o777).toBe(0o600);
      }
      expect(readFileSync(join(place.dataDir, 'state.json'), 'utf8')).not.toContain('one-time');
    },
  );

  test('an enrolled device starts and gets its first receipt', async () => {
    await enrolNow();
    device = createDevice(place.config({ gateway: {} }), { probe: NTP });
    device.on(() => gateway.notify());
    await device.start();
    await gateway.until(() => (device?.stats().lastReceipt ?? null) !== null);
  });

  test('without a ledger id it takes the one of the public checkpoint', async () => {
    const { ledgerId: _, ...rest } = { ledgerId: null };
    const enrolled = await enrol({
      ...rest,
      config: place.config(),
      url: gateway.httpUrl,
      token: 'one-time',
    });
    expect(enrolled).toMatchObject({ ok: true, value: { ledgerId: gateway.ledgerId } });
  });

  test('another ledger than the operator named is not enrolled with', async () => {
    gateway.httpAnswer = (_path, body) => {
      const key = parseCoseKey(bytes(body['coseKey']));
      return [201, gateway.registration(DEVICE, key.ok ? keyFile().kid : new Uint8Array(32))];
    };
    const enrolled = await enrolNow({ ledgerId: new Uint8Array(32).fill(1) });
    expect(enrolled).toMatchObject({ ok: false, code: 'answer_mismatch' });
    expect(existsSync(join(place.dataDir, 'state.json'))).toBe(false);
  });

  test.each([
    ['kid', '00'.repeat(32)],
    ['device', 'urn:dev:ow:00'],
    ['origin', 'elsewhere.example/x'],
    ['policy', 'quorum none\n'],
    ['policy', null],
    ['mqtt', null],
  ])('an answer with a wrong %s is not taken', async (field, value) => {
    gateway.httpAnswer = (_path, body) => {
      const [status, answer] = gateway.registered(body);
      return [status, { ...(answer as object), [field]: value }];
    };
    expect(await enrolNow()).toMatchObject({ ok: false, code: 'answer_mismatch' });
    expect(readState(place.dataDir)).toMatchObject({ ok: false, code: 'not_enrolled' });
  });

  test('a refused token is told; the key stays for the next try', async () => {
    gateway.httpAnswer = () => [403, { code: 'enrolment_token', title: 'not valid' }];
    const first = await enrolNow();
    expect(first).toMatchObject({ ok: false, code: 'refused' });
    expect(JSON.stringify(first)).toContain('enrolment_token');
    const { kid } = keyFile();
    gateway.httpAnswer = (_path, body) => gateway.registered(body);
    expect(await enrolNow()).toMatchObject({ ok: true, value: { kid } });
    expect(await enrolNow()).toMatchObject({ ok: false, code: 'already_enrolled' });
  });

  test('no gateway there: one line, and nothing is written but the key', async () => {
    const url = 'http://127.0.0.1:1';
    expect(await enrolNow({ url })).toMatchObject({ ok: false, code: 'unreachable' });
  });
});

describe('rotation', () => {
  const rotateNow = (options: Partial<Parameters<typeof rotate>[0]> = {}) =>
    rotate({
      config: place.config(),
      url: gateway.httpUrl,
      token: 'device-token',
      parts: { probe: NTP },
      drainMsMax: 10_000,
      ...options,
    });

  async function runUntil(condition: (running: Device) => boolean): Promise<void> {
    const running = createDevice(place.config(), { probe: NTP });
    running.on(() => gateway.notify());
    await running.start();
    await gateway.until(() => condition(running));
    await running.stop();
  }

  beforeEach(() => {
    mkdirSync(place.dataDir, { recursive: true });
    place.enrol();
    gateway.httpAnswer = (path) => [path.endsWith('/rotate') ? 201 : 404, { leafIndex: 9, id: '' }];
  });

  test('drains the queue, proves both keys, and counts the new stream from 1', async () => {
    gateway.react = () => 'silent';
    await runUntil((running) => running.stats().queued >= 3);
    const old = keyFile();
    gateway.react = () => 'receipt';
    const rotated = await rotateNow();
    expect(rotated).toMatchObject({ ok: true, value: { framesLeft: 0 } });
    const fresh = keyFile('key-1.pem');
    const [request] = gateway.requests;
    expect(request?.path).toBe(`/v1/devices/${DEVICE}/rotate`);
    const body = request?.body ?? {};
    expect(fromHex(String(body['oldKid']))).toEqual(old.kid);
    const expected = { device: DEVICE, key: fresh.key, ledgerId: gateway.ledgerId, token: null };
    expect(verifyEnrolmentProof(bytes(body['proofNew']), expected).ok).toBe(true);
    const byOld = { ...expected, signedBy: old.key };
    expect(verifyEnrolmentProof(bytes(body['proofOld']), byOld).ok).toBe(true);
    gateway.arrived.length = 0;
    await runUntil(() => gateway.arrived.length >= 2);
    const [boot, pack] = gateway.arrived;
    expect(boot?.parsed).toMatchObject({ kid: fresh.kid, seq: 1, prev: null });
    expect(pack?.parsed).toMatchObject({ kid: fresh.kid, seq: 2, prev: boot?.parsed.id });
  });

  test('frames that can’t be drained stop it, unless forced', async () => {
    gateway.react = () => 'silent';
    await runUntil((running) => running.stats().queued >= 2);
    const drainMsMax = 100;
    expect(await rotateNow({ drainMsMax })).toMatchObject({ ok: false, code: 'not_drained' });
    expect(gateway.requests).toHaveLength(0);
    const forced = await rotateNow({ drainMsMax, force: true });
    expect(forced.ok && forced.value.framesLeft).toBeGreaterThan(0);
    // The log refuses what the retired key signed, and lists it: the frames are released so.
    const fresh = keyFile('key-1.pem');
    gateway.react = ({ parsed }) =>
      toHex(parsed.kid) === toHex(fresh.kid) ? 'receipt' : { list: 'key_retired' };
    await runUntil((running) => running.stats().queue?.frames === 0);
  });

  test('a crash after the answer: the next call asks the registry and finishes', async () => {
    let kid = '';
    gateway.httpAnswer = (path) => {
      if (!path.endsWith('/rotate')) return [200, { keys: [{ kid, status: 'active' }] }];
      kid = toHex(keyFile('key-1.pem').kid);
      return [409, { code: 'conflict', detail: 'old key is retired' }];
    };
    expect(await rotateNow()).toMatchObject({ ok: true });
    expect(readState(place.dataDir)).toMatchObject({ value: { keyFile: 'key-1.pem' } });
  });

  test('a conflict that is not ours changes nothing', async () => {
    gateway.httpAnswer = (path) =>
      path.endsWith('/rotate') ? [409, { code: 'conflict' }] : [200, { keys: [] }];
    expect(await rotateNow()).toMatchObject({ ok: false, code: 'conflict' });
    expect(readState(place.dataDir)).toMatchObject({ value: { keyFile: 'key.pem' } });
  });
});
