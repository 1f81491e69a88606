import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../../../gateway/admit/outcome.ts';
import { LISTED_PER_MINUTE_MAX } from '../../../gateway/admit/refusal-quota.ts';
import { FourBooks, type MemberBooks, testDevice } from '../../support/four-books.ts';
import { InboxGateway, idOf } from '../../support/inbox-gateway.ts';
import type { TestDevice } from '../../support/solo-ledger.ts';

let four: FourBooks;
let gateways: InboxGateway[];

beforeEach(() => {
  four = new FourBooks();
  gateways = [];
});
afterEach(() => {
  for (const { batcher } of gateways) batcher.close();
  four.close();
});

const at = (i: number): MemberBooks => four.members[i] as MemberBooks;

function gatewayOf(i: number): InboxGateway {
  const gateway = new InboxGateway(four, at(i));
  gateways.push(gateway);
  return gateway;
}

async function registered(...names: string[]): Promise<TestDevice[]> {
  const devices: TestDevice[] = [];
  for (const name of names) {
    const device = testDevice(name);
    await four.block([four.registration(at(0), device)]);
    devices.push(device);
  }
  return devices;
}

/** 99 °C is out of the sensor's range. */
function frames(device: TestDevice, count: number, value = 4): Uint8Array[] {
  return Array.from({ length: count }, () => four.reading(device, value));
}

async function emptied(gateway: InboxGateway): Promise<void> {
  await vi.waitFor(() => expect(gateway.inbox.count).toBe(0), { timeout: 20_000, interval: 5 });
}

