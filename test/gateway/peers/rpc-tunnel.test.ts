import { request } from 'node:http';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { expect, onTestFinished, test } from 'vitest';
import { rpcRoutes } from '../../../gateway/peers/rpc-routes.ts';
import { openTunnel } from '../../../gateway/peers/rpc-tunnel.ts';
import { json, member, openDoor, peerRecord, until } from './rig.ts';

/** An engine that says what it was asked; some heights are ones it has not. */
class FakeEngine {
  readonly calls: { method: string; params: object }[] = [];
  hangs = false;

  async call(
    method: string,
    params: Readonly<Record<string, unknown>>,
  ): Promise<Result<unknown, string>> {
    this.calls.push({ method, params });
    if (this.hangs) return new Promise(() => {});
    if (params['height'] === '99') {
      return fail(
        'engine_error',
        'height 99 must be less than or equal to the current blockchain height 5',
      );
    }
    return ok({ method, height: '5', big: '9223372036854775807' });
  }
}

async function tunnelTo(options: { requestTimeoutMs?: number } = {}) {
  const [host, guest] = [await member('host'), await member('guest')];
  host.knows.push(peerRecord(guest));
  const engine = new FakeEngine();
  const door = await openDoor(host, { routes: [rpcRoutes(engine)] });
  const peer = peerRecord(host, door.port);
  guest.knows.push(peer);
  const tunnel = await openTunnel({
    client: guest.client,
    peer: () => guest.knows.find(({ iss }) => iss === host.iss) ?? null,
    ...options,
  });
  onTestFinished(() => tunnel.close());
  return { host, guest, engine, door, peer, tunnel };
}

/** As CometBFT's Go client does: POST to the address itself, ids from 0. */
async function call(url: string, method: string, params: object = {}) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method, params });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body });
  return (await answer.json()) as Record<string, unknown>;
}

test.each([
  ['status', {}],
  ['commit', {}],
  ['commit', { height: '5' }],
  ['validators', { height: '5', page: '1', per_page: '100' }],
  ['consensus_params', { height: '6' }],
  ['header', { height: 5 }],
  ['block', { height: '9223372036854775807' }],
])('%s %j passes, as it is, and its answer too', async (method, params) => {
  const { engine, tunnel } = await tunnelTo();
  expect(await call(tunnel.url, method, params)).toEqual({
    jsonrpc: '2.0',
    id: 0,
    result: { method, height: '5', big: '9223372036854775807' },
  });
  expect(engine.calls).toEqual([{ method, params }]);
});

const REFUSED: [string, object, number][] = [
  ['broadcast_tx_sync', { tx: 'AA==' }, -32601],
  ['broadcast_evidence', { evidence: {} }, -32601],
  ['abci_query', { path: '/' }, -32601],
  ['unsafe_flush_mempool', {}, -32601],
  ['dump_consensus_state', {}, -32601],
  ['genesis', {}, -32601],
  ['constructor', {}, -32601],
  ['commit', { height: '-1' }, -32602],
  ['commit', { height: -1 }, -32602],
  ['commit', { height: 1.5 }, -32602],
  ['commit', { height: null }, -32602],
  ['commit', { height: { toString: 1 } }, -32602],
  ['commit', { height: '99999999999999999999' }, -32602],
  ['commit', { height: '1', page: '1' }, -32602],
  ['status', { height: '1' }, -32602],
  ['commit', [1], -32602],
];

test.each(REFUSED)('%s %j is refused on this side of the tunnel', async (method, params, code) => {
  const { engine, tunnel } = await tunnelTo();
  expect(await call(tunnel.url, method, params)).toMatchObject({ id: 0, error: { code } });
  expect(engine.calls).toEqual([]);
});

test.each(REFUSED)('%s %j is refused at the door too', async (method, params, code) => {
  const { engine, guest, peer } = await tunnelTo();
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }));
  const rpc = { method: 'POST', path: '/rpc', contentType: 'application/json', body } as const;
  const answer = await guest.client.request(peer, rpc);
  expect(answer.ok && json(answer.body)).toMatchObject({ id: 7, error: { code } });
  expect(engine.calls).toEqual([]);
});

