import { toBase64Url, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeCbor, parseCbor } from '@truegrain/device-sdk/formats/cbor.js';
import { expect, test } from 'vitest';
import { bytes32, KID, RECEIPT, RECEIPTED, REFUSED, RUNNING } from '../../support/fake-backend.ts';
import { as, concise, harness } from './harness.ts';

const PROBLEM = 'application/concise-problem-details+cbor';
const FRAME = 'application/vnd.truegrain.frame+cbor';
const statement = Buffer.from([0xd2, 0x84, 0x40, 0xa0, 0x40, 0x40]);
const post = (payload: Buffer, type = 'application/cose') => ({
  method: 'POST' as const,
  url: '/entries',
  payload,
  headers: { ...as('device'), 'content-type': type },
});

test('202: accepted, empty body, where and when to ask again', async () => {
  const { app, backend } = await harness();
  const answer = await app.inject(post(statement));
  expect(answer.statusCode).toBe(202);
  expect(answer.rawPayload).toHaveLength(0);
  expect(answer.headers.location).toBe(`/entries/${toHex(RUNNING)}`);
  expect(answer.headers['retry-after']).toBe('1');
  expect(backend.submitted[0]!.content).toBeNull();
  expect(Buffer.from(backend.submitted[0]!.statement)).toEqual(statement);
});

test('201: the receipt at once, at the same Location', async () => {
  const { app, backend } = await harness({ publicUrl: 'https://log.example/' });
  backend.answer = { state: 'receipted', id: RECEIPTED, receipt: RECEIPT };
  const answer = await app.inject(post(statement, 'application/scitt-statement+cose'));
  expect(answer.statusCode).toBe(201);
  expect(answer.headers.location).toBe(`https://log.example/entries/${toHex(RECEIPTED)}`);
  expect(answer.headers['content-type']).toBe('application/cose');
  expect(answer.rawPayload).toEqual(Buffer.from(RECEIPT));
});

test('a frame carries the content beside the statement', async () => {
  const { app, backend } = await harness();
  const content = new Uint8Array([0x80]);
  const frame = Buffer.from(encodeCbor([new Uint8Array(statement), content]));
  expect((await app.inject(post(frame, `${FRAME.toUpperCase()}; v=1`))).statusCode).toBe(202);
  expect(Buffer.from(backend.submitted[0]!.statement)).toEqual(statement);
  expect(Buffer.from(backend.submitted[0]!.content!)).toEqual(Buffer.from(content));
});

test.each([
  ['two items of other types', encodeCbor([1, 2])],
  ['three items', encodeCbor([new Uint8Array(1), new Uint8Array(1), new Uint8Array(1)])],
  ['one item', encodeCbor([new Uint8Array(1)])],
  ['a map', encodeCbor(new Map())],
  ['cut short', encodeCbor([new Uint8Array(9), new Uint8Array(9)]).subarray(0, 12)],
  ['nested too deep', new Uint8Array(1_000).fill(0x81)],
])('a malformed frame is refused: %s', async (_name, bytes) => {
  const { app, backend } = await harness();
  const answer = await app.inject(post(Buffer.from(bytes), FRAME));
  expect(answer.statusCode).toBe(400);
  expect(concise(answer.rawPayload).title).toBe('Malformed request');
  expect(backend.submitted).toHaveLength(0);
});

test.each([
  ['bad_signature', 400, 'Rejected'],
  ['statement_alg', 400, 'Bad Signature Algorithm'],
  ['content_missing', 400, 'Payload Missing'],
  ['statement_header', 400, 'Malformed request'],
  ['key_revoked', 400, 'Rejected'],
  ['never_heard_of', 400, 'Rejected'],
  ['statement_too_large', 413, 'Content Too Large'],
  ['rate_limited', 429, 'Too Many Requests'],
])('a refusal %s is %d %s', async (code, status, title) => {
  const { app, backend } = await harness();
  backend.answer = { state: 'refused', code, detail: 'why' };
  const answer = await app.inject(post(statement));
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toBe(PROBLEM);
  expect(concise(answer.rawPayload)).toEqual({ title, detail: `${code}: why` });
});

test('503 with Retry-After while nothing can be stored', async () => {
  const { app, backend } = await harness();
  backend.answer = { state: 'busy', retryAfterS: 7 };
  const answer = await app.inject(post(statement));
  expect(answer.statusCode).toBe(503);
  expect(answer.headers['retry-after']).toBe('7');
  expect(concise(answer.rawPayload).title).toBe('Service Unavailable');
});

