import { expect, test } from 'vitest';
import { ROLES, type Role } from '../../../gateway/tokens.ts';
import { DEVICE } from '../../support/fake-backend.ts';
import { as, harness } from './harness.ts';

const ID = '01'.repeat(32);
const fill = (url: string) =>
  url.replace(':id', ID).replace(':urn', DEVICE).replace('*', '0/000').replaceAll(/:\w+/g, 'x');

const TREES = {
  eventTypes: 'eventType',
  epcs: 'epc',
  bizSteps: 'bizStep',
  bizLocations: 'bizLocation',
  readPoints: 'readPoint',
  dispositions: 'disposition',
};
/** Keys of GS1, by number and by the names of old links. */
const KEYS =
  '00 01 253 255 401 402 414 417 8003 8004 8006 8010 8017 8018 ' +
  'sscc gtin gdti gcn ginc gsin gln party grai giai itip cpid gsrnp gsrn';
const RESOLVED = KEYS.split(' ').flatMap((key) => [`GET /${key}/*`, `OPTIONS /${key}/*`]);

const EPCIS_READERS: readonly Role[] = ['operator', 'auditor', 'capture'];
const EPCIS_READS = [
  '',
  '/capture',
  '/capture/:captureID',
  '/events',
  '/events/:eventID',
  ...Object.entries(TREES).flatMap(([tree, one]) => [
    `/${tree}`,
    `/${tree}/:${one}`,
    `/${tree}/:${one}/events`,
  ]),
].flatMap((path) => [`GET /epcis${path}`, `OPTIONS /epcis${path}`]);

const QUERIES = '/epcis/queries';
const QUERY_ROUTES = [
  QUERIES,
  `${QUERIES}/:queryName`,
  `${QUERIES}/:queryName/events`,
  `${QUERIES}/:queryName/subscriptions`,
  `${QUERIES}/:queryName/subscriptions/:subscriptionID`,
];
const ASKERS: readonly Role[] = ['operator', 'auditor'];

/** Who may call what: the whole interface, one line a route. `[]` is anyone. */
const TABLE: Record<string, readonly Role[]> = {
  'GET /.well-known/scitt-keys': [],
  'GET /.well-known/scitt-keys/:kid': [],
  'GET /.well-known/gs1resolver': [],
  'GET /v1/qr': [],
  ...Object.fromEntries(RESOLVED.map((route) => [route, []])),
  'GET /entries/:id': [],
  'GET /healthz': [],
  'GET /log/checkpoint': [],
  'GET /log/tile/*': [],
  'GET /openapi.json': [],
  'GET /': [],
  'GET /ui': [],
  'GET /ui/': [],
  'GET /ui/*': [],
  'GET /ui/c/*': [],
  'GET /v1/alliance': [],
  'GET /v1/governance': [],
  'GET /v1/governance/:id': [],
  'GET /v1/governance/:id/evidence': [],
  'POST /v1/enrol': [],
  'GET /log/tile/entries/*': ['operator', 'auditor'],
  'GET /metrics': ['operator', 'auditor'],
  'GET /v1/devices': ['operator', 'auditor', 'deviceAdmin'],
  'GET /v1/devices/:urn': ['operator', 'auditor', 'deviceAdmin'],
  'GET /v1/devices/:urn/completeness': ['operator', 'auditor', 'deviceAdmin'],
  'GET /v1/readings': ['operator', 'auditor'],
  'GET /v1/handovers': ['operator', 'auditor'],
  'GET /v1/statements/:id': ['operator', 'auditor'],
  'GET /v1/statements/:id/evidence': ['operator', 'auditor'],
  'POST /entries': ['operator', 'device'],
  'GET /filing': [],
  'GET /v1/filing': [],
  'GET /v1/law': [],
  'GET /v1/law/breaches': ['operator', 'auditor'],
  'GET /v1/law/disagreements': [],
  'GET /v1/subjects/:subject': ['operator', 'auditor'],
  'GET /trace': [],
  'GET /v1/trace': ['operator', 'auditor'],
  'GET /v1/recall': ['operator', 'auditor'],
  'GET /v1/findings': ['operator', 'auditor'],
  'GET /v1/findings/live': ['operator', 'auditor'],
  'GET /v1/chart': ['operator', 'auditor'],
  'GET /v1/search': ['operator', 'auditor'],
  'POST /v1/law/appeals': ['operator'],
  'POST /v1/law/bindings': ['operator'],
  'POST /v1/law/calibrations': ['operator'],
  'POST /v1/law/claims': ['operator'],
  'POST /v1/law/credentials': ['operator'],
  'POST /v1/law/examinations': ['operator'],
  'POST /v1/law/filings': ['operator'],
  'POST /v1/law/inspections': ['operator'],
  'POST /v1/law/orders': ['operator'],
  'POST /v1/law/seals': ['operator'],
  'POST /v1/law/taps': ['operator'],
  'POST /v1/alliance/grants': ['operator'],
  'POST /v1/alliance/preview': ['operator'],
  'POST /v1/alliance/proposals': ['operator'],
  'POST /v1/alliance/proposals/:id/answers': ['operator'],
  'POST /v1/alliance/proposals/:id/departure': ['operator'],
  'POST /v1/alliance/proposals/:id/exceptions': ['operator'],
  'POST /v1/devices/:urn/revoke': ['deviceAdmin'],
  'POST /v1/devices/:urn/rotate': ['deviceAdmin', 'device'],
  'POST /v1/enrolments': ['deviceAdmin'],
  'POST /v1/erasures': ['operator'],
  ...Object.fromEntries(EPCIS_READS.map((route) => [route, EPCIS_READERS])),
  'DELETE /epcis/nextPageToken/:token': EPCIS_READERS,
  ...Object.fromEntries(QUERY_ROUTES.map((url) => [`OPTIONS ${url}`, EPCIS_READERS])),
  ...Object.fromEntries(QUERY_ROUTES.map((url) => [`GET ${url}`, ASKERS])),
  'POST /epcis/queries': ASKERS,
  'POST /epcis/queries/:queryName/subscriptions': ASKERS,
  'DELETE /epcis/queries/:queryName': ASKERS,
  'DELETE /epcis/queries/:queryName/subscriptions/:subscriptionID': ASKERS,
  'POST /epcis/capture': ['operator', 'capture'],
  'POST /epcis/events': ['operator', 'capture'],
};

