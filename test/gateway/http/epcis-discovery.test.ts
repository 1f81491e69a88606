import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { group } from '../../support/group.ts';
import { epcisHarness, eventsOf, GS1, objectEvent } from './epcis-harness.ts';

const openapi = join(resolve(process.env['TRUEGRAIN_SHARED'] ?? '../shared'), 'epcis/openapi.json');

function pathsOf(): [string, string[]][] {
  const { paths } = JSON.parse(readFileSync(openapi, 'utf8')) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const methods = ['get', 'post', 'delete', 'options'];
  return Object.entries(paths).map(([path, described]) => [
    path,
    methods.filter((method) => Object.hasOwn(described, method)).map((one) => one.toUpperCase()),
  ]);
}

const standard = group(
  'epcis',
  (() => {
    try {
      return readFileSync(openapi).length > 0;
    } catch {
      return false;
    }
  })(),
);

standard("GS1's interface description", () => {
  test('each of its 29 paths and their methods is here, and OPTIONS says which', async () => {
    const { app, call } = await epcisHarness();
    const described = pathsOf();
    expect(described).toHaveLength(29);
    const routed = new Set(app.routeList.map(({ method, url }) => `${method} ${url}`));
    for (const [path, methods] of described) {
      const url = `/epcis${path === '/' ? '' : path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
      for (const method of methods) expect(routed, path).toContain(`${method} ${url}`);
      if (!methods.includes('OPTIONS')) continue;
      const answer = await call('OPTIONS', path === '/' ? '' : path.replaceAll(/[{}]/g, 'x'));
      expect(answer.statusCode).toBe(204);
      expect(String(answer.headers.allow).split(', ').sort()).toEqual(methods.sort());
      expect(answer.headers).toMatchObject({
        'gs1-epcis-min': '2.0.0',
        'gs1-epcis-max': '2.0.0',
        'gs1-cbv-version': '2.0.0',
        'gs1-vendor-version': 'truegrain-1',
      });
    }
  });
});

test('the root names the resources', async () => {
  const { get } = await epcisHarness();
  const answer = await get('');
  expect(answer.json()).toMatchObject({ '@context': GS1, type: 'Collection' });
  expect(answer.json().member.sort()).toEqual(
    [
      'bizLocations',
      'bizSteps',
      'capture',
      'dispositions',
      'epcs',
      'eventTypes',
      'events',
      'queries',
      'readPoints',
    ].sort(),
  );
});

const EPC = 'https://id.gs1.org/01/10614141073464/21/2018';
const EVENTS = [
  objectEvent({ bizStep: 'shipping', epcList: [EPC], disposition: 'in_transit' }),
  objectEvent({
    bizStep: 'receiving',
    epcList: ['urn:x:2'],
    bizLocation: { id: 'https://example.com/dock?door=1&side=a' },
  }),
];

test.each([
  ['epcs', EPC, 'shipping'],
  ['bizSteps', 'receiving', 'receiving'],
  ['dispositions', 'in_transit', 'shipping'],
  ['bizLocations', 'https://example.com/dock?door=1&side=a', 'receiving'],
])('/%s lists %s, and its events', async (tree, value, bizStep) => {
  const { get } = await epcisHarness(EVENTS);
  expect((await get(`/${tree}`)).json().member).toContain(value);
  const path = `/${tree}/${encodeURIComponent(value)}`;
  expect((await get(path)).json()).toEqual({
    '@context': GS1,
    type: 'Collection',
    member: ['events'],
  });
  const events = await get(`${path}/events?eventType=ObjectEvent`);
  expect(eventsOf(events).map((event) => event['bizStep'])).toEqual([bizStep]);
});

test('what no event says is 404, a standard event type is none the less empty', async () => {
  const { get } = await epcisHarness(EVENTS);
  for (const path of ['/epcs/urn:x:3', '/epcs/urn:x:3/events', '/eventTypes/NoEvent']) {
    expect((await get(path)).json()).toMatchObject({
      status: 404,
      type: 'epcisException:NoSuchResourceException',
    });
  }
  expect(eventsOf(await get('/eventTypes/AssociationEvent/events'))).toEqual([]);
  expect(eventsOf(await get('/bizSteps/accepting/events'))).toEqual([]);
  const dispositions = (await get('/dispositions')).json().member;
  expect(dispositions).toContain('non_sellable_other');
  expect(dispositions.filter((one: string) => one === 'in_transit')).toHaveLength(1);
  expect((await get('/eventTypes?perPage=1')).json().member).toEqual([
    'AggregationEvent',
    'AssociationEvent',
    'ObjectEvent',
    'TransactionEvent',
    'TransformationEvent',
  ]);
});

test('what the path says can not be asked for otherwise', async () => {
  const { get } = await epcisHarness(EVENTS);
  const answer = await get('/bizSteps/shipping/events?EQ_bizStep=receiving');
  expect(answer.json()).toMatchObject({ status: 400, code: 'epcis_query_parameter' });
});

test('values come in pages', async () => {
  const steps = ['a', 'b', 'c', 'd', 'e'].map((id) => objectEvent({ readPoint: { id } }));
  const { get } = await epcisHarness(steps);
  const first = await get('/readPoints?perPage=3');
  expect(first.json().member).toEqual(['a', 'b', 'c']);
  const next = /<\/epcis(.*)>; rel="next"/.exec(String(first.headers.link))?.[1] ?? '';
  expect((await get(next)).json().member).toEqual(['d', 'e']);
});
