import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import type { PeerRoutes } from '../../../gateway/peers/peer-door.ts';
import { json, type Member, member, openDoor, peerRecord } from './rig.ts';

const get = (path: string) => ({ method: 'GET', path }) as const;

async function pair(routes: PeerRoutes[] = [], hosts = ['127.0.0.1']) {
  const [host, guest] = [await member('host', { hosts }), await member('guest')];
  host.knows.push(peerRecord(guest));
  const door = await openDoor(host, { routes });
  const peer = peerRecord(host, door.port);
  guest.knows.push(peer);
  return { host, guest, door, peer };
}

/** A TLS server of this member that answers the bytes it is told, and ends or not. */
async function rawServer(of: Member, answer: string | null) {
  const { certPem: cert, keyPem: key } = of.tls;
  const server = createTlsServer({ cert, key }, (socket) => {
    socket.on('error', () => {});
    if (answer !== null) socket.once('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return peerRecord(of, (server.address() as { port: number }).port);
}

test('headers, status and body come back as they are', async () => {
  const { guest, peer } = await pair([
    (app) => {
      app.post('/echo', async (request, reply) => {
        reply.header('x-type', request.headers['content-type']).code(201);
        return reply.send(request.body as Buffer);
      });
    },
  ]);
  const body = new Uint8Array([0, 255, 10]);
  const call = { method: 'POST', path: '/echo', body, contentType: 'application/cbor' } as const;
  const answer = await guest.client.request(peer, call);
  expect(answer).toMatchObject({ ok: true, status: 201, headers: { 'x-type': call.contentType } });
  if (answer.ok) expect(answer.body).toEqual(body);
});

test('a certificate for another host is refused', async () => {
  const { guest, peer } = await pair([], ['elsewhere.example']);
  const answer = await guest.client.request(peer, get('/healthz'));
  expect(answer).toMatchObject({ ok: false, code: 'tls' });
  if (!answer.ok) expect(answer.detail).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
});

test("only the peer's own CA is trusted, not another member's", async () => {
  const { guest, peer } = await pair();
  const other = await member('other');
  const answer = await guest.client.request({ ...peer, ca: other.tls.caDer }, get('/healthz'));
  expect(answer).toMatchObject({ ok: false, code: 'tls' });
  expect(await guest.client.request(peer, get('/healthz'))).toMatchObject({ ok: true });
});

test("an expired certificate of the peer's is refused", async () => {
  const host = await member('host', { nowMs: Date.now() - 900 * 86_400_000 });
  const guest = await member('guest');
  const door = await openDoor(host);
  const answer = await guest.client.request(peerRecord(host, door.port), get('/healthz'));
  expect(answer).toMatchObject({ ok: false, code: 'tls' });
  if (!answer.ok) expect(answer.detail).toContain('CERT_HAS_EXPIRED');
});

test('nobody there', async () => {
  const guest = await member('guest');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const peer = peerRecord(guest, port);
  expect(await guest.client.request(peer, get('/'))).toMatchObject({ code: 'unreachable' });
});

test.each([
  ['no https', { http: 'http://127.0.0.1:1' }],
  ['no URL', { http: 'nonsense' }],
  ['no certificate', { ca: new Uint8Array([1, 2, 3]) }],
])('an endpoint with %s is unreachable', async (_what, fault) => {
  const guest = await member('guest');
  const peer = { ...peerRecord(guest), ...fault };
  expect(await guest.client.request(peer, get('/'))).toMatchObject({
    ok: false,
    code: 'unreachable',
  });
});

test('a peer that does not answer is a timeout, also in the middle of its answer', async () => {
  const { guest, peer } = await pair([
    (app) => {
      app.get('/silent', () => new Promise(() => {}));
      app.get('/halting', (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(200).write('half');
      });
    },
  ]);
  for (const path of ['/silent', '/halting']) {
    const answer = await guest.client.request(peer, { ...get(path), requestTimeoutMs: 200 });
    expect(answer).toMatchObject({ ok: false, code: 'timeout' });
  }
  const silent = await rawServer(await member('silent'), null);
  const call = { ...get('/'), requestTimeoutMs: 200 };
  expect(await guest.client.request(silent, call)).toMatchObject({ code: 'timeout' });
});

test('an answer above the cap is not read to its end', async () => {
  let closed = false;
  const { guest, peer } = await pair([
    (app) => {
      app.get('/endless', (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(200).on('close', () => {
          closed = true;
        });
        const more = () => {
          while (reply.raw.write(Buffer.alloc(65_536))) {
            // Until the socket is full; `drain` goes on.
          }
        };
        reply.raw.on('drain', more);
        more();
      });
    },
  ]);
  const answer = await guest.client.request(peer, { ...get('/endless'), answerBytesMax: 100_000 });
  expect(answer).toMatchObject({ ok: false, code: 'too_large' });
  await expect.poll(() => closed).toBe(true);
});

test.each([
  ['unreachable', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'],
  ['malformed', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['unreachable', ''],
])('%s: an answer of %j', async (code, answer) => {
  const [host, guest] = [await member('host'), await member('guest')];
  const peer = await rawServer(host, answer);
  expect(await guest.client.request(peer, get('/'))).toMatchObject({ ok: false, code });
});

test('a call is given up by its signal', async () => {
  const asked = new AbortController();
  const { guest, peer } = await pair([
    (app) => {
      app.get('/silent', () => {
        asked.abort();
        return new Promise(() => {});
      });
    },
  ]);
  const call = { ...get('/silent'), signal: asked.signal };
  expect(await guest.client.request(peer, call)).toMatchObject({ ok: false, code: 'aborted' });
});

test('connections are kept, and one that the peer closed meanwhile is no failure', async () => {
  const ports: (number | undefined)[] = [];
  const { guest, peer, door } = await pair([
    (app) => {
      app.get('/port', async (request) => {
        ports.push(request.raw.socket.remotePort);
        return {};
      });
    },
  ]);
  const call = () => guest.client.request(peer, get('/port'));
  await call();
  await call();
  expect(ports[1]).toBe(ports[0]);
  door.app.server.closeIdleConnections();
  // The end of the old connection and this call cross each other.
  expect(await call()).toMatchObject({ ok: true, status: 200 });
  expect(ports[2]).not.toBe(ports[0]);
});

test('a moved peer is called at its new place, and a closed client calls nobody', async () => {
  const { host, guest, peer } = await pair();
  expect(await guest.client.request(peer, get('/healthz'))).toMatchObject({ ok: true });
  const door = await openDoor(host, {
    routes: [(app) => void app.get('/new', async () => ({ at: 'new' }))],
  });
  const moved = peerRecord(host, door.port);
  guest.knows.splice(0, 1, moved);
  guest.client.refreshPeers();
  const answer = await guest.client.request(moved, get('/new'));
  expect(answer.ok && json(answer.body)).toEqual({ at: 'new' });
  guest.client.close();
  expect(await guest.client.request(moved, get('/new'))).toMatchObject({ code: 'aborted' });
});

test('a call to a peer that leaves is cut', async () => {
  let asked = false;
  const { guest, peer } = await pair([
    (app) => {
      app.get('/silent', () => {
        asked = true;
        return new Promise(() => {});
      });
    },
  ]);
  const answer = guest.client.request(peer, get('/silent'));
  await expect.poll(() => asked).toBe(true);
  guest.knows.length = 0;
  guest.client.refreshPeers();
  expect(await answer).toMatchObject({ ok: false, code: 'unreachable' });
});