function kinds(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) {
    const kind = 'code' in outcome ? outcome.code : outcome.kind;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function streamOf({ signer }: TestDevice) {
  const key = four.state.keyByKid.get(toHex(signer.kid));
  return key ? four.state.streams.get(key.no) : undefined;
}

/** A chain that answers when the test says so. */
function held(gateway: InboxGateway) {
  const waiting: (() => void)[] = [];
  gateway.chain = async (tx) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return gateway.decided(tx);
  };
  return {
    waiting,
    release: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

/** Only this member has blocks: a quarter of the work where many statements are the point. */
function keptAlone(gateway: InboxGateway): void {
  gateway.chain = async (tx) => {
    const txs = await four.propose(gateway.by, [tx]);
    await four.decide(txs, [gateway.by]);
    return txs.length > 0 ? { ok: true } : { ok: false, code: 'not_proposed', detail: '' };
  };
}

describe('batches', () => {
  test('are of the inbox in its order, one on its way at a time, without a gap in their numbers', async () => {
    const [a, b] = (await registered('a', 'b')) as [TestDevice, TestDevice];
    const gateway = gatewayOf(0);
    const chain = held(gateway);
    gateway.accept(four.reading(a, 1));
    await vi.waitFor(() => expect(chain.waiting).toHaveLength(1));
    for (let i = 0; i < 10; i += 1) gateway.accept(four.reading(b, i), four.reading(a, i));
    expect(gateway.sent).toHaveLength(1);
    gateway.chain = (tx) => gateway.decided(tx);
    chain.release();
    await emptied(gateway);
    expect(gateway.batches.map(({ seq, count }) => [seq, count])).toEqual([
      [1, 1],
      [2, 20],
    ]);
    expect(kinds(gateway.settled)).toEqual({ accepted: 21 });
    expect([streamOf(a), streamOf(b)]).toMatchObject([
      { maxSeq: 11, missing: 0 },
      { maxSeq: 10, missing: 0 },
    ]);
    expect(gateway.rechecked).toBe(0);
  });

  test('hold 1,024 statements at most', async () => {
    const [a] = (await registered('a')) as [TestDevice];
    const gateway = gatewayOf(0);
    keptAlone(gateway);
    gateway.accept(...frames(a, 1_030));
    await emptied(gateway);
    expect(gateway.batches.map(({ count }) => count)).toEqual([1_024, 6]);
  }, 60_000);

  test('stay under the bytes a block that the charter gives an organisation', async () => {
    four.close();
    four = new FourBooks({ bytesPerBlock: 65_536 });
    const [a] = (await registered('a')) as [TestDevice];
    const gateway = gatewayOf(0);
    keptAlone(gateway);
    gateway.accept(...frames(a, 300));
    await emptied(gateway);
    expect(gateway.batches.length).toBeGreaterThan(2);
    for (const { txBytes } of gateway.batches) expect(txBytes).toBeLessThanOrEqual(65_536);
    expect(kinds(gateway.settled)).toEqual({ accepted: 300 });
  }, 60_000);

  test('after a restart are of what the last run left', async () => {
    const [a] = (await registered('a')) as [TestDevice];
    const gateway = gatewayOf(0);
    const chain = held(gateway);
    gateway.accept(...frames(a, 3));
    await vi.waitFor(() => expect(chain.waiting).toHaveLength(1));
    gateway.chain = (tx) => gateway.decided(tx);
    gateway.restart();
    await emptied(gateway);
    // It knows nothing any more of what it had checked.
    expect(gateway.rechecked).toBe(3);
    expect(gateway.batches.map(({ seq, count }) => [seq, count])).toEqual([
      [1, 3],
      [1, 3],
    ]);
    expect(kinds(gateway.settled)).toEqual({ accepted: 3 });
  });
});

describe('rows that need no batch', () => {
  test('are what another gateway brought into the log meanwhile', async () => {
    const [a] = (await registered('truck')) as [TestDevice];
    const [here, there] = [gatewayOf(0), gatewayOf(1)];
    const chain = held(here);
    const sent = frames(a, 3);
    there.accept(...sent);
    await emptied(there);
    here.accept(...sent, four.reading(a, 5));
    await vi.waitFor(() => expect(chain.waiting).toHaveLength(1));
    chain.release();
    await emptied(here);
    expect(here.batches.map(({ count }) => count)).toEqual([1]);
    expect(kinds(here.settled)).toEqual({ duplicate: 3, accepted: 1 });
    expect(here.settled.find(({ kind }) => kind === 'duplicate')).toMatchObject({ leafIndex: 5 });
  });

  test('are damage, and hold up nobody', async () => {
    const [a] = (await registered('a')) as [TestDevice];
    const gateway = gatewayOf(0);
    const chain = held(gateway);
    const frame = four.reading(a, 4);
    const id = idOf(frame);
    const damaged = frame.slice();
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    gateway.inbox.add({ id, device: a.urn, frame: damaged });
    const [b] = (await registered('b')) as [TestDevice];
    gateway.accept(four.reading(b, 4));
    await vi.waitFor(() => expect(chain.waiting).toHaveLength(1));
    chain.release();
    await emptied(gateway);
    expect(kinds(gateway.settled)).toEqual({ digest_mismatch: 1, accepted: 1 });
  });
});

describe('refusals', () => {
  test('are listed, and settled by the block that lists them', async () => {
    const [a] = (await registered('a')) as [TestDevice];
    const gateway = gatewayOf(0);
    const [good, bad] = [four.reading(a, 4), four.reading(a, 99)];
    gateway.accept(good, bad);
    await emptied(gateway);
    expect(gateway.batches.map(({ count, refusals }) => [count, refusals.length])).toEqual([
      [1, 1],
    ]);
    expect(gateway.settled).toContainEqual({
      kind: 'listed',
      id: idOf(bad),
      code: 'range',
      batchLeaf: four.state.size - 1,
    });
    const { db } = four.first.books.store;
    const kept = db.prepare('SELECT code FROM refused_frame WHERE id = ?').pluck();
    expect(kept.get(idOf(bad))).toBe('range');
  });

  test('of one device are listed up to so many a minute, over all batches', async () => {
    const [a, b] = (await registered('a', 'b')) as [TestDevice, TestDevice];
    const gateway = gatewayOf(0);
    gateway.accept(...frames(a, 100, 99));
    await emptied(gateway);
    gateway.accept(...frames(a, 100, 99), ...frames(b, 1, 99));
    await emptied(gateway);
    expect(kinds(gateway.settled)).toEqual({
      range: LISTED_PER_MINUTE_MAX + 1,
      rate_limited: 200 - LISTED_PER_MINUTE_MAX,
    });
    four.timeMs += 60_000;
    gateway.accept(...frames(a, 1, 99));
    await emptied(gateway);
    expect(kinds(gateway.settled)).toMatchObject({ range: LISTED_PER_MINUTE_MAX + 2 });
  });
});

describe('a batch that became stale on its way', () => {
  test('is made again of what is left, in order', async () => {
    const [truck, fixed] = (await registered('truck', 'fixed')) as [TestDevice, TestDevice];
    const [here, there] = [gatewayOf(0), gatewayOf(1)];
    const chain = held(here);
    const sent = frames(truck, 2);
    here.accept(...sent, four.reading(fixed, 1));
    await vi.waitFor(() => expect(chain.waiting).toHaveLength(1));
    there.accept(...sent);
    await emptied(there);
    here.chain = (tx) => here.decided(tx);
    chain.release();
    await emptied(here);
    expect(here.batches.map(({ seq, count }) => [seq, count])).toEqual([
      [1, 3],
      [1, 1],
    ]);
    // The other gateway's block settled its two.
    expect(kinds(here.settled)).toEqual({ accepted: 3 });
    expect([streamOf(truck), streamOf(fixed)]).toMatchObject([{ missing: 0 }, { missing: 0 }]);
  });

  test('three times for one stream: that stream gets batches of its own, the others wait no more', async () => {
    const [truck, fixed] = (await registered('truck', 'fixed')) as [TestDevice, TestDevice];
    const [here, there] = [gatewayOf(0), gatewayOf(1)];
    // The other gateway is always faster with the truck's next frame.
    let overtaken = 0;
    const parked: Uint8Array[] = [];
    here.chain = async (tx) => {
      const next = parked.shift();
      if (next) {
        overtaken += 1;
        there.accept(next);
        await emptied(there);
      }
      return here.decided(tx);
    };
    const own = frames(truck, 6);
    parked.push(...own.slice(0, 4));
    here.accept(...own, ...frames(fixed, 2));
    await emptied(here);
    expect(overtaken).toBe(4);
    // Stale with the truck in it three times; then the others alone, whatever the truck does.
    expect(here.batches.map(({ count }) => count)).toEqual([8, 7, 6, 2, 2]);
    expect(kinds(here.settled)).toEqual({ accepted: 8 });
    expect([streamOf(truck), streamOf(fixed)]).toMatchObject([{ missing: 0 }, { missing: 0 }]);
  });

  test('counts for a stream of which only the grade changed', async () => {
    const [truck, fixed] = (await registered('truck', 'fixed')) as [TestDevice, TestDevice];
    const [here, there] = [gatewayOf(0), gatewayOf(1)];
    // A device that gives its odd numbers here and its even ones there: each makes the other late.
    const all = frames(truck, 8);
    const [odd, even] = [0, 1].map((rest) => all.filter((_, i) => i % 2 === rest)) as [
      Uint8Array[],
      Uint8Array[],
    ];
    here.chain = async (tx) => {
      const next = even.shift();
      if (next) {
        there.accept(next);
        await emptied(there);
      }
      return here.decided(tx);
    };
    here.accept(...odd, ...frames(fixed, 2));
    await emptied(here);
    // From the fourth on the others are alone.
    expect(here.batches.map(({ count }) => count).slice(0, 4)).toEqual([6, 6, 6, 2]);
    expect(kinds(here.settled)).toEqual({ accepted: 6 });
    expect([streamOf(truck), streamOf(fixed)]).toMatchObject([
      { missing: 0, forked: false },
      { missing: 0 },
    ]);
  });
});

describe('a chain that refuses', () => {
  test('a number is asked again at once: the block in between had another batch', async () => {
    const [a] = (await registered('a')) as [TestDevice];
    const gateway = gatewayOf(0);
    let first = true;
    gateway.chain = (tx) => {
      if (!first) return gateway.decided(tx);
      first = false;
      return Promise.resolve({ ok: false, code: 'seq', detail: '' });
    };
    gateway.accept(four.reading(a, 1));
    await emptied(gateway);
    expect(gateway.batches.map(({ seq }) => seq)).toEqual([1, 1]);
  });

  test('for another reason is asked later, with the time it is then', async () => {
    const [a] = (await registered('a')) as [TestDevice];
    const gateway = gatewayOf(0);
    const answers: ('log_time' | 'quota')[] = ['log_time', 'quota'];
    gateway.chain = (tx) => {
      const code = answers.shift();
      four.timeMs += 1;
      if (code) return Promise.resolve({ ok: false, code, detail: '' });
      return gateway.decided(tx);
    };
    const began = performance.now();
    gateway.accept(four.reading(a, 1));
    await emptied(gateway);
    expect(performance.now() - began).toBeGreaterThan(900);
    const times = gateway.batches.map(({ logTimeMs }) => logTimeMs);
    expect(times).toHaveLength(3);
    expect(new Set(times).size).toBe(3);
  });

  test('while the disk fails: told, and tried again', async () => {
    const [a] = (await registered('a')) as [TestDevice];
    const gateway = gatewayOf(0);
    const { inbox } = gateway;
    const read = inbox.after.bind(inbox);
    inbox.after = () => {
      inbox.after = read;
      throw new Error('disk I/O error');
    };
    gateway.accept(four.reading(a, 1));
    await emptied(gateway);
    expect(gateway.troubles).toEqual(['disk I/O error']);
    expect(kinds(gateway.settled)).toEqual({ accepted: 1 });
  });

  test('and a gateway that ends: nothing more is sent', async () => {
    const [a] = (await registered('a')) as [TestDevice];
    const gateway = gatewayOf(0);
    const chain = held(gateway);
    gateway.accept(four.reading(a, 1));
    await vi.waitFor(() => expect(chain.waiting).toHaveLength(1));
    gateway.accept(four.reading(a, 2));
    gateway.batcher.close();
    chain.release();
    await vi.waitFor(() => expect(gateway.settled).toHaveLength(1));
    gateway.batcher.wake();
    expect(gateway.sent).toHaveLength(1);
    expect(gateway.inbox.count).toBe(1);
  });
});
