import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startHttp } from '../../../gateway/http/server.ts';
import { ROLES } from '../../../gateway/tokens.ts';
import { DEVICE, FakeBackend } from '../../support/fake-backend.ts';
import { as, concise, harness, tokens } from './harness.ts';

const TYPES = [
  'application/json',
  'application/cose',
  'application/vnd.truegrain.frame+cbor',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  '/',
];
const HOSTILE = [
  `'; DROP TABLE statements;--`,
  '../../../etc/passwd',
  '..%2f..%2fetc',
  '%00',
  '\u{1f33e}',
  '__proto__',
  'constructor',
  '9'.repeat(299),
  '{{7*7}}',
];

test('no bytes on any route make a 500 or show a stack', async () => {
  const { app } = await harness();
  const routes = app.routeList.map(({ method, url }) => ({ method, url }));
  const part = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ maxLength: 40, unit: 'binary' }));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...routes),
      part,
      fc.constantFrom(...TYPES),
      fc.oneof(
        fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
        fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text)),
      ),
      fc.constantFrom(...ROLES),
      async (route, text, type, payload, role) => {
        const value = encodeURIComponent(text);
        const path = route.url.replace(/:\w+/, value).replace('*', value);
        const answer = await app.inject({
          method: route.method as 'GET',
          url: `${path}?${value}=${value}&limit=${value}&fromLeaf=${value}`,
          headers: { ...as(role), ...(route.method === 'POST' && { 'content-type': type }) },
          ...(route.method === 'POST' && { payload }),
        });
        expect(answer.statusCode, `${route.method} ${path}`).toBeLessThan(500);
        expect(answer.body).not.toMatch(/ at .*\.[jt]s:\d+|node_modules/);
        if (answer.statusCode >= 400 && route.method !== 'HEAD') {
          const media = String(answer.headers['content-type']);
          expect(media).toMatch(/problem/);
          if (media.includes('cbor')) expect(concise(answer.rawPayload).title).toBeTruthy();
          else expect(answer.json()).toMatchObject({ status: answer.statusCode });
        }
      },
    ),
    { numRuns: 1_500 },
  );
}, 60_000);

const admin = { ...as('deviceAdmin'), 'content-type': 'application/json' };
const revoke = (payload: string | Buffer) => ({
  method: 'POST' as const,
  url: `/v1/devices/${DEVICE}/revoke`,
  headers: admin,
  payload,
});

test.each([
  ['', 'The body is empty.'],
  ['{', 'The body is not valid JSON.'],
  ['{"reason":"x","__proto__":{"admin":true}}', 'The body is not valid JSON.'],
  ['{"reason":"x","constructor":{"prototype":{}}}', 'JSON'],
  ['[]', 'body must be object'],
  ['"x"', 'body must be object'],
  ['{"reason":1}', 'body/reason must be string'],
  ['{"reason":""}', 'body/reason must NOT have fewer than 1 characters'],
  ['{}', 'body/reason is missing'],
  ['{"reason":"x","extra":1}', 'body/extra is not known here'],
  ['{"reason":"x","kid":"00"}', 'body/kid must match pattern'],
  [`${'{"reason":'.repeat(5_000)}1${'}'.repeat(5_000)}`, 'body/reason must be string'],
  [`${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'body must be object'],
])('a body is refused with its place: %#', async (payload, message) => {
  const { app, backend } = await harness();
  const answer = await app.inject(revoke(payload));
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ code: 'invalid_request', title: 'Invalid request' });
  expect(answer.json().detail).toContain(message);
  expect(backend.revoked).toHaveLength(0);
});

test('413 for a body above the limit, 415 for another type', async () => {
  const { app } = await harness();
  const huge = await app.inject(revoke(`{"reason":"${'x'.repeat(70_000)}"}`));
  expect(huge.json()).toMatchObject({ status: 413, code: 'body_too_large' });
  const typed = { ...revoke('reason=x'), headers: { ...admin, 'content-type': 'text/plain' } };
  expect((await app.inject(typed)).json()).toMatchObject({ status: 415 });
});

test('404, 405 and bad encodings outside SCRAPI are problem+json', async () => {
  const { app } = await harness();
  const nothing = await app.inject({ url: '/v1/nothing' });
  expect(nothing.json()).toEqual({
    type: '/openapi.json#/x-problems/not_found',
    title: 'Not Found',
    status: 404,
    code: 'not_found',
    detail: 'There is nothing at this path.',
  });
  const method = await app.inject({ method: 'DELETE', url: '/v1/devices' });
  expect(method.json()).toMatchObject({ status: 405, detail: 'This path takes GET, HEAD.' });
  expect(method.headers.allow).toBe('GET, HEAD');
  const encoding = await app.inject({ url: '/v1/devices/%e0%a4%a', headers: as('operator') });
  expect(encoding.json()).toMatchObject({ status: 400, code: 'invalid_request' });
});

test('a bug is a 500 that shows an id and nothing else', async () => {
  const { app, backend } = await harness();
  backend.bug = new Error('SQLITE_CORRUPT: /secret/path');
  const answer = await app.inject({ url: '/log/checkpoint' });
  expect(answer.statusCode).toBe(500);
  expect(answer.json().detail).toMatch(/^Unexpected failure; request \S+\.$/);
  expect(answer.body).not.toContain('secret');
});

test('every answer carries the security headers', async () => {
  const { app } = await harness();
  for (const url of ['/log/checkpoint', '/v1/devices', '/nothing', '/entries/x']) {
    const { headers } = await app.inject({ url });
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['cache-control']).toBeTruthy();
  }
});

/** Sends raw bytes and collects whatever comes back until the server closes. */
function exchange(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(text)).on('error', reject);
  });
}

test('bytes that are no HTTP get a problem and a closed socket; the server lives on', async () => {
  const server = await startHttp({ backend: new FakeBackend(), tokens, port: 0 });
  try {
    const garbage = await exchange(
      server.port,
      Buffer.concat([Buffer.from('\x16\x03'), randomBytes(64)]),
    );
    expect(garbage).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(garbage).toContain('application/problem+json');
    const huge = await exchange(
      server.port,
      Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`),
    );
    expect(huge).toMatch(/^HTTP\/1\.1 431 /);
    const alive = await fetch(`${server.url}/healthz`);
    expect(await alive.json()).toEqual({ ok: true });
  } finally {
    await server.close();
  }
});
