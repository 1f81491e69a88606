// The checks of GS1's public resolver test suite (GS1DL-resolver-testsuite), as tests of our own, and
// what that suite does not ask.
import { expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config.ts';
import { GS1_KEYS } from '../../../gateway/epcis/gs1/gs1-key.ts';
import { harness } from './harness.ts';

const ROOT = 'https://id.mill.example';
const GTIN = '/01/09506000134352';
const ITEM = `${GTIN}/10/L1/21/S1`;
const EPC = 'https://id.gs1.org/01/09506000134352/21/S1';
const PAGE = `${ROOT}/ui/c/01/09506000134352/21/S1`;
const VOC = 'https://ref.gs1.org/voc/';
const LINKSET = { accept: 'application/linkset+json' };

const OPERATOR = [
  {
    linkType: 'gs1:certificationInfo',
    url: 'https://mill.example/certificates/{01}/{10}?item={epc}',
    title: 'Certificates of the lot',
    type: 'application/pdf',
    hreflang: ['de'],
  },
  {
    linkType: 'gs1:instructions',
    url: 'https://mill.example/a',
    title: 'Storage',
  },
  { linkType: 'gs1:instructions', url: 'https://mill.example/b', title: 'Cooking' },
];

const resolver = (links: readonly object[] = []) => {
  const member = { iss: 'https://mill.example', name: 'Wuchang Mill' };
  const config = { member, ledgerName: 'l.example', resolver: { links } };
  return {
    name: member.name,
    links: parseConfig(config, { file: '/t.json' }).resolverLinks ?? [],
  };
};

const resolving = () => harness({ publicUrl: ROOT, resolver: resolver(OPERATOR) });

test('the description file names root, keys and vocabulary, and matches GS1’s schema', async () => {
  const { app } = await resolving();
  const answer = await app.inject({ url: '/.well-known/gs1resolver' });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['content-type']).toContain('application/json');
  const description = answer.json();
  expect(description).toMatchObject({ name: 'Wuchang Mill', resolverRoot: ROOT });
  expect(description.supportedPrimaryKeys).toEqual(GS1_KEYS);
  const known =
    '01 8006 8013 8010 410 411 412 413 414 415 417 8017 8018 255 00 253 401 402 8003 8004';
  expect(known.split(' ')).toEqual(expect.arrayContaining(description.supportedPrimaryKeys));
  for (const { namespace, prefix } of description.supportedLinkType) {
    expect(prefix).toMatch(/^[a-zA-Z_][A-Za-z0-9_-]*?:$/);
    expect(URL.canParse(namespace)).toBe(true);
  }
  expect(typeof description.linkTypeDefaultCanBeLinkset).toBe('boolean');
});

test.each(['OPTIONS', 'GET', 'HEAD'] as const)(
  '%s has CORS, the methods and the linkset',
  async (method) => {
    const { app } = await resolving();
    const { headers, statusCode, body } = await app.inject({ method, url: ITEM });
    expect(statusCode).toBe(method === 'OPTIONS' ? 204 : 307);
    expect(body).toBe('');
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-allow-methods']).toBe('GET, HEAD, OPTIONS');
    expect(headers['access-control-allow-headers'] ?? '').not.toContain('authorization');
    const link = `<${ROOT}${ITEM}?linkType=linkset>; rel="linkset"; type="application/linkset+json"`;
    expect(headers.link).toBe(link);
  },
);

test.each([`${ITEM}/foo`, `${GTIN}/foo/1`, '/01/09506000134351', '/00/1', '/414/9521321000011'])(
  '%s is answered with 400, never with 200',
  async (url) => {
    const { app } = await resolving();
    for (const headers of [{}, LINKSET]) {
      const answer = await app.inject({ url, headers });
      expect(answer.statusCode).toBe(400);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(answer.json()).toMatchObject({ code: 'digital_link' });
    }
  },
);

test('a slash at the end changes nothing', async () => {
  const { app } = await resolving();
  const [without, with_] = await Promise.all([
    app.inject({ url: ITEM }),
    app.inject({ url: `${ITEM}/` }),
  ]);
  expect(with_.statusCode).toBe(without.statusCode);
  expect(with_.headers.location).toBe(without.headers.location);
});

