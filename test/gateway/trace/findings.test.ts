// The feed of findings: hand-overs, whose findings time makes, and both orders.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PATIENCE_MS, WINDOW_MS } from '../../../gateway/handover/match-halves.ts';
import type { FeedFinding, FindingsQuery } from '../../../gateway/http/trace-backend.ts';
import { EventLedger } from '../../support/event-ledger.ts';
import { HANDED_ITEM, HANDOVER_SENSORS, handoverHalf } from '../../support/handover-half.ts';
import { SoloRig, type TestDevice } from '../../support/solo-ledger.ts';
import { traceDesk } from '../../support/trace-desk.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const BOX = 'https://id.gs1.org/01/09521234567899/21/1';
const sscc = (digit: number) => `https://id.gs1.org/00/39521230000000${digit}018`;

let rig: SoloRig;
let dock: TestDevice;
let truck: TestDevice;
beforeEach(async () => {
  await open();
});
afterEach(() => rig.close());

async function open(): Promise<void> {
  rig = new SoloRig();
  dock = await rig.enrol('dock', { sensors: HANDOVER_SENSORS });
  truck = await rig.enrol('truck', { sensors: HANDOVER_SENSORS });
  rig.nowMs += HOUR_MS;
}

function half(device: TestDevice, wishes: { items?: string[]; seal?: string; number?: string }) {
  const role = device === dock ? 'giver' : 'receiver';
  return handoverHalf(rig, { device, role, agoMs: 0, ...wishes });
}

function page(query: Partial<FindingsQuery> = {}) {
  const answer = traceDesk(rig).findings({ limit: 100, ...query });
  if (!answer.ok) throw new Error(answer.code);
  return answer.value;
}

/** From one reader's place to the end, `limit` at a time. */
function readAll(query: Partial<FindingsQuery>): { told: FeedFinding[]; end: string } {
  const told: FeedFinding[] = [];
  for (let after = query.after; ; ) {
    const { findings, next, end } = page({ ...query, ...(after === undefined ? {} : { after }) });
    told.push(...findings);
    if (next === null) return { told, end };
    expect(next).not.toBe(after);
    after = next;
  }
}

const kindsOf = (findings: readonly FeedFinding[]) => findings.map(({ kind }) => kind);

describe('hand-overs in the feed', () => {
  test('that differ come with the half that came later, and never twice', () => {
    rig.commit(half(dock, {}));
    const before = page();
    expect(before.findings).toEqual([]);
    rig.nowMs += MINUTE_MS;
    rig.commit(half(truck, { seal: 'S-8' }));
    const { told, end } = readAll({ after: before.end });
    expect(kindsOf(told)).toEqual(['handover_differs']);
    expect(told[0]).toMatchObject({ subject: HANDED_ITEM, device: dock.urn });
    rig.nowMs += 30 * HOUR_MS;
    expect(readAll({ after: end }).told).toEqual([]);
    expect(kindsOf(page({ kind: 'handover_differs', subject: HANDED_ITEM }).findings)).toHaveLength(
      1,
    );
    expect(page({ kind: 'handover_missing' }).findings).toEqual([]);
  });

  test('that miss a half come when its time is over, to who has read past it too', () => {
    rig.commit(half(dock, { items: [sscc(1), sscc(2)] }));
    const { end } = page();
    rig.nowMs += PATIENCE_MS;
    expect(readAll({ after: end }).told).toEqual([]);
    rig.nowMs += 1;
    expect(page({ subject: sscc(1) }).findings).toHaveLength(1);
    const [first] = page({ after: end, limit: 1 }).findings;
    expect(first).toMatchObject({ kind: 'handover_missing', subject: sscc(1) });
    // Cut off between the two of them.
    const { told, end: later } = readAll({ after: first!.cursor, limit: 1 });
    expect(told.map(({ subject }) => subject)).toEqual([sscc(2)]);
    expect(readAll({ after: later }).told).toEqual([]);
  });

  test('each half that stays alone is told once, wherever a reader stopped', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('half' as const),
        isDock: fc.boolean(),
        item: fc.nat(2),
        isNumbered: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('wait' as const), minutes: fc.nat(300) }),
      fc.record({ kind: fc.constant('read' as const), limit: fc.integer({ min: 1, max: 3 }) }),
    );
    let mostTold = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 40 }), async (steps) => {
        rig.close();
        await open();
        const told: string[] = [];
        let numbered = 0;
        let { end: after } = page();
        const read = (limit: number) => {
          const { findings, next, end } = page({ after, limit, kind: 'handover_missing' });
          told.push(...findings.map(({ id }) => id));
          after = next ?? end;
          return next;
        };
        for (const one of steps) {
          if (one.kind === 'wait') rig.nowMs += one.minutes * MINUTE_MS;
          else if (one.kind === 'read') read(one.limit);
          else {
            // No two halves may be the same words within the time that makes them one.
            rig.nowMs += 2 * WINDOW_MS + 1;
            const items = [sscc(one.item), sscc(one.item + 3)];
            // No more than two have one number: a third could take a partner away after its time.
            const number = one.isNumbered ? { number: `N-${Math.floor(numbered++ / 2)}` } : {};
            rig.commit(half(one.isDock ? dock : truck, { items, ...number }));
          }
        }
        rig.nowMs += 30 * HOUR_MS;
        while (read(2) !== null);
        expect(new Set(told).size).toBe(told.length);
        const standing = readAll({ kind: 'handover_missing' }).told.map(({ id }) => id);
        expect(told).toEqual(expect.arrayContaining(standing));
        mostTold = Math.max(mostTold, told.length);
      }),
      { numRuns: 15, endOnFailure: true },
    );
    expect(mostTold).toBeGreaterThan(10);
  }, 60_000);
});

