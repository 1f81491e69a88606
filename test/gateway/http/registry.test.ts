import { toBase64Url, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { expect, test } from 'vitest';
import {
  bytes32,
  CHARTER,
  DEVICE,
  EVIDENCE,
  KID,
  RECEIPTED,
  REGISTRATION,
  RUNNING,
} from '../../support/fake-backend.ts';
import { as, harness } from './harness.ts';

const sensor = {
  name: 't',
  quantity: 'temperature',
  unit: 'Cel',
  min: -40,
  max: 85,
  resolution: 0.1,
  interface: 'simulated',
  calibration: { certificate: 'C-1', digest: '06'.repeat(32), dueMs: 5 },
};

test('devices, one device, its completeness; 404 for one that is not registered', async () => {
  const { app } = await harness();
  const get = (url: string) => app.inject({ url, headers: as('auditor') });
  const [listed] = (await get('/v1/devices')).json().devices;
  expect(listed.keys[0]).toEqual({
    kid: toHex(KID),
    status: 'active',
    fromLeaf: 1,
    untilLeaf: null,
  });
  expect(listed.sensors[0].calibration.digest).toBe('06'.repeat(32));
  expect((await get(`/v1/devices/${DEVICE}`)).json()).toEqual(listed);
  expect((await get(`/v1/devices/${encodeURIComponent(DEVICE)}`)).json()).toEqual(listed);
  const complete = (await get(`/v1/devices/${DEVICE}/completeness`)).json();
  expect(complete.summary[0]).toContain('complete from seq 1 to 90');
  expect((await get('/v1/devices/urn:dev:mac:00')).json()).toMatchObject({ status: 404 });
  expect((await get('/v1/devices/urn:dev:mac:00/completeness')).statusCode).toBe(404);
});

test('enrolment: the administrator makes a token, the device redeems it without a bearer', async () => {
  const { app, backend } = await harness();
  const payload = { device: DEVICE, reportingIntervalS: 60, sensors: [sensor] };
  const made = await app.inject({
    method: 'POST',
    url: '/v1/enrolments',
    headers: as('deviceAdmin'),
    payload,
  });
  expect(made.statusCode).toBe(201);
  expect(made.json()).toMatchObject({ token: 'once', ledgerId: '09'.repeat(32) });
  expect(backend.enrolments[0]).toMatchObject({
    subjects: null,
    binding: 'none',
    validForS: 86_400,
  });
  expect(backend.enrolments[0]!.sensors[0]!.calibration!.digest).toEqual(bytes32(6));

  const enrol = (enrolmentToken: string, coseKey = 'oQ') =>
    app.inject({
      method: 'POST',
      url: '/v1/enrol',
      payload: { enrolmentToken, device: DEVICE, coseKey, proof: 'oQ' },
    });
  const redeemed = await enrol('once');
  expect(redeemed.statusCode).toBe(201);
  expect(redeemed.json()).toMatchObject({ device: DEVICE, kid: toHex(KID), leafIndex: 8 });
  expect(redeemed.headers['access-control-allow-origin']).toBeUndefined();
  expect(backend.registered[0]!.coseKey).toEqual(new Uint8Array([0xa1]));
  expect((await enrol('twice')).json()).toMatchObject({ status: 403, code: 'enrolment_token' });
  expect((await enrol('once', 'oR')).json()).toMatchObject({ code: 'invalid_request' });
});

test('enrolment specs are checked to the last field', async () => {
  const { app } = await harness();
  const post = async (change: object) => {
    const payload = { device: DEVICE, reportingIntervalS: 60, sensors: [sensor], ...change };
    const headers = as('deviceAdmin');
    return (await app.inject({ method: 'POST', url: '/v1/enrolments', headers, payload })).json();
  };
  expect((await post({ reportingIntervalS: '60' })).detail).toContain('must be integer');
  expect((await post({ sensors: [] })).detail).toContain('body/sensors');
  const nameless = { ...sensor, name: 'a b' };
  expect((await post({ sensors: [sensor, nameless] })).errors[0].path).toBe('body/sensors/1/name');
  expect((await post({ sensors: [{ ...sensor, calibration: undefined }] })).detail).toContain(
    'body/sensors/0/calibration is missing',
  );
});

test('rotation: a device needs the old key, an administrator may force it', async () => {
  const { app, backend } = await harness();
  const rotate = (role: 'device' | 'scoped' | 'deviceAdmin', proofOld: string | null) =>
    app.inject({
      method: 'POST',
      url: `/v1/devices/${DEVICE}/rotate`,
      headers: as(role),
      payload: { oldKid: toHex(KID), newKey: 'oQ', proofNew: 'oQ', proofOld, reason: 'yearly' },
    });
  expect((await rotate('device', null)).statusCode).toBe(403);
  expect((await rotate('scoped', 'oQ')).statusCode).toBe(403);
  expect(backend.rotated).toHaveLength(0);
  expect((await rotate('device', 'oQ')).statusCode).toBe(201);
  expect((await rotate('deviceAdmin', null)).json()).toEqual({ leafIndex: 9, id: '0a'.repeat(32) });
  expect(backend.rotated.map(({ proofOld }) => proofOld)).toEqual([new Uint8Array([0xa1]), null]);
});

test('revocation of one key, of all keys, of nothing', async () => {
  const { app, backend } = await harness();
  const revoke = (urn: string, body: object) =>
    app.inject({
      method: 'POST',
      url: `/v1/devices/${urn}/revoke`,
      headers: as('deviceAdmin'),
      payload: { reason: 'stolen', ...body },
    });
  expect((await revoke(DEVICE, { kid: toHex(KID) })).statusCode).toBe(201);
  expect((await revoke(DEVICE, { kid: null })).json().leafIndex).toBe(10);
  expect((await revoke('urn:dev:mac:00', {})).json()).toMatchObject({ status: 404 });
  expect(backend.revoked.map(({ kid }) => kid)).toEqual([KID, null, null]);
});

test('statement, evidence file, erasure', async () => {
  const { app, backend } = await harness();
  const get = (path: string) =>
    app.inject({ url: `/v1/statements/${path}`, headers: as('auditor') });
  const id = toHex(RECEIPTED);
  expect((await get(id)).json()).toEqual({
    id,
    leafIndex: 7,
    entry: toBase64Url(new Uint8Array([0xd2])),
    content: toBase64Url(new Uint8Array([0x81])),
    erased: false,
    receivedMs: 1_700_000_000_000,
  });
  const evidence = await get(`${id}/evidence`);
  expect(evidence.rawPayload).toEqual(Buffer.from(EVIDENCE));
  expect(evidence.headers['content-disposition']).toBe(`attachment; filename="${id}.tgev"`);
  expect((await get(toHex(RUNNING))).statusCode).toBe(404);
  expect((await get(`${toHex(RUNNING)}/evidence`)).statusCode).toBe(404);
  expect((await get('xyz')).json()).toMatchObject({ status: 400 });

  const erase = (ids: string[]) =>
    app.inject({
      method: 'POST',
      url: '/v1/erasures',
      headers: as('operator'),
      payload: { ids, basis: 'GDPR Art. 17', reason: 'request' },
    });
  expect((await erase([id])).json()).toEqual({ leafIndex: 11, id: '0c'.repeat(32) });
  expect(backend.erased).toEqual([[RECEIPTED]]);
  expect((await erase([toHex(CHARTER)])).json()).toMatchObject({ status: 409, code: 'retained' });
  expect((await erase([])).statusCode).toBe(400);
});

test('governance is public, the registry in it is not', async () => {
  const { app, backend } = await harness();
  const kinds = async (headers: Record<string, string>, query = '') => {
    const answer = await app.inject({ url: `/v1/governance${query}`, headers });
    return answer.json().leaves.map((leaf: { kind: string }) => leaf.kind);
  };
  expect(await kinds({})).toEqual(['charter']);
  expect(await kinds(as('auditor'))).toEqual(['charter', 'registration']);
  expect(await kinds(as('auditor'), '?fromLeaf=1')).toEqual(['registration']);
  const paged = (await app.inject({ url: '/v1/governance?limit=1' })).json();
  expect(paged.next).toBe(1);

  const status = async (id: Uint8Array, tail: string, headers = {}) =>
    (await app.inject({ url: `/v1/governance/${toHex(id)}${tail}`, headers })).statusCode;
  for (const tail of ['', '/evidence']) {
    expect(await status(CHARTER, tail)).toBe(200);
    expect(await status(REGISTRATION, tail)).toBe(404);
    expect(await status(REGISTRATION, tail, as('auditor'))).toBe(200);
    // A reading is no governance statement, whoever asks here.
    expect(await status(RECEIPTED, tail, as('auditor'))).toBe(404);
  }
  expect((await app.inject({ url: '/v1/governance', headers: as('nobody') })).statusCode).toBe(401);
  backend.open = true;
  expect(await kinds({})).toEqual(['charter', 'registration']);
});

test('health: ok to anyone, details to those who run or audit it, 503 when it is not', async () => {
  const { app, backend } = await harness();
  expect((await app.inject({ url: '/healthz' })).json()).toEqual({ ok: true });
  const full = (await app.inject({ url: '/healthz', headers: as('operator') })).json();
  expect(full).toMatchObject({ ok: true, size: 12, anchoredSize: 12, details: { mode: 'solo' } });
  backend.healthy = false;
  const sick = await app.inject({ url: '/healthz' });
  expect([sick.statusCode, sick.json()]).toEqual([503, { ok: false }]);
  const metrics = await app.inject({ url: '/metrics', headers: as('auditor') });
  expect(metrics.headers['content-type']).toContain('version=0.0.4');
  expect(metrics.body).toContain('tg_size 12');
});