test('linkType=linkset, linkType=all and Accept give the linkset, with its context', async () => {
  const { app } = await resolving();
  const asked: [string, Record<string, string>, string][] = [
    [`${ITEM}?linkType=linkset`, {}, 'application/linkset+json'],
    [`${ITEM}?linkType=all`, {}, 'application/linkset+json'],
    [ITEM, LINKSET, 'application/linkset+json'],
    [`${ITEM}?linkType=all`, LINKSET, 'application/linkset+json'],
    [`${ITEM}?compress=true&linkType=linkset`, {}, 'application/linkset+json'],
    [ITEM, { accept: 'application/json' }, 'application/json'],
    [ITEM, { accept: 'application/json, text/plain, */*' }, 'application/json'],
    [ITEM, { accept: 'application/ld+json' }, 'application/ld+json'],
  ];
  const sets = [];
  for (const [url, headers, type] of asked) {
    const answer = await app.inject({ url, headers });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toContain(type);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers.link).toMatch(
      /<https:\/\/ref\.gs1\.org\/\S+>; rel="http:\/\/www\.w3\.org\/ns\/json-ld#context"; type="application\/ld\+json"$/,
    );
    sets.push(answer.json());
  }
  const { '@context': context, ...last } = sets.pop();
  expect(context).toMatch(/^https:\/\/ref\.gs1\.org\/.*linkset-context$/);
  for (const set of [last, ...sets]) expect(set).toEqual(sets[0]);
});

