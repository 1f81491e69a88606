import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeFrame, parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import type { RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { InboxIntake } from '../../../gateway/admit/inbox-intake.ts';
import type { Outcome } from '../../../gateway/admit/outcome.ts';
import { Inbox } from '../../../gateway/store/inbox.ts';
import { FourBooks, registryOf, testDevice } from '../../support/four-books.ts';
import { idOf } from '../../support/inbox-gateway.ts';
import { roundLawOf } from '../../support/round-law.ts';
import type { TestDevice } from '../../support/solo-ledger.ts';

/** The chain of these tests stands still: whatever is accepted waits in the inbox. */
let four: FourBooks;
let inbox: Inbox;
let intake: InboxIntake;
let settled: Outcome[];
let queued: string[];
let troubles: string[];
let garbage: RefusalCode[];

beforeEach(() => {
  four = new FourBooks();
  [settled, queued, troubles, garbage] = [[], [], [], []];
});
afterEach(async () => {
  freeDisk();
  await intake?.close();
  four.close();
});

function open({ threads = 1, inboxBytesMax = 1_000_000, lingerMs = 5 } = {}): void {
  const { ledger, books } = four.first;
  inbox = new Inbox(books.store.db);
  intake = new InboxIntake({
    ledger,
    inbox,
    inboxBytesMax,
    lingerMs,
    threads,
    law: roundLawOf(ledger),
    onQueued: ({ facts }) => queued.push(toHex(facts.id)),
    onCommitted: () => {},
    onTrouble: (error) => troubles.push(error.message),
    onGarbage: (code) => garbage.push(code),
    onFailure: (error) => {
      throw error;
    },
  });
  const { ledgerId, keys } = registryOf(ledger.state);
  intake.pool.setLedger(ledgerId);
  for (const [kid, key] of keys) intake.pool.setKey(kid, key);
}

async function registered(name: string): Promise<TestDevice> {
  const device = testDevice(name);
  await four.block([four.registration(four.first, device)]);
  return device;
}

function frames(device: TestDevice, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => four.reading(device, 4));
}

function send(frame: Uint8Array, device: string | null = null): Promise<Outcome> {
  return new Promise((resolve) => {
    intake.submit(frame, device, (outcome) => {
      settled.push(outcome);
      resolve(outcome);
    });
  });
}

function sendAll(all: readonly Uint8Array[], device?: string): Promise<Outcome[]> {
  return Promise.all(all.map((frame) => send(frame, device)));
}

const hexes = (all: readonly Uint8Array[]) => all.map((frame) => toHex(idOf(frame)));
const held = () => inbox.after(0, 10_000).map(({ id }) => toHex(id));

