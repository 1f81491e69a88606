import { expect, test, vi } from 'vitest';
import type { Json, JsonObject } from '../../../gateway/epcis/json.ts';
import { GS1_CONTEXT, sharedContext } from '../../../gateway/epcis/query/query-document.ts';
import { documentOf, epcisHarness, eventsOf, GS1, objectEvent } from './epcis-harness.ts';

const KEPT = { 'gs1-epc-format': 'Never_Translates' };
const HOSTILE = [
  '<script>alert(1)</script>',
  `"><img src=x onerror=alert(1)>`,
  `'; DROP TABLE event;--`,
  '../../../etc/passwd',
  'a\r\nSet-Cookie: x=1',
  '\u0000',
  '__proto__',
  '\u{1f33e}',
];

test.each(HOSTILE)('an eventID such as %j is data and nothing else', async (text) => {
  const eventID = `urn:x:${text}`;
  const { post, get } = await epcisHarness();
  const event = objectEvent({ eventID, bizStep: text });
  const captured = await post('/events', event);
  expect(captured.statusCode).toBe(201);
  const { location } = captured.headers;
  expect(location).toBe(`/epcis/events/${encodeURIComponent(eventID)}`);
  expect(location).toMatch(/^[!-~]+$/);
  const answer = await get(String(location).replace('/epcis', ''), KEPT);
  expect(eventsOf(answer)[0]).toMatchObject({ eventID, bizStep: text });
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.headers['x-content-type-options']).toBe('nosniff');
  expect(answer.headers['set-cookie']).toBeUndefined();
});

test('a context that could be fetched is not, and keeps to its event', async () => {
  const fetched = vi.spyOn(globalThis, 'fetch');
  const context = [GS1, 'http://169.254.169.254/latest/meta-data', { example: 'urn:evil:' }];
  const { post, get } = await epcisHarness();
  const hostile = objectEvent({ eventID: 'urn:x:hostile' });
  await post('/capture', documentOf([hostile], { '@context': context }));
  await post('/capture', documentOf([objectEvent({ eventID: 'urn:x:good' })]));
  const answer = await get('/events', KEPT);
  expect(answer.json()['@context']).toEqual([GS1, { example: 'http://ns.example.com/epcis/' }]);
  const [good, evil] = eventsOf(answer);
  expect(good).not.toHaveProperty('@context');
  expect(evil).toMatchObject({ eventID: 'urn:x:hostile', '@context': context });
  expect(fetched).not.toHaveBeenCalled();
});

const shared = (contexts: readonly Json[], event: JsonObject = {}) =>
  sharedContext(contexts.map((context) => ({ context, event })));

test('contexts are shared as far as no event changes its meaning', () => {
  const a = { a: 'urn:a:' };
  expect(shared([])).toEqual({ context: [GS1_CONTEXT], own: [] });
  expect(shared([null, null]).context).toEqual([GS1_CONTEXT]);
  expect(shared([a]).context).toEqual([GS1_CONTEXT, a]);
  const alias = 'https://gs1.github.io/EPCIS/epcis-context.jsonld';
  expect(shared([[alias, a]]).context).toEqual([alias, a]);
  expect(shared([[alias, a], null, { b: 'urn:b:' }, { a: 'urn:c:' }])).toEqual({
    context: [GS1_CONTEXT, a, { b: 'urn:b:' }],
    own: [false, false, false, true],
  });
  // One that redefines a word that events use, or a scheme, speaks for its own event only.
  for (const context of [
    { 'a:b': { '@type': '@id' } },
    { urn: 'http://x/' },
    { bizStep: 'http://x/' },
    { shipping: 'http://x/' },
    { action: null },
  ]) {
    expect(shared([null, context], objectEvent())).toEqual({
      context: [GS1_CONTEXT],
      own: [false, true],
    });
  }
});

test('what a context binds reaches a header only where a header can say it', async () => {
  const context = { ok: 'urn:ok:', 'b\r\nad': 'urn:x:', c: 'urn:x:\r\nx: y', d: 'urn:a,b' };
  const { post, get } = await epcisHarness();
  await post('/capture', documentOf([objectEvent()], { '@context': context }));
  expect((await get('/events')).headers['gs1-extensions']).toBe('ok=urn:ok:');
});
