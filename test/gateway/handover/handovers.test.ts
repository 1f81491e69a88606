// From signed packs to hand-overs, over a real ledger.
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HandoverDesk } from '../../../gateway/handover/handover-desk.ts';
import { handoverFindings } from '../../../gateway/handover/handover-findings.ts';
import { handoversIn } from '../../../gateway/handover/handovers.ts';
import { NUMBER_WINDOW_MS, PATIENCE_MS } from '../../../gateway/handover/match-halves.ts';
import type { HandoversQuery, HandoverView } from '../../../gateway/http/handover-backend.ts';
import { SoloLedger } from '../../../gateway/ledger/solo.ts';
import { reindex } from '../../../gateway/log/reindex.ts';
import { openDatabase } from '../../../gateway/store/database.ts';
import {
  HANDOVER_SENSORS,
  type HalfWishes,
  handoverHalf,
  HANDED_ITEM as ITEM,
} from '../../support/handover-half.ts';
import { SoloRig, type TestDevice } from '../../support/solo-ledger.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const OTHER = 'https://id.gs1.org/00/395212300000000025';

let rig: SoloRig;
let dock: TestDevice;
let truck: TestDevice;
beforeEach(async () => {
  rig = new SoloRig({ retentionDays: 0 });
  dock = await rig.enrol('dock', { sensors: HANDOVER_SENSORS });
  truck = await rig.enrol('truck', { sensors: HANDOVER_SENSORS });
  rig.nowMs += HOUR_MS;
});
afterEach(() => rig.close());

const half = (device: TestDevice, role: string, agoMs: number, wishes: HalfWishes = {}) =>
  handoverHalf(rig, { device, role, agoMs, ...wishes });

const indexOf = () => rig.ledger.store.handovers;

function desk(): HandoverDesk {
  return new HandoverDesk({
    index: indexOf(),
    entryAt: (leafIndex) => rig.ledger.store.leaves.entry(leafIndex),
    nowMs: () => rig.nowMs,
  });
}

function page(query: Partial<HandoversQuery> = {}) {
  const answer = desk().handovers({ limit: 100, ...query });
  if (!answer.ok) throw new Error(answer.code);
  return answer.value;
}

const statesOf = (handovers: readonly HandoverView[]) => handovers.map(({ state }) => state);

function findings(ask: { item?: string; fromMs?: number; toMs?: number } = {}) {
  const context = { index: indexOf(), nowMs: () => rig.nowMs };
  const { item = null, ...range } = ask;
  const found = handoverFindings(context, { item, after: null, limit: 100, ...range });
  if (found === null) throw new Error('no cursor was given');
  return found.findings;
}

