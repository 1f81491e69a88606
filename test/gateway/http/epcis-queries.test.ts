import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { JsonObject } from '../../../gateway/epcis/json.ts';
import { type HttpServer, startHttp } from '../../../gateway/http/server.ts';
import { FakeBackend } from '../../support/fake-backend.ts';
import { epcisHarness, eventsOf, objectEvent } from './epcis-harness.ts';
import { as, tokens } from './harness.ts';

const QUERY = { eventType: ['ObjectEvent'], EQ_bizStep: ['shipping', 'receiving'] };
const QUERY_OF = { name: 'mine', query: QUERY };

test('a query has a name, and its events', async () => {
  const { post, get, call } = await epcisHarness([
    objectEvent(),
    objectEvent({ bizStep: 'packing' }),
    objectEvent({ bizStep: 'receiving' }),
  ]);
  const created = await post('/queries', QUERY_OF);
  expect([created.statusCode, created.headers.location]).toEqual([201, '/epcis/queries/mine']);
  expect((await get('/queries')).json()).toEqual([QUERY_OF]);
  expect((await get('/queries/mine')).json()).toEqual(QUERY_OF);
  const events = await get('/queries/mine/events?perPage=1');
  expect(events.json().epcisBody.queryResults.queryName).toBe('mine');
  expect(eventsOf(events).map((event) => event['bizStep'])).toEqual(['receiving']);
  const next = /<\/epcis(.*)>; rel="next"/.exec(String(events.headers.link))?.[1] ?? '';
  expect(eventsOf(await get(next)).map((event) => event['bizStep'])).toEqual(['shipping']);

  expect((await post('/queries', QUERY_OF)).json()).toMatchObject({
    status: 409,
    type: 'epcisException:ResourceAlreadyExistsException',
  });
  expect((await get('/queries/mine/events?EQ_bizStep=packing')).statusCode).toBe(400);
  expect((await call('DELETE', '/queries/mine')).statusCode).toBe(204);
  for (const path of ['/queries/mine', '/queries/mine/events', '/queries/mine/subscriptions']) {
    expect((await get(path)).json()).toMatchObject({
      status: 404,
      type: 'epcisException:NoSuchNameException',
    });
  }
  expect((await call('DELETE', '/queries/mine')).statusCode).toBe(404);
});

test.each([
  [{ name: 'a/b', query: {} }, 'QueryValidationException'],
  [{ name: '<script>', query: {} }, 'QueryValidationException'],
  [{ name: 'SimpleEventQuery', query: {} }, 'QueryValidationException'],
  [{ name: 'x'.repeat(129), query: {} }, 'QueryValidationException'],
  [{ name: 'a', query: [] }, 'QueryValidationException'],
  [{ query: {} }, 'QueryValidationException'],
  [{ name: 'a', query: { EQ_unheardOf: ['x'] } }, 'QueryParameterException'],
])('%j is no query', async (body, exception) => {
  const { post, get } = await epcisHarness();
  const answer = await post('/queries', body);
  expect(answer.json()).toMatchObject({ status: 400, type: `epcisException:${exception}` });
  expect((await get('/queries')).json()).toEqual([]);
});

test.each([
  [{}],
  [{ dest: 'https://a.example/' }],
  [{ dest: 'https://a.example/', stream: false }],
  [{ dest: 'https://a.example/', stream: true, schedule: { hour: '1' } }],
  [{ dest: 'https://a.example/', schedule: {} }],
  [{ dest: 'https://a.example/', schedule: { hour: '24' } }],
  [{ dest: 'https://a.example/', schedule: { month: '2', dayOfMonth: '31' } }],
  [{ dest: 'ftp://a.example/', stream: true }],
  [{ dest: 'https://u:p@a.example/', stream: true }],
  [{ dest: 'https://a.example/', stream: true, signatureToken: 7 }],
  [{ dest: 'https://a.example/', stream: true, initialRecordTime: 'yesterday' }],
  [{ dest: 'https://a.example/', stream: true, __proto__x: 1 }],
])('%j is no subscription', async (terms) => {
  const { post, get } = await epcisHarness();
  await post('/queries', QUERY_OF);
  expect((await post('/queries/mine/subscriptions', terms)).json()).toMatchObject({
    status: 400,
    type: 'epcisException:SubscriptionControlsException',
  });
  expect((await get('/queries/mine/subscriptions')).json()).toEqual([]);
});

test('a query that ends by itself can not be subscribed to', async () => {
  const { post, backend } = await epcisHarness();
  backend.epcis.query = () => ({ ok: true, value: { events: [], next: null } });
  await post('/queries', { name: 'few', query: { eventCountLimit: 3 } });
  const answer = await post('/queries/few/subscriptions', {
    dest: 'https://a.example/',
    stream: true,
  });
  expect(answer.json().detail).toContain('eventCountLimit');
});

