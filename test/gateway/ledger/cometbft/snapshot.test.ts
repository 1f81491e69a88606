import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Books } from '../../../../gateway/ledger/books.ts';
import {
  ResponseApplySnapshotChunk_Result as ChunkResult,
  ResponseOfferSnapshot_Result as OfferResult,
  RequestApplySnapshotChunkSchema,
  RequestOfferSnapshotSchema,
} from '../../../../gateway/ledger/cometbft/proto/tendermint/abci/types_pb.ts';
import { parseSnapshotIndex } from '../../../../gateway/ledger/cometbft/snapshot-format.ts';
import { SnapshotReader } from '../../../../gateway/ledger/cometbft/snapshot-reader.ts';
import { SnapshotTaker } from '../../../../gateway/ledger/cometbft/snapshot-taker.ts';
import { Proofs } from '../../../../gateway/log/proofs.ts';
import { type Db, openDatabase } from '../../../../gateway/store/database.ts';
import { FourBooks, testDevice } from '../../../support/four-books.ts';

/** A ledger of a little more than two chunks of 4,096 leaves. */
let four: FourBooks;
let taker: SnapshotTaker;
let root: Uint8Array;

beforeAll(async () => {
  four = new FourBooks({ bytesPerBlock: 4_194_304 });
  const device = testDevice('a');
  await four.block([four.registration(four.first, device)]);
  for (let i = 0; i < 9; i += 1) {
    const frames = Array.from({ length: 1_000 }, (_, k) => four.reading(device, k % 50));
    await four.block([four.batch(four.first, frames)]);
  }
  const { store } = four.first.books;
  const proofs = new Proofs((level, index) => store.tiles.get(level, index));
  taker = new SnapshotTaker({
    db: store.db,
    leaves: store.leaves,
    subtree: (start, end) => proofs.range(start, end),
    everyBlocks: 1,
  });
  root = four.first.ledger.root();
  const point = { size: four.state.size, appHash: root };
  for (const height of [1, 2, 3]) taker.onCommit({ height, ...point });
}, 60_000);
afterAll(() => four.close());

let folder: string;
let db: Db;
let wrong: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'truegrain-join-'));
  db = openDatabase(join(folder, 'ledger.db'));
  wrong = [];
});
afterEach(() => {
  if (db.open) db.close();
  rmSync(folder, { recursive: true, force: true });
});

async function reader(
  pinned = { size: four.state.size, root },
  isBeginning = async () => false,
): Promise<SnapshotReader> {
  const opened = new SnapshotReader({
    db,
    pinned,
    isBeginning,
    onProgress: () => {},
    onWrongChunk: (sender) => wrong.push(sender),
  });
  await opened.resume();
  return opened;
}

const snapshot = () => {
  const [first] = taker.list();
  if (!first) throw new Error('nothing is offered');
  return first;
};
const offer = (changes: object = {}) =>
  create(RequestOfferSnapshotSchema, { snapshot: snapshot(), appHash: root, ...changes });
const chunk = (index: number, change: (bytes: Uint8Array) => Uint8Array = (b) => b) => {
  const bytes = taker.load({ height: 1, format: 12, chunk: index }) ?? new Uint8Array();
  return create(RequestApplySnapshotChunkSchema, {
    index,
    chunk: change(bytes.slice()),
    sender: 'peer-b',
  });
};
const flipped = (bytes: Uint8Array) => {
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  return bytes;
};

describe('a newcomer', () => {
  test('takes the ledger over chunk by chunk: same root, same state, every table', async () => {
    const opened = await reader();
    expect(await opened.offer(offer())).toEqual({ result: OfferResult.ACCEPT });
    for (let i = 0; i < snapshot().chunks; i += 1) {
      expect(opened.position()).toBeNull();
      expect(await opened.apply(chunk(i))).toEqual({ result: ChunkResult.ACCEPT });
    }
    const books = new Books(db);
    expect(toHex(books.tree.root())).toBe(toHex(root));
    // Both as they are read from their tables.
    expect(books.state).toEqual(new Books(four.first.books.store.db).state);
    expect(opened.position()?.height).toBe(1);
  });

  test('refuses a corrupted chunk, says who sent it, and takes it from another', async () => {
    const opened = await reader();
    await opened.offer(offer());
    const answer = await opened.apply(chunk(0, flipped));
    expect(answer).toEqual({
      result: ChunkResult.RETRY,
      refetchChunks: [0],
      rejectSenders: ['peer-b'],
    });
    expect(wrong).toEqual(['peer-b']);
    expect(await opened.apply(chunk(0))).toEqual({ result: ChunkResult.ACCEPT });
  });

  test.each([
    ['cut short', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 5)],
    ['empty', () => new Uint8Array()],
    ['another chunk', () => taker.load({ height: 1, format: 12, chunk: 1 }) ?? new Uint8Array()],
    ['a length that lies', (bytes: Uint8Array) => bytes.fill(0xff, 0, 2)],
  ])('refuses a chunk that is %s', async (_name, change) => {
    const opened = await reader();
    await opened.offer(offer());
    expect((await opened.apply(chunk(0, change))).result).toBe(ChunkResult.RETRY);
  });

  test('refuses a snapshot whose index does not lead to the verified app hash', async () => {
    const opened = await reader();
    const lying = { ...snapshot(), metadata: flipped(snapshot().metadata.slice()) };
    expect((await opened.offer(offer({ snapshot: lying }))).result).toBe(OfferResult.REJECT);
    expect((await opened.offer(offer({ appHash: new Uint8Array(32) }))).result).toBe(
      OfferResult.REJECT,
    );
    expect(parseSnapshotIndex(new Uint8Array(7), root)).toMatchObject({ ok: false });
  });

  test('takes an older log than a cosigned checkpoint only as its beginning', async () => {
    const newer = { size: four.state.size + 1, root };
    const other = await reader(newer);
    expect((await other.offer(offer())).result).toBe(OfferResult.REJECT);
    const opened = await reader(newer, async () => true);
    expect((await opened.offer(offer())).result).toBe(OfferResult.ACCEPT);
  });

  test('takes no log that passes beside a cosigned checkpoint', async () => {
    const opened = await reader({ size: 100, root: new Uint8Array(32) });
    await opened.offer(offer());
    await opened.apply(chunk(0));
    await opened.apply(chunk(1));
    await expect(opened.apply(chunk(2))).rejects.toThrow('cosigned checkpoint of size 100');
    expect(opened.position()).toBeNull();
  });

  test('killed on the way goes on with the chunks it has', async () => {
    const first = await reader();
    await first.offer(offer());
    await first.apply(chunk(0));
    db.close();
    db = openDatabase(join(folder, 'ledger.db'));
    const second = await reader();
    await second.offer(offer());
    // Asked for again by the engine, and not looked at again.
    expect(await second.apply(chunk(0, flipped))).toEqual({ result: ChunkResult.ACCEPT });
    for (const i of [1, 2]) {
      expect(await second.apply(chunk(i))).toEqual({ result: ChunkResult.ACCEPT });
    }
    expect(toHex(new Books(db).tree.root())).toBe(toHex(root));
  });
});

test('nothing is offered whose later headers are not there yet, and three at most are kept', () => {
  expect(taker.list().map(({ height }) => height)).toEqual([1n]);
  const point = { size: four.state.size, appHash: root };
  for (const height of [4, 5, 6]) taker.onCommit({ height, ...point });
  expect(taker.list().map(({ height }) => height)).toEqual([4n]);
  expect(taker.load({ height: 1, format: 12, chunk: 0 })).toBeNull();
});
