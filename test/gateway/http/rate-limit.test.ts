import { expect, test } from 'vitest';
import { as, concise, harness } from './harness.ts';

const limits = {
  requestsPerMinute: 3,
  tilesPerMinute: 4,
  submissionsPerMinute: 2,
  enrolmentsPerMinute: 1,
};

test('the fourth request of a minute is a 429 with Retry-After', async () => {
  const { app } = await harness({ limits });
  const statuses: number[] = [];
  for (let i = 0; i < 3; i += 1) statuses.push((await app.inject({ url: '/healthz' })).statusCode);
  expect(statuses).toEqual([200, 200, 200]);
  const over = await app.inject({ url: '/healthz' });
  expect(over.json()).toMatchObject({ status: 429, code: 'rate_limited' });
  expect(Number(over.headers['retry-after'])).toBeGreaterThan(0);
});

test('tokens are counted apart from each other and from the address', async () => {
  const { app } = await harness({ limits });
  for (let i = 0; i < 4; i += 1) await app.inject({ url: '/healthz' });
  const status = async (role: 'operator' | 'auditor') =>
    (await app.inject({ url: '/v1/devices', headers: as(role) })).statusCode;
  for (let i = 0; i < 3; i += 1) expect(await status('operator')).toBe(200);
  expect(await status('operator')).toBe(429);
  expect(await status('auditor')).toBe(200);
});

test('guessing tokens is counted by address, and paths that do not exist are too', async () => {
  const { app } = await harness({ limits });
  const guess = () => app.inject({ url: '/v1/devices', headers: as('nobody') });
  for (let i = 0; i < 3; i += 1) expect((await guess()).statusCode).toBe(401);
  expect((await guess()).statusCode).toBe(429);
  expect((await app.inject({ url: '/nothing' })).statusCode).toBe(429);
});

test('an IPv6 client is its /64', async () => {
  const { app } = await harness({ limits });
  const from = async (remoteAddress: string) =>
    (await app.inject({ url: '/healthz', remoteAddress })).statusCode;
  for (let i = 0; i < 3; i += 1) await from(`2001:db8::${i}`);
  expect(await from('2001:db8::ffff')).toBe(429);
  expect(await from('2001:db8:0:1::1')).toBe(200);
});

test('submissions, enrolments and tiles have limits of their own', async () => {
  const { app } = await harness({ limits });
  const submit = () =>
    app.inject({
      method: 'POST',
      url: '/entries',
      headers: { ...as('device'), 'content-type': 'application/cose' },
      payload: Buffer.from([1]),
    });
  await submit();
  await submit();
  const over = await submit();
  expect(over.statusCode).toBe(429);
  expect(concise(over.rawPayload).title).toBe('Too Many Requests');
  expect(over.headers['retry-after']).toBeTruthy();

  const enrol = () => app.inject({ method: 'POST', url: '/v1/enrol', payload: {} });
  expect((await enrol()).statusCode).toBe(400);
  expect((await enrol()).statusCode).toBe(429);

  for (let i = 0; i < 4; i += 1) {
    expect((await app.inject({ url: '/log/tile/0/000' })).statusCode).toBe(200);
  }
  expect((await app.inject({ url: '/log/tile/0/000' })).statusCode).toBe(429);
});
