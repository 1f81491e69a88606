import { MEDIA_EVIDENCE } from '@truegrain/device-sdk/formats/media-types.js';
import { expect, test } from 'vitest';
import { EVIDENCE } from '../../support/fake-backend.ts';
import { epcisHarness, eventsOf, GS1, objectEvent } from './epcis-harness.ts';
import { as } from './harness.ts';

const ID = `ni:///sha-256;${'ab'.repeat(32)}?ver=CBV2.0`;
const KEPT = { 'gs1-epc-format': 'Never_Translates' };

test('one event is captured at once, with its address', async () => {
  const { post, get } = await epcisHarness();
  const event = objectEvent({ eventID: ID, 'example:lot': 'x' });
  const context = { example: 'http://ns.example.com/epcis/' };
  const answer = await post('/events', { '@context': [GS1, context], ...event });
  expect(answer.statusCode).toBe(201);
  const location = String(answer.headers.location);
  expect(location).toBe(`/epcis/events/${encodeURIComponent(ID)}`);
  const recordTime = '2026-01-01T00:00:00.000Z';
  expect(answer.json()).toEqual({ '@context': [GS1, context], ...event, recordTime });

  const stored = await get(location.replace('/epcis', ''), KEPT);
  expect(stored.json()).toMatchObject({
    '@context': [GS1, context],
    type: 'EPCISQueryDocument',
    schemaVersion: '2.0',
  });
  expect(eventsOf(stored)).toEqual([{ ...event, recordTime }]);
  expect(stored.headers['gs1-extensions']).toBe('example=http://ns.example.com/epcis/');
});

test('the same event again is 409, and names the one that is there', async () => {
  const { post } = await epcisHarness([objectEvent({ eventID: ID })]);
  const answer = await post('/events', objectEvent({ eventID: ID, action: 'ADD' }));
  expect(answer.headers.location).toBe(`/epcis/events/${encodeURIComponent(ID)}`);
  expect(answer.json()).toMatchObject({
    status: 409,
    code: 'epcis_duplicate',
    type: 'epcisException:ResourceAlreadyExistsException',
  });
});

test('an event leads to its proof, and is answered as it for the asking', async () => {
  const { get, backend } = await epcisHarness([objectEvent({ eventID: ID })]);
  const path = `/events/${encodeURIComponent(ID)}`;
  const { headers } = await get(path);
  const type = `type="${MEDIA_EVIDENCE}"`;
  const statement = '64'.repeat(32);
  expect(headers.link).toBe(
    `</epcis${path}>; rel="alternate"; ${type}, ` +
      `</v1/statements/${statement}/evidence>; rel="describedby"; ${type}`,
  );
  expect(headers.vary).toContain('accept');

  const proof = await get(path, { accept: MEDIA_EVIDENCE });
  expect(proof.headers['content-type']).toBe(MEDIA_EVIDENCE);
  expect(new Uint8Array(proof.rawPayload)).toEqual(EVIDENCE);
  backend.anchoredSize = 100;
  expect((await get(path, { accept: MEDIA_EVIDENCE })).statusCode).toBe(404);
  const none = await get('/events/urn:uuid:none', { accept: MEDIA_EVIDENCE });
  expect(none.json()).toMatchObject({
    status: 404,
    type: 'epcisException:NoSuchResourceException',
  });
});

test.each([
  [undefined, 'application/json'],
  ['*/*', 'application/json'],
  ['application/ld+json', 'application/ld+json'],
  ['application/xml, application/json;q=0.5', 'application/json'],
  ['application/json;q=0.1, application/*', 'application/ld+json'],
])('Accept %s is answered as %s', async (accept, media) => {
  const { get } = await epcisHarness([objectEvent()]);
  const answer = await get('/events', accept === undefined ? {} : { accept });
  expect(answer.headers['content-type']).toBe(`${media}; charset=utf-8`);
});

test.each(['text/html', 'application/json;q=0', 'application/xml, */*;q=0'])(
  'Accept %s can not be served',
  async (accept) => {
    const { get } = await epcisHarness();
    expect((await get('/events', { accept })).json()).toMatchObject({
      status: 406,
      type: 'epcisException:NotAcceptableException',
    });
  },
);

test('EPCs are answered in the form asked for', async () => {
  const urn = 'urn:epc:id:sgtin:0614141.107346.2018';
  const link = 'https://id.gs1.org/01/10614141073464/21/2018';
  const { get } = await epcisHarness([objectEvent({ eventID: ID })]);
  const epc = async (headers: Record<string, string>) => {
    const answer = await get('/events', headers);
    return [eventsOf(answer)[0]?.['epcList'], answer.headers['gs1-epc-format']];
  };
  expect(await epc({})).toEqual([[link], 'Always_GS1_Digital_Link']);
  expect(await epc(KEPT)).toEqual([[urn], 'Never_Translates']);
  expect(await epc({ 'gs1-epc-format': 'Always_EPC_URN' })).toEqual([[urn], 'Always_EPC_URN']);
  const wrong = await get('/events', { 'gs1-epc-format': 'Klingon' });
  expect(wrong.json()).toMatchObject({ status: 400, type: 'epcisException:ValidationException' });
});

