import { request } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { type HttpServer, startHttp } from '../../../gateway/http/server.ts';
import { DEVICE, FakeBackend } from '../../support/fake-backend.ts';
import { as, harness, tokens } from './harness.ts';

const headers = as('auditor');
let server: HttpServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

test('pages of JSON follow next to the end', async () => {
  const { app } = await harness();
  const seqs: number[] = [];
  let url = `/v1/readings?device=${DEVICE}&limit=10`;
  for (let pages = 0; pages < 3; pages += 1) {
    const answer = await app.inject({ url, headers });
    expect(answer.statusCode).toBe(200);
    const { rows, next } = answer.json();
    seqs.push(...rows.map((row: { seq: number }) => row.seq));
    const link = /<([^>]+)>; rel="next"/.exec(String(answer.headers.link ?? ''));
    expect(link === null).toBe(next === null);
    url = link?.[1] ?? 'end';
  }
  expect(url).toBe('end');
  expect(seqs).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
});

test('the filter reaches the backend with its types', async () => {
  const { app, backend } = await harness();
  const query = new URLSearchParams({ device: DEVICE, fromMs: '5', toMs: '6', subject: 'a b' });
  await app.inject({ url: `/v1/readings?${query}`, headers });
  expect(backend.queries).toEqual([
    { device: DEVICE, subject: 'a b', fromMs: 5, toMs: 6, limit: 100 },
  ]);
});

test('format=array streams one JSON array over many pages', async () => {
  const { app, backend } = await harness();
  for (const total of [0, 1, 2_500]) {
    backend.readingsTotal = total;
    const answer = await app.inject({ url: '/v1/readings?format=array', headers });
    expect(answer.json().map((row: { seq: number }) => row.seq)).toHaveLength(total);
  }
});

test('Accept: text/csv streams the range as CSV', async () => {
  const { app, backend } = await harness();
  backend.readingsTotal = 2_500;
  const answer = await app.inject({
    url: '/v1/readings',
    headers: { ...headers, accept: 'text/csv' },
  });
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
  expect(answer.headers['content-disposition']).toContain('readings.csv');
  const lines = answer.body.split('\r\n');
  expect(lines[0]).toMatch(/^timeMs,device,subject,name,unit,value,/);
  expect(lines).toHaveLength(2_502);
  expect(lines[2_500]).toContain(',1249.5,,,');
});

test('CSV quotes texts and defuses formulas, but leaves numbers alone', async () => {
  const { app, backend } = await harness();
  const odd = [
    { value: '=HYPERLINK("http://evil")', subject: 'a,b\n"c"' },
    { value: -1.5, name: '@SUM(A1)' },
    { value: true, unit: null, timeMs: null, flags: ['late', 'fork'] },
    { value: null, device: '+1' },
  ];
  backend.readingsTotal = odd.length;
  backend.readingOf = (i) => odd[i]!;
  const { body } = await app.inject({ url: '/v1/readings?format=csv', headers });
  expect(body).toContain(`"'=HYPERLINK(""http://evil"")"`);
  expect(body).toContain('"a,b\n""c"""');
  expect(body).toContain(',-1.5,');
  expect(body).toContain("'@SUM(A1)");
  expect(body).toContain("'+1");
  expect(body).toContain(',true,');
  expect(body).toContain('late fork\r\n');
});

test.each([
  ['limit=0', 'query/limit must be >= 1'],
  ['limit=1001', 'query/limit must be <= 1000'],
  ['limit=1e2', 'query/limit must be integer'],
  ['limit=5&limit=6', 'query/limit must be integer'],
  ['fromMs=-1', 'query/fromMs must be >= 0'],
  ['fromMs=99999999999999999999', 'query/fromMs must be integer'],
  ['fromMs=6&toMs=5', 'query/fromMs must not be after query/toMs'],
  ['format=xml', 'query/format must be one of page, array, csv'],
  ['format=csv&limit=5', 'query/limit is for format=page'],
  ['device=nonsense', 'query/device must match pattern'],
  ['devices=all', 'query/devices is not known here'],
  ['__proto__=1', 'is not known here'],
  ['cursor=bogus', 'The cursor is not ours'],
])('?%s is refused with a clear message', async (query, message) => {
  const { app } = await harness();
  const answer = await app.inject({ url: `/v1/readings?${query}`, headers });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().detail).toContain(message);
});

const SQL = `' OR 1=1; DROP TABLE statements;--`;

test('SQL in a value is a value', async () => {
  const { app, backend } = await harness();
  const answer = await app.inject({
    url: `/v1/readings?subject=${encodeURIComponent(SQL)}`,
    headers,
  });
  expect(answer.statusCode).toBe(200);
  expect(backend.queries[0]!.subject).toBe(SQL);
});

async function listening(backend: FakeBackend) {
  server = await startHttp({ backend, tokens, port: 0 });
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
  return server;
}

/** Opens a stream and reads nothing of its body. */
function open(port: number, path: string) {
  const outgoing = request({ port, host: '127.0.0.1', path, headers });
  outgoing.end();
  return new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject);
  });
}

/** Waits until the number of pages served stands still for 20 turns of 5 ms. */
async function settled(backend: FakeBackend): Promise<number> {
  let seen = -1;
  let still = 0;
  await vi.waitFor(
    () => {
      still = backend.pagesServed === seen ? still + 1 : 0;
      seen = backend.pagesServed;
      if (still < 20) throw new Error('still paging');
    },
    { timeout: 10_000, interval: 5 },
  );
  return seen;
}

test.each([
  ['csv', { heldMax: 200, moreMax: 5 }],
  ['array', { heldMax: 200, moreMax: 5 }],
  // Packed, a page is about 20 kB, and five of them are read for one group.
  ['parquet', { heldMax: 2_000, moreMax: 10 }],
])(
  'a slow reader of %s holds back the pages, a gone one ends them',
  async (format, { heldMax, moreMax }) => {
    const backend = new FakeBackend();
    backend.readingsTotal = 100_000_000;
    const { port, app } = await listening(backend);
    const incoming = await open(port, `/v1/readings?format=${format}`);
    const held = await settled(backend);
    // Socket buffers take a few MB, a page is about 300 kB: a buffered range would be 100,000 pages.
    expect(held).toBeLessThan(heldMax);

    incoming.destroy();
    await vi.waitFor(async () => {
      const open = await new Promise<number>((done) =>
        app.server.getConnections((_e, n) => done(n)),
      );
      expect(open).toBe(0);
    });
    const ended = await settled(backend);
    expect(ended - held).toBeLessThan(moreMax);
  },
);

test('a stream that fails half-way breaks off, and shows nothing of why', async () => {
  const backend = new FakeBackend();
  backend.readingsTotal = 5_000;
  backend.failAfterPages = 2;
  const { port } = await listening(backend);
  const incoming = await open(port, '/v1/readings?format=array');
  let body = '';
  const end = new Promise((resolve) =>
    incoming.on('error', resolve).on('end', () => resolve('end')),
  );
  incoming.on('data', (chunk) => {
    body += chunk;
  });
  expect(await end).toBeInstanceOf(Error);
  expect(body).not.toContain('SELECT');
  expect(() => JSON.parse(body)).toThrow();
});