test('the table names every route', async () => {
  const { app } = await harness();
  const routes = app.routeList.filter(({ method }) => method !== 'HEAD');
  expect(routes.map(({ method, url }) => `${method} ${url}`).sort()).toEqual(
    Object.keys(TABLE).sort(),
  );
});

test.each(Object.entries(TABLE))('%s', async (route, roles) => {
  const { app } = await harness();
  const [method, url] = route.split(' ') as ['GET' | 'POST' | 'DELETE' | 'OPTIONS', string];
  const call = async (headers: Record<string, string>) => {
    // A stream of findings has no end: its head is enough.
    const answer = await app.inject({ method, url: fill(url), headers, payloadAsStream: true });
    answer.stream().destroy();
    return answer.statusCode;
  };
  const open = roles.length === 0;

  const anonymous = await call({});
  if (open) expect(anonymous).not.toBe(401);
  else expect(anonymous).toBe(401);
  for (const role of ROLES) {
    const status = await call(as(role));
    if (open || roles.includes(role)) expect([401, 403]).not.toContain(status);
    else expect(status).toBe(403);
  }
  if (!open) {
    expect(await call(as('nobody'))).toBe(401);
    expect(await call({ authorization: 'Basic b3BlcmF0b3I6' })).toBe(401);
  }
});

test('HEAD asks for the same token as GET', async () => {
  const { app } = await harness();
  const head = await app.inject({ method: 'HEAD', url: '/v1/devices' });
  expect(head.statusCode).toBe(401);
  const readings = await app.inject({ method: 'HEAD', url: '/v1/readings' });
  expect(readings.statusCode).toBe(405);
});

test('401 says how to authenticate, 403 what is missing', async () => {
  const { app } = await harness();
  const missing = await app.inject({ url: '/v1/devices' });
  expect(missing.headers['www-authenticate']).toBe('Bearer realm="truegrain"');
  expect(missing.headers['content-type']).toBe('application/problem+json');
  expect(missing.json()).toMatchObject({ code: 'unauthorized', status: 401 });
  const invalid = await app.inject({ url: '/v1/devices', headers: as('nobody') });
  expect(invalid.headers['www-authenticate']).toContain('error="invalid_token"');
  const weak = await app.inject({ url: '/v1/devices', headers: as('device') });
  expect(weak.json().detail).toContain('operator or auditor or deviceAdmin');
});

test('the charter opens entry bundles, the configuration opens metrics', async () => {
  const { app, backend } = await harness({ metricsPublic: true });
  backend.open = true;
  const bundle = await app.inject({ url: '/log/tile/entries/000' });
  expect(bundle.statusCode).toBe(200);
  expect(bundle.headers['access-control-allow-origin']).toBe('*');
  expect(bundle.headers['cache-control']).toContain('public');
  expect((await app.inject({ url: '/metrics' })).statusCode).toBe(200);
});

test.each(['/log/tile/%65ntries/000', '/log/tile//entries/000', '/log/tile/entries%2f000'])(
  'no other spelling opens entry bundles: %s',
  async (url) => {
    const { app } = await harness();
    expect([401, 404]).toContain((await app.inject({ url })).statusCode);
  },
);

test('CORS opens public reads only, and no preflight is answered', async () => {
  const { app } = await harness();
  const open = await app.inject({ url: '/log/checkpoint' });
  expect(open.headers['access-control-allow-origin']).toBe('*');
  const closed = await app.inject({ url: '/v1/devices', headers: as('operator') });
  expect(closed.headers['access-control-allow-origin']).toBeUndefined();
  const preflight = await app.inject({ method: 'OPTIONS', url: '/v1/devices' });
  expect(preflight.statusCode).toBe(405);
});

test('a route that declares no access stops the program at start', async () => {
  const start = harness({
    extend: async (app) => {
      app.get('/forgotten', async () => 'open');
    },
  });
  await expect(start).rejects.toThrow('declares no access');
});
