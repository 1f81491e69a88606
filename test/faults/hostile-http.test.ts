import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseForeignCbor } from '../../device-sdk/formats/cbor-foreign.ts';
import { softSigner } from '../../device-sdk/formats/signer.ts';
import { sampler } from '../../sim/scenarios/scenario.ts';
import { Site } from '../../sim/site.ts';
import { timesLogged } from '../../sim/stage.ts';
import { World } from '../../sim/world.ts';
import { GatewayProcess, hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';
import { BAD_CBOR, malleated } from '../support/hostile-frames.ts';

const built = group('programs', hasPrograms, 'not built; run npm run build');
const MIB = 1_048_576;
const GROWTH_BYTES_MAX = 160 * MIB;
const FRAME_TYPE = 'application/vnd.truegrain.frame+cbor';

interface Route {
  readonly method: string;
  readonly path: string;
}

built('hostile input over HTTP', () => {
  let gateway: GatewayProcess;
  let routes: Route[];
  let rssBefore = 0;

  beforeAll(async () => {
    gateway = await GatewayProcess.started();
    const response = await fetch(`${gateway.httpUrl}/openapi.json`);
    const { paths } = (await response.json()) as { paths: Record<string, object> };
    routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
    );
    rssBefore = gateway.rssBytes();
  }, 60_000);
  afterAll(() => gateway.remove());

  const ask = (path: string, init: RequestInit = {}, token = gateway.tokens.operator) =>
    fetch(`${gateway.httpUrl}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    });
  const post = (path: string, body: Uint8Array, type: string, token?: string) =>
    ask(
      path,
      { method: 'POST', body: Buffer.from(body), headers: { 'content-type': type } },
      token,
    );

  async function alive(): Promise<void> {
    expect((await fetch(`${gateway.httpUrl}/healthz`)).status).toBe(200);
    expect(gateway.isAlive).toBe(true);
  }

  it('random bytes on every route of the document: a refusal, never a 500', {
    timeout: 60_000,
  }, async () => {
    expect(routes.length).toBeGreaterThan(10);
    const world = new World(3);
    for (const { method, path } of routes) {
      const filled = path.replaceAll(/\{[^}]+\}|\*/g, () =>
        encodeURIComponent(Buffer.from(world.bytes(24)).toString('latin1')),
      );
      for (const type of ['application/json', 'application/cose', FRAME_TYPE, 'text/x-nonsense']) {
        const body = method === 'GET' ? {} : { body: Buffer.from(world.bytes(300)) };
        const headers = { 'content-type': type };
        const response = await ask(
          filled,
          { method, headers, ...body },
          gateway.tokens.deviceAdmin,
        );
        await response.arrayBuffer();
        expect(response.status, `${method} ${path} as ${type}`).toBeLessThan(500);
      }
    }
    await alive();
  });

  it('bad CBOR to the SCRAPI door is malformed', async () => {
    for (const [what, bytes] of BAD_CBOR) {
      for (const type of ['application/cose', FRAME_TYPE]) {
        const response = await post('/entries', bytes, type);
        await response.arrayBuffer();
        expect([400, 413], `${what} as ${type}`).toContain(response.status);
      }
    }
    await alive();
  });

  it('a body of 100 MB is refused and not read', { timeout: 30_000 }, async () => {
    const status = await flood(`${gateway.httpUrl}/entries`, gateway.tokens.operator, 100);
    expect([413, 'closed']).toContain(status);
    await alive();
  });

  it('JSON with a key twice, nested deep, or of another shape', async () => {
    const bodies = [
      '{"device":"a","device":"b"}',
      '['.repeat(50_000),
      '{"__proto__":{"roles":["operator"]}}',
      '{"constructor":{"prototype":{}}}',
      'null',
      '"x"',
      '1e999',
    ];
    for (const body of bodies) {
      for (const path of ['/v1/enrolments', '/v1/erasures']) {
        const bytes = Buffer.from(body);
        const token = path === '/v1/enrolments' ? gateway.tokens.deviceAdmin : undefined;
        const response = await post(path, bytes, 'application/json', token);
        await response.arrayBuffer();
        expect(response.status, `${body.slice(0, 40)} to ${path}`).toBe(400);
      }
    }
    await alive();
  });

  it('nothing that changes anything is open without a token', async () => {
    for (const { method, path } of routes.filter((route) => route.method !== 'GET')) {
      if (method === 'HEAD' || method === 'OPTIONS' || path === '/v1/enrol') continue;
      const url = `${gateway.httpUrl}${path.replaceAll(/\{[^}]+\}/g, '0')}`;
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url, { method, headers, body: '{}' });
      await response.arrayBuffer();
      expect(response.status, `${method} ${path}`).toBe(401);
    }
  });

  it('the SCRAPI door judges as the MQTT door does', { timeout: 30_000 }, async () => {
    const stage = gateway.stage('http', { hours: 20 });
    const room = new Site(stage.world, 'http').room('posted', 4);
    const actor = await stage.enter(room, { alg: -7 });
    const next = sampler(stage.world, room);
    const outcome = async (frame: Uint8Array) => {
      const response = await post('/entries', frame, FRAME_TYPE);
      const body = new Uint8Array(await response.arrayBuffer());
      return response.ok ? 'taken' : codeOf(body);
    };
    const early = next();
    const first = actor.source.readings(next());
    expect(await outcome(first.frame)).toBe('taken');
    expect(await outcome(first.frame), 'a replay').toBe('taken');
    expect(await outcome(malleated(first, 'both')), 'malleated').toBe('taken');
    const fields = { seq: first.seq, prev: null };
    expect(await outcome(actor.source.readings(next(), { fields }).frame)).toBe('taken');
    expect(await outcome(actor.source.readings(next(), { fields }).frame)).toBe('fork');
    const iss = stage.urn('other');
    expect(await outcome(actor.source.readings(next(), { fields: { iss } }).frame)).toBe(
      'iss_mismatch',
    );
    for (const iat of [0, Date.UTC(2100, 0, 1) / 1000]) {
      const frame = actor.source.readings(next(), { fields: { iat } });
      expect(await outcome(frame.frame)).toBe('clock');
    }
    const signer = softSigner(-7, new Uint8Array(32).fill(7));
    const forged = actor.source.readings(next(), { signer });
    expect(await outcome(forged.frame)).toBe('bad_signature');
    const unknown = { alg: signer.alg, kid: signer.kid };
    const stranger = actor.source.readings(next(), { signer, fields: unknown });
    expect(await outcome(stranger.frame)).toBe('unknown_key');
    const { statements } = await timesLogged(stage.api, actor.source.urn);
    expect(statements, 'the first and the one fork that is kept').toBe(2);
    await stage.api.revoke(actor.source.urn, 'stolen');
    const dated = actor.source.readings(early);
    expect(await outcome(dated.frame), 'a date before the revocation').toBe('key_revoked');
    stage.leave();
    await alive();
  });

  it('half a request, and headers without end, hold no connection for ever', async () => {
    const { hostname, port } = new URL(gateway.httpUrl);
    const request = http.request({ hostname, port, path: `/${'a'.repeat(60_000)}` });
    const status = await new Promise((resolve) => {
      request.once('response', (response) => resolve(response.statusCode));
      request.once('error', () => resolve('closed'));
      request.end();
    });
    expect([404, 414, 431, 'closed']).toContain(status);
    await alive();
  });

  it('memory stays bounded', () => {
    expect(gateway.rssBytes() - rssBefore).toBeLessThan(GROWTH_BYTES_MAX);
  });
});

/** RFC 9290: the detail (-2) begins with our code. */
function codeOf(problem: Uint8Array): string {
  const parsed = parseForeignCbor(problem);
  const detail = parsed.ok && parsed.value instanceof Map ? parsed.value.get(-2) : null;
  return String(detail).split(':', 1)[0] ?? '';
}

/** Sends until the gateway answers or hangs up. */
function flood(url: string, token: string, mebibytes: number): Promise<number | 'closed'> {
  const chunk = randomBytes(MIB);
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': FRAME_TYPE,
      'content-length': String(mebibytes * MIB),
    };
    const request = http.request(url, { method: 'POST', headers });
    let left = mebibytes;
    const send = () => {
      while (left > 0 && !request.destroyed) {
        left -= 1;
        if (!request.write(chunk)) return void request.once('drain', send);
      }
    };
    request.once('response', (response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    request.once('error', () => resolve('closed'));
    send();
  });
}