interface Receiver {
  readonly server: Server;
  readonly url: string;
  readonly got: { body: string; headers: IncomingMessage['headers'] }[];
  /** Statuses to answer with, in turn; 200 afterwards. */
  readonly answers: number[];
}

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function receiver(): Promise<Receiver> {
  const got: Receiver['got'] = [];
  const answers: number[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      got.push({ body, headers: request.headers });
      const status = answers.shift() ?? 200;
      response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('x'.repeat(100));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`,
    got,
    answers,
  };
}

const steps = ({ got }: Receiver): unknown[][] =>
  got.map(({ body }) =>
    eventsOf({ json: () => JSON.parse(body) as JsonObject }).map((event) => event['bizStep']),
  );

test('what is new is posted in order, signed, and again until it is taken', async () => {
  const { post, get, backend, call } = await epcisHarness([objectEvent({ bizStep: 'receiving' })]);
  backend.standing.start();
  open.push(backend.standing);
  await post('/queries', QUERY_OF);
  const to = await receiver();
  to.answers.push(500, 302);
  const terms = { dest: to.url, signatureToken: 'secret', stream: true };
  const created = await post('/queries/mine/subscriptions', terms, {
    'gs1-epc-format': 'Never_Translates',
  });
  expect(created.statusCode).toBe(201);
  const subscription = created.json();
  expect(subscription).toMatchObject({ dest: to.url, stream: true, epcFormat: 'Never_Translates' });
  expect(created.body).not.toContain('secret');
  const path = `/queries/mine/subscriptions/${subscription.subscriptionID}`;
  expect(created.headers.location).toBe(`/epcis${path}`);

  await post('/events', objectEvent({ eventID: 'urn:x:1' }));
  await post('/events', objectEvent({ eventID: 'urn:x:2', bizStep: 'packing' }));
  await expect.poll(() => to.got.length).toBe(3);
  await post('/events', objectEvent({ eventID: 'urn:x:3', bizStep: 'receiving' }));
  await expect.poll(() => to.got.length).toBe(4);
  expect(steps(to)).toEqual([['shipping'], ['shipping'], ['shipping'], ['receiving']]);
  const [first] = to.got;
  const mac = createHmac('sha256', 'secret').update(String(first?.body)).digest('hex');
  expect(first?.headers['gs1-signature']).toBe(`sha256=${mac}`);
  expect(JSON.parse(String(first?.body)).epcisBody.queryResults).toMatchObject({
    queryName: 'mine',
    subscriptionID: subscription.subscriptionID,
  });
  await expect.poll(async () => (await get(path)).json().lastNotifiedAt).toBeTruthy();
  expect((await get('/queries/mine/subscriptions')).json()).toHaveLength(1);

  expect((await call('DELETE', path)).statusCode).toBe(204);
  expect((await get(path)).statusCode).toBe(404);
});

async function served(): Promise<{ backend: FakeBackend; server: HttpServer; ws: string }> {
  const backend = new FakeBackend();
  backend.standing.start();
  const server = await startHttp({ backend, tokens, port: 0 });
  open.push(server, backend.standing);
  await backend.standing.create('mine', QUERY);
  return { backend, server, ws: `${server.url.replace('http', 'ws')}/epcis/queries/mine/events` };
}

/** The HTTP status that the upgrade is answered with. */
function statusOf(url: string, headers: Record<string, string> = as('operator')): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers });
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('upgrade', () => reject(new Error('upgraded')));
    socket.on('error', () => {});
  });
}

test('a WebSocket is told what is new to the query', async () => {
  const { backend, ws } = await served();
  const socket = new WebSocket(`${ws}?stream=true`, { headers: as('auditor') });
  const messages: JsonObject[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(String(data)) as JsonObject));
  await new Promise((resolve) => socket.on('open', resolve));
  await backend.epcis.captureEvent(objectEvent({ eventID: 'urn:x:0', bizStep: 'receiving' }));
  await expect.poll(() => messages.length).toBe(1);
  await backend.epcis.captureEvent(objectEvent({ eventID: 'urn:x:1' }));
  await expect.poll(() => messages.length).toBe(2);
  const told = messages.flatMap((message) => eventsOf({ json: () => message }));
  expect(told.map((event) => event['eventID'])).toEqual(['urn:x:0', 'urn:x:1']);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  backend.standing.remove('mine');
  expect(await closed).toBe(1_000);
});

test('an upgrade is refused as any request, and only there is one', async () => {
  const { ws, server, backend } = await served();
  expect(await statusOf(`${ws}?stream=true`, {})).toBe(401);
  expect(await statusOf(`${ws}?stream=true`, as('capture'))).toBe(403);
  expect(await statusOf(ws)).toBe(400);
  expect(await statusOf(`${ws}?stream=true&hour=1`)).toBe(400);
  expect(await statusOf(`${ws.replace('mine', 'none')}?stream=true`)).toBe(404);
  expect(await statusOf(`${server.url.replace('http', 'ws')}/healthz`)).toBe(200);
  const plain = await fetch(`${server.url}/epcis/queries/mine/events?stream=true`, {
    headers: as('operator'),
  });
  expect(plain.status).toBe(400);
  const chatty = new WebSocket(`${ws}?stream=true`, { headers: as('operator') });
  chatty.on('open', () => chatty.send('hello'));
  expect(await new Promise((resolve) => chatty.on('close', resolve))).toBe(1_008);
  expect(backend.epcis.events).toHaveLength(0);
});