function fillDisk(): void {
  const { db } = four.first.books.store;
  db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true }) as number}`);
}

function freeDisk(): void {
  four.first.books.store.db.pragma('max_page_count = 1000000');
}

describe('an accepted frame', () => {
  test('is in the inbox before anybody is told', async () => {
    const device = await registered('a');
    open();
    const [frame] = frames(device, 1) as [Uint8Array];
    const id = idOf(frame);
    expect(intake.holds(id)).toBe(false);
    const there = await new Promise<boolean>((resolve) => {
      intake.submit(frame, device.urn, () =>
        resolve(new Inbox(four.first.books.store.db).find(id) !== null),
      );
    });
    expect(there).toBe(true);
    expect(intake.holds(id)).toBe(true);
    expect(queued).toEqual([toHex(id)]);
  });

  test('stands behind those that came before it, whichever thread is faster', async () => {
    const device = await registered('a');
    open({ threads: 3 });
    const sent = frames(device, 300);
    const outcomes = await sendAll(sent, device.urn);
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['queued']));
    expect(held()).toEqual(hexes(sent));
    expect(queued).toEqual(hexes(sent));
  }, 60_000);

  test('that comes again is acknowledged again, and held once', async () => {
    const device = await registered('a');
    open();
    const [frame] = frames(device, 1) as [Uint8Array];
    const outcomes = await sendAll([frame, frame], device.urn);
    outcomes.push(await send(frame, device.urn));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['queued', 'queued', 'queued']);
    expect([inbox.count, inbox.bytes]).toEqual([1, frame.length]);
  });
});

describe('what needs no place', () => {
  test('a frame that the log has is answered with its leaf', async () => {
    const device = await registered('a');
    const sent = frames(device, 2);
    await four.block([four.batch(four.first, sent)]);
    open();
    const outcomes = await sendAll(sent, device.urn);
    expect(outcomes).toMatchObject([
      { kind: 'duplicate', leafIndex: 5 },
      { kind: 'duplicate', leafIndex: 6 },
    ]);
    expect(held()).toEqual([]);
  });

  test('nobody’s frame, and one from another device’s connection', async () => {
    const [a, b] = [await registered('a'), await registered('b')];
    open();
    const [frame] = frames(a, 1) as [Uint8Array];
    const stranger = four.reading(testDevice('stranger'), 4);
    const parts = parseFrame(frame);
    if (!parts.ok) throw new Error(parts.code);
    const { statement } = parts.value;
    const other = encodeFrame({ statement, content: new Uint8Array(9) });
    const broken = new Uint8Array(9);
    const outcomes = await sendAll([stranger, other, broken, frame], b.urn);
    expect(outcomes.map((one) => ('code' in one ? one.code : one.kind))).toEqual([
      'unknown_key',
      'digest_mismatch',
      'malformed',
      'iss_mismatch',
    ]);
    expect(garbage).toEqual(['unknown_key', 'digest_mismatch', 'malformed']);
    expect(held()).toEqual([]);
    expect(await send(frame, a.urn)).toMatchObject({ kind: 'queued' });
  });
});

describe('a full disk', () => {
  test('acknowledges nothing, tries again, loses nothing', async () => {
    const device = await registered('a');
    open();
    const sent = frames(device, 200);
    fillDisk();
    const answers = sendAll(sent, device.urn);
    await vi.waitFor(() => expect(intake.trouble).toMatch(/full/), { timeout: 20_000 });
    const more = sendAll(frames(device, 5), device.urn);
    expect([settled, held(), inbox.bytes]).toEqual([[], [], 0]);
    expect(troubles).toEqual([intake.trouble]);
    freeDisk();
    await answers;
    await more;
    expect(intake.trouble).toBeNull();
    expect(held().slice(0, 200)).toEqual(hexes(sent));
    expect(held()).toHaveLength(205);
  }, 60_000);

  test('does not keep the gateway from ending', async () => {
    const device = await registered('a');
    open();
    fillDisk();
    void sendAll(frames(device, 200), device.urn);
    await vi.waitFor(() => expect(intake.trouble).toMatch(/full/), { timeout: 20_000 });
    await intake.close();
    expect(settled).toEqual([]);
  }, 60_000);
});

describe('a full inbox', () => {
  test('lets nobody in and drops nobody: who waits is taken in order when the chain moves on', async () => {
    const device = await registered('a');
    const sent = frames(device, 12);
    const [, second] = sent as [Uint8Array, Uint8Array];
    open({ inboxBytesMax: second.length * 5 + 10 });
    const answers = sendAll(sent, device.urn);
    await vi.waitFor(() => expect(intake.trouble).toMatch(/the inbox is full/), {
      timeout: 10_000,
    });
    expect(held()).toEqual(hexes(sent.slice(0, 5)));
    expect(settled.map(({ kind }) => kind)).toEqual(Array(5).fill('queued'));
    expect(troubles).toEqual([intake.trouble]);
    for (const row of inbox.after(0, 3)) inbox.remove(row);
    await vi.waitFor(() => expect(settled).toHaveLength(8), { timeout: 10_000 });
    expect(held()).toEqual(hexes(sent.slice(3, 8)));
    expect(intake.trouble).not.toBeNull();
    for (const row of inbox.after(0, 5)) inbox.remove(row);
    await answers;
    expect(held()).toEqual(hexes(sent.slice(8)));
    expect(intake.trouble).toBeNull();
    expect(troubles).toHaveLength(1);
  }, 30_000);
});

describe('the end', () => {
  test('what is being checked is made durable first, and nothing after that is taken', async () => {
    const device = await registered('a');
    open({ lingerMs: 10_000 });
    const sent = frames(device, 50);
    void sendAll(sent, device.urn);
    await intake.close();
    expect(settled).toHaveLength(50);
    intake.submit(four.reading(device, 5), device.urn, (outcome) => settled.push(outcome));
    await intake.close();
    expect(held()).toEqual(hexes(sent));
    expect(settled).toHaveLength(50);
  });
});