describe('newest first', () => {
  test('is the same list turned around, whatever the size of its pages', () => {
    for (let i = 0; i < 4; i += 1) {
      rig.temperatures(dock, rig.nowMs, [1]);
      rig.commit(half(dock, { items: [sscc(1), sscc(2), sscc(3)] }));
      rig.nowMs += MINUTE_MS;
      rig.commit(half(truck, { items: [sscc(1), sscc(2)], seal: 'other' }));
      rig.nowMs += HOUR_MS;
    }
    const oldest = readAll({}).told.map(({ id }) => id);
    expect(oldest.length).toBeGreaterThanOrEqual(15);
    for (const limit of [1, 2, 7, 100]) {
      const newest = readAll({ limit, order: 'newest' }).told.map(({ id }) => id);
      expect(newest, `limit ${limit}`).toEqual(oldest.toReversed());
    }
    // A cursor of one order is a place in the other.
    const first = page({ limit: 7 });
    const back = readAll({ after: first.next!, order: 'newest' }).told.map(({ id }) => id);
    expect(back).toEqual(oldest.slice(0, 7).toReversed());
  });

  test('leads on through leaves without findings', () => {
    rig.commit(half(dock, {}));
    rig.nowMs += 2 * HOUR_MS;
    const events = new EventLedger(rig.ledger.store.db);
    rig.ledger.store.db.transaction(() => {
      for (let i = 0; i < 1_100; i += 1) {
        events.capture({ type: 'Object', ms: rig.nowMs + i, action: 'OBSERVE', epcList: [BOX] });
      }
    })();
    const after = '999999999.0';
    const first = page({ after, order: 'newest' });
    expect(first.findings).toEqual([]);
    expect(first.next).not.toBeNull();
    const { told } = readAll({ after, order: 'newest' });
    expect(kindsOf(told)).toEqual(['handover_missing']);
  });
});

test('a trace tells of hand-overs of the thing and of what it was in, while it was in it', () => {
  const events = new EventLedger(rig.ledger.store.db);
  const aggregation = { type: 'Aggregation', parentID: HANDED_ITEM, childEPCs: [BOX] } as const;
  events.capture({ ...aggregation, ms: rig.nowMs, action: 'ADD' });
  rig.nowMs += HOUR_MS;
  rig.commit(half(dock, { seal: 'in' }));
  rig.nowMs += HOUR_MS;
  events.capture({ ...aggregation, ms: rig.nowMs, action: 'DELETE' });
  rig.nowMs += HOUR_MS;
  rig.commit(half(dock, { seal: 'after' }));
  rig.nowMs += 2 * HOUR_MS;
  const found = (epc: string) => {
    const traced = traceDesk(rig).trace({ epc, direction: 'both', depth: 12 });
    if (!traced.ok) throw new Error(traced.code);
    return kindsOf(traced.value.findings as FeedFinding[]);
  };
  expect(found(HANDED_ITEM)).toEqual(['handover_missing', 'handover_missing']);
  expect(found(BOX)).toEqual(['handover_missing']);
});
