import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AbciServer } from '../../../../gateway/ledger/cometbft/abci-server.ts';
import type { AbciApplication } from '../../../../gateway/ledger/cometbft/application.ts';
import { frameOf } from '../../../../gateway/ledger/cometbft/framing.ts';
import {
  RequestSchema,
  ResponseApplySnapshotChunk_Result,
  ResponseOfferSnapshot_Result,
  ResponseProcessProposal_ProposalStatus,
  ResponseVerifyVoteExtension_VerifyStatus,
} from '../../../../gateway/ledger/cometbft/proto/tendermint/abci/types_pb.ts';
import { AbciClient, frameFor, type RequestValue } from '../../../support/abci-client.ts';

let folder: string;
let server: AbciServer | null;
let fatal: Error[];
let refused: string[];
const clients: AbciClient[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'truegrain-abci-'));
  server = null;
  fatal = [];
  refused = [];
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.end();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const application: AbciApplication = {
  info: () => ({ lastBlockHeight: 7n, lastBlockAppHash: Uint8Array.of(1, 2) }),
  query: ({ path }) => ({ log: `asked ${path}` }),
  admitsPeer: (nodeId) => nodeId === 'aa',
  checkTx: ({ tx }) => ({ code: tx.length }),
  initChain: () => ({ appHash: Uint8Array.of(3) }),
  prepareProposal: ({ txs }) => ({ txs }),
  processProposal: () => ({ status: ResponseProcessProposal_ProposalStatus.ACCEPT }),
  finalizeBlock: ({ height }) => ({ appHash: Uint8Array.of(Number(height)) }),
  commit: () => ({ retainHeight: 5n }),
  listSnapshots: () => ({ snapshots: [{ height: 2n }] }),
  offerSnapshot: () => ({ result: ResponseOfferSnapshot_Result.REJECT }),
  loadSnapshotChunk: () => ({ chunk: Uint8Array.of(9) }),
  applySnapshotChunk: () => ({ result: ResponseApplySnapshotChunk_Result.RETRY }),
};

async function listen(
  changes: Partial<AbciApplication> = {},
  limits: { frameBytesMax?: number } = {},
): Promise<void> {
  server = await AbciServer.listen({
    socketPath: join(folder, 'abci.sock'),
    application: { ...application, ...changes },
    onFatal: (error) => fatal.push(error),
    onRefused: ({ code }) => refused.push(code),
    ...limits,
  });
}

async function connect(): Promise<AbciClient> {
  const client = await AbciClient.connect(join(folder, 'abci.sock'));
  clients.push(client);
  return client;
}

