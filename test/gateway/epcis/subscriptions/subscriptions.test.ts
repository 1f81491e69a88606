import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { FeedRunner } from '../../../../gateway/epcis/subscriptions/feed-runner.ts';
import {
  beforeAll,
  type FeedPosition,
  nextEvents,
} from '../../../../gateway/epcis/subscriptions/result-feed.ts';
import { SCHEMA } from '../../../../gateway/store/schema.ts';
import { FakeEpcis, FIRST_RECORD_MS, fakeSubscriptions } from '../../../support/fake-epcis.ts';
import { objectEvent } from '../../http/epcis-harness.ts';

async function recorded(count: number): Promise<FakeEpcis> {
  const epcis = new FakeEpcis();
  for (let i = 0; i < count; i += 1) {
    await epcis.captureEvent(objectEvent({ eventID: `urn:x:${i}` }));
  }
  return epcis;
}

/** A runner whose subscriber fails at the calls named, and what it was sent. */
function rigOf(epcis: FakeEpcis, more: { position?: FeedPosition; failAt?: number[] } = {}) {
  const sent: number[][] = [];
  const taken: FeedPosition[] = [];
  let calls = 0;
  const runner = new FeedRunner({
    next: (position) => nextEvents(epcis, { eventType: ['ObjectEvent'] }, position),
    position: more.position ?? beforeAll(0),
    time: { stream: true },
    reportIfEmpty: false,
    retry: { firstMs: 1, maxMs: 4 },
    nowMs: Date.now,
    send: async (events) => {
      sent.push(events.map(({ leafIndex }) => leafIndex));
      calls += 1;
      return !more.failAt?.includes(calls);
    },
    onTaken: (position) => taken.push(position),
    onTrouble: (error) => {
      throw error;
    },
  });
  epcis.onRecorded(() => runner.recorded());
  runner.start();
  return { runner, sent, taken };
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

test('all of them are sent, in order, a hundred at a time', async () => {
  const rig = rigOf(await recorded(250));
  await expect.poll(() => rig.taken.at(-1)?.leafIndex).toBe(349);
  expect(Math.max(...rig.sent.map((events) => events.length))).toBe(100);
  expect(rig.sent.flat()).toEqual(range(100, 250));
  await rig.runner.stop();
});

test('what is refused is sent again, and what follows waits for it', async () => {
  const epcis = await recorded(1);
  const rig = rigOf(epcis, { failAt: [1, 2, 3] });
  await epcis.captureEvent(objectEvent({ eventID: 'urn:x:later' }));
  await expect.poll(() => rig.taken.at(-1)?.leafIndex).toBe(101);
  expect(rig.sent.slice(0, 2)).toEqual([[100], [100, 101]]);
  expect(rig.taken).toHaveLength(1);
  await rig.runner.stop();
});

test('a position is where the next one begins, among events of one time too', async () => {
  const epcis = await recorded(5);
  for (const [at, event] of epcis.events.entries()) {
    epcis.events[at] = { ...event, recordMs: FIRST_RECORD_MS };
  }
  const rig = rigOf(epcis, { position: { recordMs: FIRST_RECORD_MS, leafIndex: 102 } });
  await expect.poll(() => rig.taken.length).toBe(1);
  expect(rig.sent).toEqual([[103, 104]]);
  await rig.runner.stop();
});

test('after a restart a subscriber goes on where it was, and nothing is left out', async () => {
  const db = new Database(':memory:');
  db.exec(SCHEMA);
  const epcis = await recorded(3);
  // Nobody listens at the address: nothing is ever taken.
  const first = fakeSubscriptions(epcis, { db });
  await first.create('q', { eventType: ['ObjectEvent'] });
  const terms = {
    dest: 'http://127.0.0.1:1/',
    stream: true,
    initialRecordTime: new Date(FIRST_RECORD_MS + 1_000).toISOString(),
  };
  const made = await first.subscribe('q', terms, 'Never_Translates');
  if (!made.ok) throw new Error(made.detail);
  await first.close();

  const troubles: string[] = [];
  const second = fakeSubscriptions(epcis, { db, onTrouble: (id) => troubles.push(id) });
  second.start();
  await expect.poll(() => troubles.length).toBeGreaterThan(0);
  expect(troubles[0]).toBe(made.value.id);
  expect(second.subscription('q', made.value.id)).toMatchObject({
    notifiedMs: null,
    minRecordMs: FIRST_RECORD_MS + 1_000,
  });
  expect(second.remove('q')).toBe(true);
  expect(second.subscription('q', made.value.id)).toBeNull();
  await second.close();
});