test.each([
  ['application/json', Buffer.from('{}'), 415, 'Unsupported Media Type'],
  ['text/plain', Buffer.from('x'), 415, 'Unsupported Media Type'],
  ['application/cose', Buffer.alloc(0), 400, 'Malformed request'],
  ['application/cose', Buffer.alloc(300_000), 413, 'Content Too Large'],
])('a body of %s that this path does not take: %#', async (type, body, status, title) => {
  const { app } = await harness();
  const answer = await app.inject(post(body, type));
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toBe(PROBLEM);
  expect(concise(answer.rawPayload).title).toBe(title);
});

test('GET: 200 receipt, 204 running, 404 failed, 404 unknown, 400 no locator', async () => {
  const { app } = await harness();
  const get = (id: string, headers = {}) => app.inject({ url: `/entries/${id}`, headers });

  const receipt = await get(toHex(RECEIPTED));
  expect(receipt.statusCode).toBe(200);
  expect(receipt.headers['content-type']).toBe('application/cose');
  expect(receipt.rawPayload).toEqual(Buffer.from(RECEIPT));
  const named = await get(toHex(RECEIPTED), { accept: 'application/scitt-receipt+cose' });
  expect(named.headers['content-type']).toBe('application/scitt-receipt+cose');

  const running = await get(toHex(RUNNING));
  expect(running.statusCode).toBe(204);
  expect(running.headers['retry-after']).toBe('1');
  expect(running.headers['cache-control']).toBe('no-store');
  expect(running.rawPayload).toHaveLength(0);

  const failed = await get(toHex(REFUSED));
  expect(failed.statusCode).toBe(404);
  expect(concise(failed.rawPayload).title).toBe('Registration Failed');
  const unknown = await get(toHex(bytes32(99)));
  expect(unknown.statusCode).toBe(404);
  expect(concise(unknown.rawPayload).title).toBe('Not Found');
  for (const bad of ['1', toHex(RUNNING).toUpperCase().replace('0', 'F'), `${toHex(RUNNING)}00`]) {
    const invalid = await get(bad);
    expect(invalid.statusCode).toBe(400);
    expect(concise(invalid.rawPayload).title).toBe('Invalid locator');
  }
});

test('keys: the set, and one by base64url kid', async () => {
  const { app, backend } = await harness();
  const set = await app.inject({ url: '/.well-known/scitt-keys' });
  expect(set.headers['content-type']).toBe('application/cbor');
  const parsed = parseCbor(set.rawPayload);
  expect(parsed.ok && Array.isArray(parsed.value) && parsed.value.length).toBe(1);

  const one = await app.inject({ url: `/.well-known/scitt-keys/${toBase64Url(KID)}` });
  expect(one.statusCode).toBe(200);
  expect(one.rawPayload).toEqual(Buffer.from(backend.keySet()[0]!.coseKey));
  const none = await app.inject({ url: `/.well-known/scitt-keys/${toBase64Url(bytes32(1))}` });
  expect(none.statusCode).toBe(404);
  expect(concise(none.rawPayload).title).toBe('No such key');
});

test('a kid that is URL-safe text is found by itself', async () => {
  const { app, backend } = await harness();
  const coseKey = new Uint8Array([0xa0]);
  backend.keySet = () => [{ kid: new TextEncoder().encode('log-key_1'), coseKey }];
  for (const asked of ['log-key_1', toBase64Url(new TextEncoder().encode('log-key_1'))]) {
    const answer = await app.inject({ url: `/.well-known/scitt-keys/${asked}` });
    expect(answer.rawPayload).toEqual(Buffer.from(coseKey));
  }
});

test.each([
  ['GET', '/entries', 405, 'Method Not Allowed'],
  ['DELETE', `/entries/${toHex(RUNNING)}`, 405, 'Method Not Allowed'],
  ['POST', '/.well-known/scitt-keys', 405, 'Method Not Allowed'],
  ['GET', '/entries/a/b', 404, 'Not Found'],
  ['GET', '/entries/', 400, 'Invalid locator'],
  ['GET', '/.well-known/scitt-keys/a/b', 404, 'Not Found'],
  ['GET', '/entries/%zz', 400, 'Malformed request'],
  ['GET', `/entries/${'a'.repeat(1_100)}`, 414, 'URI Too Long'],
] as const)('%s %s answers concise problem details', async (method, url, status, title) => {
  const { app } = await harness();
  const answer = await app.inject({ method, url });
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([status, PROBLEM]);
  expect(concise(answer.rawPayload).title).toBe(title);
  if (status === 405) expect(answer.headers.allow).toMatch(/GET|POST/);
});

test('a path beside the prefix is not SCRAPI', async () => {
  const { app } = await harness();
  const answer = await app.inject({ url: '/entriesque' });
  expect(answer.headers['content-type']).toBe('application/problem+json');
});

test('401 on POST /entries is concise too', async () => {
  const { app } = await harness();
  const answer = await app.inject({ method: 'POST', url: '/entries', payload: statement });
  expect(answer.statusCode).toBe(401);
  expect(answer.headers['content-type']).toBe(PROBLEM);
});