test.each([
  ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"status"}]'],
  ['a notification', '{"jsonrpc":"2.0","method":"status"}'],
  ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"status"}'],
  ['another version', '{"jsonrpc":"1.0","id":1,"method":"status"}'],
  ['no JSON', 'status'],
  ['nothing', ''],
])('not a request: %s', async (_what, body) => {
  const { engine, tunnel } = await tunnelTo();
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(tunnel.url, { method: 'POST', headers, body });
  expect(await answer.json()).toMatchObject({ error: { code: -32600 } });
  expect(engine.calls).toEqual([]);
});

test("the engine's own words come through: its light client decides by them", async () => {
  const { tunnel } = await tunnelTo();
  expect(await call(tunnel.url, 'commit', { height: '99' })).toEqual({
    jsonrpc: '2.0',
    id: 0,
    error: {
      code: -32603,
      message: 'Internal error',
      data: 'height 99 must be less than or equal to the current blockchain height 5',
    },
  });
});

test('a peer that hangs is a timeout in the words after which the light client tries again', async () => {
  const { engine, tunnel } = await tunnelTo({ requestTimeoutMs: 200 });
  engine.hangs = true;
  const answer = await call(tunnel.url, 'status');
  expect(answer).toMatchObject({ error: { data: expect.stringContaining('Timeout exceeded') } });
});

test('a peer that is gone, and one that is no member any more', async () => {
  const { door, guest, tunnel } = await tunnelTo();
  await door.close();
  const gone = await call(tunnel.url, 'status');
  expect(gone).toMatchObject({ error: { data: expect.stringContaining('unreachable') } });
  guest.knows.length = 0;
  const left = await call(tunnel.url, 'status');
  expect(left).toMatchObject({ error: { data: expect.stringContaining('none any more') } });
});

test('a removed guest gets no answer through its tunnel', async () => {
  const { engine, host, tunnel } = await tunnelTo();
  host.knows.length = 0;
  const answer = await call(tunnel.url, 'status');
  expect(answer).toMatchObject({ error: { data: expect.stringContaining('HTTP 403') } });
  expect(engine.calls).toEqual([]);
});

test('nothing but JSON by POST to the address itself', async () => {
  const { tunnel } = await tunnelTo();
  const post = (path: string, type: string, body = '{}') =>
    fetch(tunnel.url + path, { method: 'POST', headers: { 'content-type': type }, body });
  expect((await fetch(`${tunnel.url}/status`)).status).toBe(404);
  expect((await post('/rpc', 'application/json')).status).toBe(404);
  expect((await post('/', 'text/plain')).status).toBe(415);
  expect((await post('/', 'application/json', ' '.repeat(5_000))).status).toBe(413);
});

test('a client that hangs up cuts the call to the peer', async () => {
  const [host, guest] = [await member('host'), await member('guest')];
  host.knows.push(peerRecord(guest));
  let asked = false;
  let cut = false;
  const door = await openDoor(host, {
    routes: [
      (app) => {
        app.post('/rpc', (incoming) => {
          asked = true;
          incoming.raw.socket.once('close', () => {
            cut = true;
          });
          return new Promise(() => {});
        });
      },
    ],
  });
  const tunnel = await openTunnel({
    client: guest.client,
    peer: () => peerRecord(host, door.port),
  });
  onTestFinished(() => tunnel.close());
  const headers = { 'content-type': 'application/json' };
  const local = request(tunnel.url, { method: 'POST', headers }).on('error', () => {});
  local.end(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'status', params: {} }));
  await until(() => asked);
  local.destroy();
  await until(() => cut);
});

test('listens on loopback only, and no more once closed', async () => {
  const { tunnel } = await tunnelTo();
  expect(new URL(tunnel.url).hostname).toBe('127.0.0.1');
  await tunnel.close();
  await expect(call(tunnel.url, 'status')).rejects.toThrow();
});