describe('a hand-over', () => {
  test('that both signed is agreed, with who, when and where in the log', async () => {
    const given = half(dock, 'giver', 2 * MINUTE_MS);
    const condition = [
      { name: 'handover.since', unit: 's', value: 3_600 },
      { name: 'handover.faults', unit: 'count', value: 0 },
      { name: 'handover.min.temp', unit: 'Cel', value: 2.5 },
      { name: 'handover.max.temp', unit: 'Cel', value: 6 },
    ];
    const taken = half(truck, 'receiver', MINUTE_MS, { more: condition });
    rig.commit(given);
    expect(statesOf(page().handovers)).toEqual(['open']);
    const [settled] = rig.commit(taken);
    const { handovers, next } = page({ item: ITEM });
    expect(next).toBeNull();
    expect(handovers).toEqual([
      {
        item: ITEM,
        timeMs: rig.nowMs - 2 * MINUTE_MS,
        state: 'agreed',
        agrees: true,
        differences: [],
        giver: {
          ...{ device: dock.urn, timeMs: rig.nowMs - 2 * MINUTE_MS, role: 'giver' },
          leafIndex: expect.any(Number),
          statementId: Buffer.from(given.id).toString('hex'),
          ...{ seal: 'S-7', number: null, count: 1, counterpart: null, condition: null },
        },
        receiver: {
          ...{ device: truck.urn, timeMs: rig.nowMs - MINUTE_MS, role: 'receiver' },
          leafIndex: settled!.kind === 'accepted' ? settled!.leafIndex : -1,
          statementId: Buffer.from(taken.id).toString('hex'),
          ...{ seal: 'S-7', number: null, count: 1, counterpart: null },
          condition: {
            sinceS: 3_600,
            faults: 0,
            sensors: [{ sensor: 'temp', unit: 'Cel', min: 2.5, max: 6 }],
          },
        },
      },
    ]);
    expect(findings()).toEqual([]);
    rig.expectSound();
  });

  test('whose other half does not come is missing after its time, until it comes', () => {
    const taken = half(truck, 'receiver', MINUTE_MS);
    rig.commit(half(dock, 'giver', 2 * MINUTE_MS));
    const { timeMs } = page().handovers[0]!;
    rig.nowMs = timeMs + PATIENCE_MS;
    expect(findings()).toEqual([]);
    rig.nowMs += 1;
    expect(statesOf(page().handovers)).toEqual(['missing']);
    expect(findings()).toEqual([
      {
        kind: 'handover_missing',
        subject: ITEM,
        device: dock.urn,
        fromMs: timeMs,
        untilMs: null,
        text: `${dock.urn} signed that ${ITEM} was handed over; no receiver signed it`,
        leafIndex: page().handovers[0]!.giver!.leafIndex,
        rule: null,
      },
    ]);
    rig.commit(taken);
    expect(findings()).toEqual([]);
    expect(statesOf(page().handovers)).toEqual(['agreed']);
  });

  test('under a number has as long as its papers', () => {
    rig.commit(half(dock, 'giver', 0, { number: 'N-1' }));
    rig.nowMs += PATIENCE_MS + 1;
    expect(statesOf(page().handovers)).toEqual(['open']);
    rig.nowMs += 10 * HOUR_MS;
    rig.commit(half(truck, 'receiver', 0, { number: 'N-1' }));
    expect(statesOf(page().handovers)).toEqual(['agreed']);
    rig.commit(half(truck, 'giver', 0, { number: 'N-2', items: [OTHER] }));
    rig.nowMs += NUMBER_WINDOW_MS + 1;
    expect(findings().map(({ kind }) => kind)).toEqual(['handover_missing']);
  });

  test('whose halves differ says in what', () => {
    rig.commit(
      half(dock, 'giver', 2 * MINUTE_MS, { count: 48 }),
      half(truck, 'receiver', MINUTE_MS, { seal: 'S-8', count: 47 }),
    );
    const [handover] = page().handovers;
    expect(handover).toMatchObject({ state: 'differs', agrees: false });
    expect(findings()).toEqual([
      expect.objectContaining({
        kind: 'handover_differs',
        subject: ITEM,
        fromMs: rig.nowMs - 2 * MINUTE_MS,
        untilMs: rig.nowMs - MINUTE_MS,
        text:
          `the two sides of a hand-over of ${ITEM} differ: seal S-7 by the giver, S-8 by the receiver; ` +
          'count 48 by the giver, 47 by the receiver',
      }),
    ]);
  });

  test('of several things is one for each; what is missing is missing alone', () => {
    rig.commit(half(dock, 'giver', MINUTE_MS, { items: [ITEM, OTHER], count: 1 }));
    rig.commit(half(truck, 'receiver', 0, { items: [OTHER] }));
    rig.nowMs += 2 * HOUR_MS;
    expect(statesOf(page({ item: OTHER }).handovers)).toEqual(['agreed']);
    expect(statesOf(page({ item: ITEM }).handovers)).toEqual(['missing']);
    expect(findings().map(({ subject }) => subject)).toEqual([ITEM]);
    expect(findings({ item: OTHER })).toEqual([]);
  });

  test('is of one thing, whichever form of its EPC a side has', () => {
    const urn = 'urn:epc:id:sscc:95212300.300000001';
    const [given, taken] = [{ items: [urn] }, { items: [ITEM] }];
    rig.commit(half(dock, 'giver', MINUTE_MS, given), half(truck, 'receiver', 0, taken));
    expect(statesOf(page({ item: urn }).handovers)).toEqual(['agreed']);
    expect(page().handovers[0]?.item).toBe(ITEM);
  });

  test('of a device without a clock is dated by the batch that took it', () => {
    rig.commit(half(dock, 'giver', 0));
    rig.commit(half(truck, 'receiver', 0, { quality: 0 }));
    expect(statesOf(page().handovers)).toEqual(['agreed']);
  });

  test('replayed is a duplicate; signed again it is one hand-over still', () => {
    const given = half(dock, 'giver', 2 * MINUTE_MS);
    rig.commit(given, half(truck, 'receiver', MINUTE_MS));
    expect(rig.commit(given)).toEqual([{ kind: 'duplicate' }]);
    rig.commit(half(dock, 'giver', MINUTE_MS));
    expect(statesOf(page().handovers)).toEqual(['agreed']);
    rig.nowMs += 2 * HOUR_MS;
    expect(findings()).toEqual([]);
  });

  test('by a device that is not registered for it is refused with its pack', async () => {
    const thermometer = await rig.enrol('thermometer');
    const forged = half(thermometer, 'giver', 0);
    expect(rig.commit(forged)).toEqual([{ kind: 'refused', code: 'unknown_sensor' }]);
    expect(page().handovers).toEqual([]);
  });
});