/** A promise to be resolved from outside. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const emptyRequests = RequestSchema.oneofs[0]?.fields.map(
  ({ localName }) => ({ case: localName, value: {} }) as RequestValue,
);

test('each of the sixteen requests has a response of its own kind', async () => {
  await listen();
  const client = await connect();
  expect(emptyRequests?.length).toBe(16);
  for (const request of emptyRequests ?? []) {
    expect((await client.ask(request)).value.case).toBe(request.case);
  }
  expect(server?.requestsAnswered).toBe(16);
  expect(fatal).toEqual([]);
});

test('what the application answers arrives', async () => {
  await listen();
  const client = await connect();
  expect((await client.ask({ case: 'echo', value: { message: 'hello' } })).value).toMatchObject({
    value: { message: 'hello' },
  });
  expect((await client.ask({ case: 'info', value: {} })).value).toMatchObject({
    value: { lastBlockHeight: 7n, lastBlockAppHash: Uint8Array.of(1, 2) },
  });
  expect((await client.ask({ case: 'commit', value: {} })).value).toMatchObject({
    value: { retainHeight: 5n },
  });
  expect((await client.ask({ case: 'verifyVoteExtension', value: {} })).value).toMatchObject({
    value: { status: ResponseVerifyVoteExtension_VerifyStatus.ACCEPT },
  });
});

test('peers are admitted by their id alone', async () => {
  await listen();
  const client = await connect();
  const codeOf = async (path: string) => {
    const { value } = await client.ask({ case: 'query', value: { path } });
    return value.case === 'query' ? value.value.code : undefined;
  };
  expect(await codeOf('/p2p/filter/id/aa')).toBe(0);
  expect(await codeOf('/p2p/filter/id/ab')).toBe(1);
  expect(await codeOf('/p2p/filter/addr/192.0.2.1:1')).toBe(0);
  expect((await client.ask({ case: 'query', value: { path: '/x' } })).value).toMatchObject({
    value: { log: 'asked /x' },
  });
});

test('responses keep the order of their requests while handlers take their time', async () => {
  const first = gate();
  const seen: number[] = [];
  await listen({
    checkTx: async ({ tx }) => {
      seen.push(tx.length);
      if (tx.length === 1) await first.opened;
      return { code: tx.length };
    },
  });
  const client = await connect();
  const requests: RequestValue[] = [
    ...[1, 2, 3].map((n) => ({ case: 'checkTx' as const, value: { tx: new Uint8Array(n) } })),
    { case: 'flush', value: {} },
    { case: 'checkTx', value: { tx: new Uint8Array(4) } },
  ];
  const answers = requests.map(() => client.next());
  client.write(Buffer.concat(requests.map(frameFor)));
  await until(() => seen.length > 0);
  expect(seen).toEqual([1]);
  expect(client.responses).toEqual([]);
  first.open();
  const codes = (await Promise.all(answers)).map(({ value }) =>
    value.case === 'checkTx' ? value.value.code : value.case,
  );
  expect(codes).toEqual([1, 2, 3, 'flush', 4]);
});

test('a slow handler holds its own connection and no other', async () => {
  const slow = gate();
  await listen({
    checkTx: async () => {
      await slow.opened;
      return {};
    },
  });
  const [mempool, consensus] = [await connect(), await connect()];
  const checked = mempool.ask({ case: 'checkTx', value: {} });
  expect((await consensus.ask({ case: 'commit', value: {} })).value.case).toBe('commit');
  expect(mempool.responses).toEqual([]);
  slow.open();
  expect((await checked).value.case).toBe('checkTx');
});

test('a request split at each byte, and several in one write', async () => {
  await listen();
  const client = await connect();
  const frame = frameFor({ case: 'checkTx', value: { tx: new Uint8Array(5) } });
  for (let cut = 1; cut < frame.length; cut++) {
    const answer = client.next();
    await client.flush(frame.subarray(0, cut));
    client.write(frame.subarray(cut));
    expect((await answer).value).toMatchObject({ value: { code: 5 } });
  }
  const answers = [client.next(), client.next(), client.next()];
  client.write(Buffer.concat([frame, frame, frame]));
  for (const answer of answers) {
    expect((await answer).value).toMatchObject({ value: { code: 5 } });
  }
});

test('a transaction kept by the application is not overwritten by later ones', async () => {
  const kept: Uint8Array[] = [];
  await listen({
    checkTx: ({ tx }) => {
      kept.push(tx);
      return {};
    },
  });
  const client = await connect();
  for (let n = 0; n < 50; n++) {
    await client.ask({ case: 'checkTx', value: { tx: new Uint8Array(1_000).fill(n) } });
  }
  expect(kept.every((tx, n) => tx.every((byte) => byte === n))).toBe(true);
});

test('a request of another protocol is an exception and the end', async () => {
  await listen();
  const client = await connect();
  // Field 99 of Request, empty.
  const answer = client.next();
  client.write(frameOf(Uint8Array.of(0x9a, 0x06, 0x00)));
  expect((await answer).value.case).toBe('exception');
  await client.closed;
  await until(() => fatal.length > 0);
  expect(fatal[0]?.message).toContain('does not know');
});

test('what is written while a handler is busy is taken at once; far more waits and is not lost', async () => {
  const slow = gate();
  let handled = 0;
  await listen({
    checkTx: async () => {
      await slow.opened;
      handled += 1;
      return {};
    },
  });
  const client = await connect();
  const megabyte = frameFor({ case: 'checkTx', value: { tx: new Uint8Array(1 << 20) } });
  // Far beyond what the kernel holds for a reader that does not read.
  for (let i = 0; i < 12; i += 1) await client.flush(megabyte);
  expect(handled).toBe(0);
  const more = Array.from({ length: 12 }, () => client.flush(megabyte));
  slow.open();
  await Promise.all(more);
  await until(() => client.responses.length === 24);
  expect(handled).toBe(24);
});

test('a handler that throws: exception, every connection cut, told once', async () => {
  const slow = gate();
  await listen({
    finalizeBlock: () => Promise.reject(new Error('the disk is gone')),
    checkTx: async () => {
      await slow.opened;
      throw new Error('too late to matter');
    },
  });
  const [consensus, mempool] = [await connect(), await connect()];
  mempool.write(frameFor({ case: 'checkTx', value: {} }));
  await until(() => server?.connections === 2);
  const { value } = await consensus.ask({ case: 'finalizeBlock', value: {} });
  expect(value).toMatchObject({ case: 'exception', value: { error: 'the disk is gone' } });
  await Promise.all([consensus.closed, mempool.closed]);
  slow.open();
  await server?.idle();
  expect(fatal.map(({ message }) => message)).toEqual(['the disk is gone']);
  const late = await connect();
  late.write(frameFor({ case: 'info', value: {} }));
  await late.closed;
  expect(late.responses).toEqual([]);
});

test('an answer that can not be encoded is an exception too', async () => {
  await listen({ commit: () => ({ retainHeight: 2n ** 80n }) });
  const client = await connect();
  expect((await client.ask({ case: 'commit', value: {} })).value.case).toBe('exception');
  await client.closed;
  await until(() => fatal.length > 0);
});

/** A Request whose inner length points behind its end. */
const malformed = frameOf(Uint8Array.of(0x42, 0x05, 0x0a, 0xff));