test('parameters reach the query as they are; a list may be given twice', async () => {
  const { get, epcis } = await epcisHarness([objectEvent()]);
  const extensions = { 'gs1-extensions': 'ex=http://ns.example.com/epcis/, y=urn:y:' };
  await get('/events?EQ_bizStep=a%7Cb&EQ_bizStep=c&perPage=5&eventType=ObjectEvent', extensions);
  expect(epcis.queried).toEqual([
    {
      '@context': { ex: 'http://ns.example.com/epcis/', y: 'urn:y:' },
      EQ_bizStep: 'a|b|c',
      eventType: 'ObjectEvent',
    },
  ]);
  const wrong = await get('/events', { 'gs1-extensions': 'no pair' });
  expect(wrong.json()).toMatchObject({ status: 400 });
});

test('pages follow each other to the end, for the query they began with', async () => {
  const steps = ['a', 'b', 'c', 'd', 'e'];
  const { get } = await epcisHarness(steps.map((bizStep) => objectEvent({ bizStep })));
  const seen: unknown[] = [];
  let path = '/events?eventType=ObjectEvent&perPage=2';
  for (let pages = 0; path !== ''; pages += 1) {
    expect(pages).toBeLessThan(4);
    const answer = await get(path);
    seen.push(...eventsOf(answer).map((event) => event['bizStep']));
    path = /<\/epcis(.*?)>; rel="next"/.exec(String(answer.headers.link))?.[1] ?? '';
    const expires = answer.headers['gs1-next-page-token-expires'];
    expect(expires === undefined).toBe(path === '');
    if (expires !== undefined) expect(Date.parse(String(expires))).toBeGreaterThan(Date.now());
  }
  expect(seen).toEqual(['e', 'd', 'c', 'b', 'a']);
});

test('a page token is good for its own query, until it is ended', async () => {
  const { get, call } = await epcisHarness([objectEvent(), objectEvent({ action: 'ADD' })]);
  const first = await get('/events?eventType=ObjectEvent&perPage=1');
  const token = /nextPageToken=([^&>]+)/.exec(String(first.headers.link))?.[1] ?? '';
  const page = (query: string, given = token) => get(`/events?${query}&nextPageToken=${given}`);
  expect((await page('eventType=ObjectEvent&perPage=7')).statusCode).toBe(200);
  const problem = { status: 400, code: 'epcis_page_token' };
  expect((await page('eventType=AggregationEvent')).json()).toMatchObject(problem);
  expect((await get(`/epcs?nextPageToken=${token}`)).json()).toMatchObject(problem);
  expect((await page('eventType=ObjectEvent', `x${token}`)).json()).toMatchObject(problem);
  expect((await page('eventType=ObjectEvent', '.')).json()).toMatchObject(problem);

  expect((await call('DELETE', `/nextPageToken/${token}`)).statusCode).toBe(204);
  expect((await page('eventType=ObjectEvent')).json()).toMatchObject(problem);
  expect((await call('DELETE', '/nextPageToken/nonsense')).statusCode).toBe(404);
});

test.each(['perPage=0', 'perPage=-1', 'perPage=x', 'perPage=1&perPage=2', 'nextPageToken='])(
  '%s is refused',
  async (query) => {
    const { get } = await epcisHarness();
    expect((await get(`/events?${query}`)).json()).toMatchObject({ status: 400 });
  },
);

test('a query beyond reason is refused with its size', async () => {
  const { get, epcis } = await epcisHarness();
  const long = await get(`/events?EQ_bizStep=${'x'.repeat(9_000)}`);
  expect(long.json()).toMatchObject({ status: 414, type: 'epcisException:URITooLongException' });
  const many = Array.from({ length: 101 }, (_, i) => `EQ_${i}=1`).join('&');
  expect((await get(`/events?${many}`)).json()).toMatchObject({
    status: 413,
    type: 'epcisException:QueryTooComplexException',
  });
  expect(epcis.queried).toEqual([]);
  const unknown = await get("/events?EQ_x'; DROP TABLE event;--=1");
  expect(unknown.json()).toMatchObject({
    status: 400,
    type: 'epcisException:QueryParameterException',
  });
});

test('versions that do not meet are 406', async () => {
  const { get } = await epcisHarness();
  const status = async (headers: Record<string, string>) =>
    (await get('/events', headers)).statusCode;
  expect(await status({ 'gs1-epcis-min': '1.0.0', 'gs1-epcis-max': '2.0' })).toBe(200);
  expect(await status({ 'gs1-epcis-max': '1.2' })).toBe(406);
  expect(await status({ 'gs1-cbv-min': '2.0.1' })).toBe(406);
  expect(await status({ 'gs1-cbv-xml-format': 'Always_URN' })).toBe(200);
  expect(await status({ 'gs1-cbv-xml-format': 'x' })).toBe(400);
});

test('only those with the role capture or read', async () => {
  const { app } = await epcisHarness();
  const get = async (role: 'capture' | 'auditor' | 'device') =>
    (await app.inject({ url: '/epcis/events', headers: as(role) })).statusCode;
  expect([await get('capture'), await get('auditor'), await get('device')]).toEqual([
    200, 200, 403,
  ]);
});