test('every level has one default link with a title alone, described under another type too', async () => {
  const { app } = await resolving();
  const { linkset } = (await app.inject({ url: ITEM, headers: LINKSET })).json();
  expect(linkset.map((one: { anchor: string }) => one.anchor)).toEqual([
    `${ROOT}${ITEM}`,
    `${ROOT}${GTIN}/10/L1`,
    `${ROOT}${GTIN}`,
  ]);
  for (const { anchor, ...types } of linkset) {
    expect(anchor).toMatch(/^https?:\/\/[a-zA-Z0-9./]+/);
    const [only, ...more] = types[`${VOC}defaultLink`];
    expect(more).toEqual([]);
    expect(Object.keys(only).sort()).toEqual(['href', 'title']);
    expect(types[`${VOC}pip`][0].href).toBe(only.href);
    for (const [type, targets] of Object.entries<{ href: string; hreflang?: string[] }[]>(types)) {
      expect(type).toMatch(/^https:\/\//);
      for (const { hreflang = [], ...target } of targets) {
        expect(URL.canParse(target.href)).toBe(true);
        expect(target).toMatchObject({ title: expect.stringMatching(/./) });
        for (const tag of hreflang) expect(tag).toMatch(/^\w{2}(-\w{2})?$/);
      }
    }
  }
});

test('the default and every single link are where the linkset says', async () => {
  const { app } = await resolving();
  const { linkset } = (await app.inject({ url: ITEM, headers: LINKSET })).json();
  const { anchor: _, ...types } = linkset[0];
  const plain = await app.inject({ url: ITEM });
  expect(plain.headers.location).toBe(types[`${VOC}defaultLink`][0].href);
  expect(plain.headers.location).toBe(PAGE);
  const strip = (url: string) => url.replace(/[?&]linkType=[^&#]*$/, '');
  let singles = 0;
  for (const [type, targets] of Object.entries<{ href: string }[]>(types)) {
    if (targets.length > 1) continue;
    singles += 1;
    for (const name of [type.replace(VOC, 'gs1:'), type, type.replace('ref.', '')]) {
      const answer = await app.inject({ url: `${ITEM}?linkType=${name}` });
      expect(answer.statusCode).toBe(307);
      expect(strip(String(answer.headers.location))).toBe(strip(targets[0]!.href));
    }
  }
  expect(singles).toBe(5);
});

test('the links lead to page, trace and events of the thing that events name', async () => {
  const { app } = await resolving();
  const to = async (type: string) =>
    (await app.inject({ url: `${ITEM}?linkType=gs1:${type}&x=1` })).headers.location;
  expect(await to('pip')).toBe(`${PAGE}?linkType=gs1:pip&x=1`);
  expect(await to('traceability')).toBe(`${ROOT}/ui/#/product/${encodeURIComponent(EPC)}`);
  expect(await to('epcis')).toBe(`${ROOT}/epcis/epcs/${encodeURIComponent(EPC)}/events`);
});

test('the events link is a path of this gateway', async () => {
  const { app } = await harness();
  const { headers } = await app.inject({ url: `${ITEM}?linkType=gs1:epcis` });
  const { pathname } = new URL(String(headers.location));
  expect((await app.inject({ url: pathname })).statusCode).toBe(401);
});

test('a type without a link is 404, and so is a key that is not supported', async () => {
  const { app } = await resolving();
  for (const url of [
    `${ITEM}?linkType=gs1:nosuchlt`,
    `${GTIN}?linkType=`,
    '/8013/1987654Ad4X4bL5ttr2310c2K',
    '/01',
  ]) {
    const answer = await app.inject({ url });
    expect(answer.statusCode).toBe(404);
    expect(answer.json().code).toBe('not_found');
  }
});

test('links that nothing tells apart are answered with 300 and themselves', async () => {
  const { app } = await resolving();
  const answer = await app.inject({ url: `${ITEM}?linkType=gs1:instructions` });
  expect(answer.statusCode).toBe(300);
  expect(answer.headers['content-type']).toContain('application/linkset+json');
  const [{ anchor, ...types }] = answer.json().linkset;
  expect(anchor).toBe(`${ROOT}${ITEM}`);
  expect(Object.keys(types)).toEqual([`${VOC}instructions`]);
  expect(types[`${VOC}instructions`].map(({ title }: { title: string }) => title)).toEqual([
    'Storage',
    'Cooking',
  ]);
});

test('an operator’s link carries the thing, at the levels that have what it asks for', async () => {
  const { app } = await resolving();
  const odd = await app.inject({
    url: `${GTIN}/10/a%2Fb%3F/21/S1?linkType=gs1:certificationInfo&q=1`,
  });
  const item = encodeURIComponent(EPC);
  expect(odd.headers.location).toBe(
    `https://mill.example/certificates/09506000134352/a%2Fb%3F?item=${item}&linkType=gs1:certificationInfo&q=1`,
  );
  const class_ = await app.inject({ url: `${GTIN}?linkType=gs1:certificationInfo` });
  expect(class_.statusCode).toBe(404);
  const { linkset } = (await app.inject({ url: ITEM, headers: LINKSET })).json();
  const having = linkset.filter((one: object) => `${VOC}certificationInfo` in one);
  expect(having).toHaveLength(2);
});

test('the query goes along as it came, the ledger that the code carries with it', async () => {
  const { app } = await resolving();
  const query = `ledger=${'ab'.repeat(32)}&foo=bar&17=271231&s=%2F%20+`;
  const answer = await app.inject({ url: `${ITEM}?${query}` });
  expect(answer.headers.location).toBe(`${PAGE}?${query}`);
});

test.each([
  ['/gtin/09506000134352/lot/L1?a=b', `${GTIN}/10/L1?a=b`],
  ['/01/9506000134352', GTIN],
  ['/01/9506000134352?linkType=linkset', `${GTIN}?linkType=linkset`],
])('%s moves to the numbers: %s', async (url, to) => {
  const { app } = await resolving();
  const answer = await app.inject({ url });
  expect([answer.statusCode, answer.headers.location]).toEqual([308, `${ROOT}${to}`]);
});

test('an answer does not tell whether the ledger knows the thing, even where entries are open', async () => {
  const { app, backend } = await resolving();
  const { headers } = await app.inject({ url: ITEM });
  backend.open = true;
  backend.readingsTotal = 0;
  const again = await app.inject({ url: ITEM });
  const told = (all: object) =>
    Object.entries(all).filter(([name]) => !/^(date|x-ratelimit-.*)$/.test(name));
  expect(told(again.headers)).toEqual(told(headers));
  expect(again.statusCode).toBe(307);
  expect(backend.queries).toEqual([]);
});

test('without a public URL the links are where the request came to; a bad Host gets none', async () => {
  const { app } = await harness();
  const at = async (host: string) => app.inject({ url: GTIN, headers: { host } });
  expect((await at('10.0.0.7:8080')).headers.location).toBe(
    'http://10.0.0.7:8080/ui/c/01/09506000134352',
  );
  for (const host of ['evil.example/x?', 'a b', 'x"><script>']) {
    const answer = await at(host);
    expect(answer.statusCode).toBe(400);
    expect(answer.headers.location).toBeUndefined();
  }
});

test('a wrong method is 405 and a broken escape 400', async () => {
  const { app } = await resolving();
  expect((await app.inject({ method: 'POST', url: ITEM })).statusCode).toBe(405);
  expect((await app.inject({ url: `${GTIN}/10/%E0%A4%A` })).statusCode).toBe(400);
});

const ONE = { linkType: 'gs1:pip', url: 'https://x.example/', title: 'x' };

test.each([
  [{ ...ONE, linkType: 'pip' }, 'resolver.links[0].linkType must match'],
  [{ ...ONE, linkType: 'gs1:defaultLink' }, 'resolver.links[0].linkType is the gateway’s own'],
  [{ ...ONE, linkType: 'https://gs1.org/voc/defaultLinkMulti' }, 'is the gateway’s own'],
  [{ ...ONE, url: 'https://{01}.example/' }, 'resolver.links[0].url must match'],
  [{ ...ONE, url: 'https://x.example{01}/' }, 'resolver.links[0].url must match'],
  [{ ...ONE, url: 'https://x.example/{lot}' }, 'resolver.links[0].url must match'],
  [{ ...ONE, url: 'javascript:alert(1)' }, 'resolver.links[0].url must match'],
  [{ ...ONE, title: '' }, 'resolver.links[0].title must be text'],
  [{ ...ONE, type: 'pdf' }, 'resolver.links[0].type must match'],
  [{ ...ONE, hreflang: ['german'] }, 'resolver.links[0].hreflang must be a list of languages'],
  [{ ...ONE, href: 'x' }, 'resolver.links[0].href is not a known key'],
])('a configured link %j is refused', (link, message) => {
  expect(() => resolver([link])).toThrow(message);
});