test('a malformed message closes its connection wherever it is cut', async () => {
  await listen();
  const other = await connect();
  for (let cut = 1; cut < malformed.length; cut++) {
    const client = await connect();
    await client.flush(malformed.subarray(0, cut));
    client.write(malformed.subarray(cut));
    await client.closed;
    expect(client.responses).toEqual([]);
  }
  await until(() => refused.length === malformed.length - 1);
  expect(new Set(refused)).toEqual(new Set(['message_malformed']));
  expect(fatal).toEqual([]);
  expect((await other.ask({ case: 'info', value: {} })).value.case).toBe('info');
});

test('a message over the limit closes its connection before it is read', async () => {
  await listen({}, { frameBytesMax: 100 });
  const client = await connect();
  client.write(Uint8Array.of(101));
  await client.closed;
  await until(() => refused.length === 1);
  expect(refused).toEqual(['frame_too_large']);
});

test('what an engine left half sent when it ended is forgotten', async () => {
  await listen();
  const client = await connect();
  await client.flush(frameFor({ case: 'info', value: {} }).subarray(0, 1));
  await until(() => server?.connections === 1);
  client.end();
  await until(() => server?.connections === 0);
  expect([refused, fatal]).toEqual([[], []]);
});

test('idle waits for a handler whose engine is gone', async () => {
  const slow = gate();
  const begun = gate();
  let done = false;
  await listen({
    finalizeBlock: async () => {
      begun.open();
      await slow.opened;
      done = true;
      return {};
    },
  });
  const client = await connect();
  client.write(frameFor({ case: 'finalizeBlock', value: {} }));
  await begun.opened;
  client.end();
  const idle = server?.idle().then(() => done);
  slow.open();
  expect(await idle).toBe(true);
  expect(fatal).toEqual([]);
});

test('a socket file left by a killed process is replaced, and is the owner’s alone', async () => {
  writeFileSync(join(folder, 'abci.sock'), '');
  await listen();
  expect(statSync(join(folder, 'abci.sock')).mode & 0o777).toBe(0o600);
  expect((await (await connect()).ask({ case: 'info', value: {} })).value.case).toBe('info');
});
