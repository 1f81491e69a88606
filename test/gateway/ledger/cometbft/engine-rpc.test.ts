import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TX_BYTES_MAX } from '../../../../gateway/ledger/cometbft/engine-config.ts';
import { EngineRpc } from '../../../../gateway/ledger/cometbft/engine-rpc.ts';
import { alliance } from '../../../support/alliance-group.ts';
import { GENESIS_HASH } from '../../../support/comet-counter.ts';
import { CometNode } from '../../../support/comet-node.ts';

describe('answers', () => {
  let folder: string;
  let server: http.Server;
  let rpc: EngineRpc;
  let answer: (response: http.ServerResponse) => void;
  let asked: unknown[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'truegrain-rpc-'));
    asked = [];
    server = http.createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      request.once('end', () => {
        asked.push(JSON.parse(text));
        answer(response);
      });
    });
    const socket = join(folder, 'rpc.sock');
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    rpc = new EngineRpc(socket);
  });

  afterEach(async () => {
    rpc.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  const say = (body: object) => {
    answer = (response) => response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }));
  };

  const sayError = (data: string) =>
    say({ error: { code: -32603, message: 'Internal error', data } });

  test.each([
    [
      'mempool_full',
      'mempool is full: number of txs 20000 (max: 20000), total txs bytes 1 (max: 2)',
    ],
    [
      'mempool_full',
      'mempool is still rechecking after a new committed block, so it is considered',
    ],
    ['too_large', 'Tx too large. Max size is 1114112, but got 1114113'],
    ['too_large', 'tx pre check: tx size is too big: 5000005, max: 4190215'],
    ['too_large', 'error reading request body: http: request body too large'],
    ['duplicate', 'tx already exists in cache'],
    ['engine_error', 'appConn mempool: read message: EOF'],
  ])('%s by the words of the engine: %s', async (code, detail) => {
    sayError(detail);
    expect(await rpc.broadcastTx(Uint8Array.of(1))).toEqual({
      ok: false,
      code,
      detail,
      appCode: 0,
      codespace: '',
    });
  });

  test('rejected by CheckTx, with its code', async () => {
    say({ result: { code: 3, log: 'stale', codespace: 'grain', hash: 'AA', data: '' } });
    expect(await rpc.broadcastTx(Uint8Array.of(1))).toEqual({
      ok: false,
      code: 'rejected',
      detail: 'stale',
      appCode: 3,
      codespace: 'grain',
    });
    expect(asked).toMatchObject([{ method: 'broadcast_tx_sync', params: { tx: 'AQ==' } }]);
  });

  test('a transaction over the limit does not leave this process', async () => {
    say({ result: { code: 0, log: '', codespace: '', hash: 'AA' } });
    const tooLarge = new Uint8Array(TX_BYTES_MAX + 1);
    expect(await rpc.broadcastTx(tooLarge)).toMatchObject({ code: 'too_large' });
    expect(asked).toEqual([]);
    expect(await rpc.broadcastTx(tooLarge.subarray(1))).toEqual({ ok: true, value: 'AA' });
  });

  test('an error without words', async () => {
    say({ error: { code: -32601, message: 'Method not found' } });
    expect(await rpc.call('nonsense')).toMatchObject({
      code: 'engine_error',
      detail: 'Method not found',
    });
  });

  test('no JSON, half an answer, none in time, nobody there: unreachable', async () => {
    answer = (response) => response.end('<html>');
    expect(await rpc.status()).toMatchObject({ code: 'unreachable' });
    answer = (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"result":', () => response.destroy());
    };
    expect(await rpc.status()).toMatchObject({ code: 'unreachable' });
    answer = (response) => response.write('{');
    expect(await rpc.status(100)).toMatchObject({ code: 'unreachable' });
    const nobody = new EngineRpc(join(folder, 'none.sock'));
    expect(await nobody.status()).toMatchObject({ code: 'unreachable' });
  });

  test('an answer without end is cut', async () => {
    answer = (response) => {
      const more = () => response.write(Buffer.alloc(1 << 20), (error) => error ?? more());
      more();
    };
    expect(await rpc.status()).toMatchObject({
      code: 'unreachable',
      detail: expect.stringContaining('bytes'),
    });
  });
});

alliance('the engine itself', () => {
  let node: CometNode | null = null;

  afterEach(async () => {
    await node?.remove();
    node = null;
  });

  test('transactions and blocks as they are', async () => {
    node = new CometNode('alone', 0);
    await node.start();
    await node.commit('first');
    const { rpc, app } = node;
    const { height } = app.durable;
    expect(await rpc.broadcastTx(Buffer.from('first'))).toMatchObject({ code: 'duplicate' });
    expect(await rpc.broadcastTx(Buffer.from('no, never'))).toMatchObject({
      code: 'rejected',
      appCode: 7,
      codespace: 'counter',
      detail: 'no, never',
    });
    const large = await rpc.broadcastTx(new Uint8Array(TX_BYTES_MAX).fill(97));
    expect(large).toMatchObject({ ok: true });

    await node.reach(height + 1);
    const first = await rpc.header(1);
    expect(first).toMatchObject({ ok: true, value: { height: 1, appHash: GENESIS_HASH } });
    expect(first.ok && first.value.hash).toMatch(/^[0-9A-F]{64}$/);
    expect(await rpc.blockTxs(height)).toEqual({
      ok: true,
      value: [new Uint8Array(Buffer.from('first'))],
    });
    expect(await rpc.validators()).toMatchObject({ ok: true, value: [{ power: 1 }] });
    expect(await rpc.header(9_999)).toMatchObject({ code: 'engine_error' });
    expect(await rpc.pendingTxs()).toMatchObject({ ok: true });
  });
});