describe('the index', () => {
  test('forgets what was erased, in the same COMMIT, and on the disk', async () => {
    const given = half(dock, 'giver', MINUTE_MS, { seal: 'SECRET-SEAL-4711' });
    rig.commit(given, half(truck, 'receiver', 0, { seal: 'SECRET-SEAL-4711' }));
    const files = ['', '-wal', '-shm'].map((suffix) => `${rig.folder.ledger}${suffix}`);
    const isOnDisk = () =>
      files.some((file) => existsSync(file) && readFileSync(file).includes('SECRET-SEAL-4711'));
    expect(isOnDisk()).toBe(true);
    const done = await rig.registrar.erase([given.id], 'law', 'asked');
    if (!done.ok) throw new Error(done.detail);
    const [left] = page().handovers;
    expect(left).toMatchObject({ state: 'open', giver: null });
    const { leafIndex } = left!.receiver!;
    const entry = rig.ledger.store.leaves.entry(leafIndex);
    expect(entry).not.toBeNull();
    rig.ledger.store.eraseContent(leafIndex);
    expect(page().handovers).toEqual([]);
  });

  test('is built again by reindex, row by row', () => {
    rig.commit(half(dock, 'giver', 3 * MINUTE_MS, { items: [ITEM, OTHER] }));
    rig.commit(half(truck, 'receiver', 2 * MINUTE_MS, { items: [ITEM, OTHER] }));
    rig.commit(half(truck, 'giver', 0, { quality: 0 }), rig.temperatures(truck, rig.nowMs, [4]));
    const { db } = rig.ledger.store;
    const rows = () => db.prepare('SELECT * FROM handover_half ORDER BY 3, 4').all();
    const before = rows();
    expect(before).toHaveLength(5);
    db.close();
    reindex(rig.root);
    const again = openDatabase(rig.folder.ledger);
    const after = again.prepare('SELECT * FROM handover_half ORDER BY 3, 4').all();
    expect(after).toEqual(before);
    // The rig closes what it has.
    Object.assign(rig, { ledger: new SoloLedger(again) });
  });

  test('answers by its indexes, without sorting', () => {
    const { db } = rig.ledger.store;
    const plan = (where: string) =>
      (
        db
          .prepare(
            `EXPLAIN QUERY PLAN SELECT item FROM handover_half WHERE ${where} time_ms >= 0
             AND time_ms < 9 AND (time_ms, leaf_index, part) > (1, 2, 3)
             ORDER BY time_ms, leaf_index, part LIMIT 9`,
          )
          .all() as { detail: string }[]
      ).map(({ detail }) => detail);
    expect(plan("item = 'x' AND")).toEqual([
      expect.stringMatching(/^SEARCH handover_half USING PRIMARY KEY \(item=\? AND /),
    ]);
    expect(plan('')).toEqual([
      expect.stringMatching(/^SEARCH handover_half USING (?:COVERING )?INDEX handover_half_when/),
    ]);
  });
});

describe('pages', () => {
  test('lead through every hand-over once, whatever their size', () => {
    for (let i = 0; i < 7; i += 1) {
      rig.nowMs += HOUR_MS;
      rig.commit(half(dock, 'giver', 2 * MINUTE_MS, { items: i % 2 ? [ITEM, OTHER] : [ITEM] }));
      rig.commit(half(truck, 'receiver', MINUTE_MS));
    }
    const whole = page().handovers;
    expect(whole).toHaveLength(10);
    for (const limit of [1, 2, 3, 9, 10]) {
      const read: HandoverView[] = [];
      let cursor: string | undefined;
      for (;;) {
        const part = page({ limit, ...(cursor === undefined ? {} : { cursor }) });
        read.push(...part.handovers);
        if (part.next === null) break;
        cursor = part.next;
      }
      expect(read, `limit ${limit}`).toEqual(whole);
    }
    const fromMs = whole[4]!.timeMs;
    const toMs = whole[7]!.timeMs;
    expect(page({ fromMs, toMs }).handovers).toEqual(
      whole.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs),
    );
  });

  test('a range that begins between two halves leaves the hand-over to the earlier one', () => {
    rig.commit(half(dock, 'giver', 2 * MINUTE_MS), half(truck, 'receiver', MINUTE_MS));
    const between = rig.nowMs - 90_000;
    expect(page({ fromMs: between }).handovers).toEqual([]);
    expect(statesOf(page({ toMs: between }).handovers)).toEqual(['agreed']);
  });

  test('a cursor that is none of ours is refused', () => {
    for (const cursor of ['x', 'MS4xLjI', '']) {
      const answer = desk().handovers({ limit: 1, cursor });
      expect(answer).toMatchObject({ ok: false, code: 'bad_cursor' });
      expect(handoversIn(indexOf(), { item: null, after: cursor, limit: 1 })).toBeNull();
    }
  });

  test('ten thousand halves of one thing cost a page what a page costs', () => {
    const { db } = rig.ledger.store;
    rig.commit(half(dock, 'giver', 0));
    const insert = db.prepare(
      'INSERT INTO handover_half SELECT item, ?, ?, part, ?, said FROM handover_half LIMIT 1',
    );
    db.transaction(() => {
      for (let i = 0; i < 10_000; i += 1) {
        insert.run(rig.nowMs + i, 1_000_000 + i, `urn:dev:ops:1-${i}`);
      }
    })();
    const { handovers, next } = handoversIn(indexOf(), { item: ITEM, after: null, limit: 50 })!;
    expect(handovers.length).toBeLessThanOrEqual(50);
    expect(next).not.toBeNull();
  });
});
