import { encodeBoot } from '@truegrain/device-sdk/formats/boot.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { droppedDigest, encodeGap } from '@truegrain/device-sdk/formats/gap.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Reading, ReadingsQuery } from '../../gateway/http/backend.ts';
import { readsOf } from '../../gateway/reads/reads.ts';
import { GOVERNANCE_OF_SQL, NOTICES_OF_SQL } from '../../gateway/store/device-leaves.ts';
import { BELOW_SQL, GAP_EDGES_SQL, scanSql } from '../../gateway/store/packs.ts';
import { rotateDevice } from '../support/rotate-device.ts';
import {
  MEMBER_ISS,
  SoloRig,
  SUBJECT,
  T0_MS,
  TEMPERATURE_SPEC,
  type TestDevice,
} from '../support/solo-ledger.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let rig: SoloRig;
beforeEach(() => {
  rig = new SoloRig();
});
afterEach(() => {
  rig.expectSound();
  rig.close();
});

async function page(query: Partial<ReadingsQuery> = {}) {
  const outcome = await readsOf(rig.context).readings({ limit: 100, ...query });
  if (!outcome.ok) throw new Error(outcome.code);
  return outcome.value;
}

async function all(query: Partial<ReadingsQuery> = {}): Promise<Reading[]> {
  const rows: Reading[] = [];
  let cursor: string | undefined;
  for (;;) {
    const { rows: more, next } = await page({ ...query, ...(cursor ? { cursor } : {}) });
    rows.push(...more);
    if (next === null) return rows;
    expect(next).not.toBe(cursor);
    cursor = next;
  }
}

const values = (rows: readonly Reading[]) => rows.map(({ value }) => value);

async function completenessOf(device: TestDevice) {
  const view = await readsOf(rig.context).completeness(device.urn);
  if (!view) throw new Error('no such device');
  return view;
}

describe('readings', () => {
  test('carry name, unit, time, place in the log and flags', async () => {
    const device = await rig.enrol('1');
    rig.nowMs += HOUR_MS;
    const frame = rig.temperatures(device, rig.nowMs - MINUTE_MS, [4.5, 5]);
    const [settled] = rig.commit(frame);
    const [row, second] = await all({ device: device.urn });
    expect(row).toEqual({
      timeMs: rig.nowMs - MINUTE_MS,
      device: device.urn,
      subject: SUBJECT,
      name: `${device.urn}:temp`,
      unit: 'Cel',
      value: 4.5,
      statementId: frame.id,
      leafIndex: settled!.kind === 'accepted' ? settled!.leafIndex : -1,
      seq: 1,
      flags: [],
    });
    expect(second!.timeMs).toBe(rig.nowMs - 50_000);
  });

  test('of one device come in time order over a rotation and late arrivals', async () => {
    const device = await rig.enrol('1');
    const other = await rig.enrol('2');
    rig.nowMs += HOUR_MS;
    const early = rig.temperatures(device, T0_MS + MINUTE_MS, [1]);
    const late = rig.temperatures(device, T0_MS + 2 * MINUTE_MS, [2]);
    const last = rig.temperatures(device, T0_MS + 3 * MINUTE_MS, [3]);
    rig.commit(early, last, rig.temperatures(other, T0_MS + MINUTE_MS, [50]));
    rig.commit(late);
    const rows = await all({ device: device.urn });
    expect(values(rows)).toEqual([1, 2, 3]);
    expect(rows.map(({ flags }) => flags)).toEqual([[], ['late'], ['gapBefore']]);
    expect(values(await all())).toEqual([1, 50, 2, 3]);
  });

  test('by subject, by device and subject, of nobody', async () => {
    const device = await rig.enrol('1');
    const other = await rig.enrol('2');
    rig.nowMs += HOUR_MS;
    const sub = 'urn:example:silo-2';
    rig.commit(
      rig.temperatures(device, T0_MS, [1]),
      rig.temperatures(device, T0_MS + MINUTE_MS, [2], { sub }),
      rig.temperatures(other, T0_MS, [3], { sub }),
    );
    expect(values(await all({ subject: sub }))).toEqual([3, 2]);
    expect(values(await all({ subject: sub, device: device.urn }))).toEqual([2]);
    expect(await all({ subject: 'urn:example:other' })).toEqual([]);
    expect(await all({ device: 'urn:dev:ops:32473-tg1-none' })).toEqual([]);
    expect(await all({ device: device.urn, subject: 'urn:example:other' })).toEqual([]);
  });

  test('a range is half open and finds packs that began before it', async () => {
    const device = await rig.enrol('1');
    const startMs = T0_MS + MINUTE_MS;
    rig.nowMs += 30 * HOUR_MS;
    const long = [0, 6, 12, 18].map((hours) => {
      return { name: 'temp', unit: 'Cel', value: hours, timeMs: startMs + hours * HOUR_MS };
    });
    rig.commit(rig.pack(device, long), rig.temperatures(device, startMs, [30, 31, 32]));
    const range = { fromMs: startMs + 6 * HOUR_MS, toMs: startMs + 18 * HOUR_MS };
    for (const by of [{}, { device: device.urn }, { subject: SUBJECT }]) {
      expect(values(await all({ ...range, ...by }))).toEqual([6, 12]);
      const short = { fromMs: startMs + 10_000, toMs: startMs + 20_000 };
      expect(values(await all({ ...short, ...by }))).toEqual([31]);
      expect(values(await all({ ...range, ...by, limit: 1 }))).toEqual([6, 12]);
    }
    expect(await all({ fromMs: startMs, toMs: startMs })).toEqual([]);
  });

  test('without a clock they are anchored at log time, relative times subtracted', async () => {
    const device = await rig.enrol('1');
    rig.nowMs += HOUR_MS;
    const records = [-2 * MINUTE_MS, 0].map((timeMs, i) => {
      return { name: 'temp', unit: 'Cel', value: i, timeMs };
    });
    rig.commit(rig.pack(device, records, { quality: 0 }));
    const rows = await all({ device: device.urn });
    expect(rows.map(({ timeMs }) => timeMs)).toEqual([rig.nowMs - 2 * MINUTE_MS, rig.nowMs]);
    expect(rows[0]!.flags).toEqual(['untrustedClock']);
    // The pack stands at log time, behind a range that its first record lies in.
    const range = { fromMs: rig.nowMs - 3 * MINUTE_MS, toMs: rig.nowMs - MINUTE_MS };
    expect(values(await all({ device: device.urn, ...range }))).toEqual([0]);
  });

  test('faults and flags are rows, heartbeats and notices are not', async () => {
    const device = await rig.enrol('1');
    rig.nowMs += HOUR_MS;
    const timeMs = rig.nowMs;
    rig.commit(
      rig.boot(device, encodeBoot(bootOf({ prevSeqDurable: 0, firstSeq: 1, gapReason: null }))),
      rig.pack(device, [
        { name: 'heartbeat', value: true, timeMs },
        { name: 'temp/fault', value: 'bus-timeout', timeMs },
        { name: 'temp', unit: 'Cel', value: 3, timeMs: timeMs + 1000 },
        { name: 'temp/flag', value: 'suspect:after-timeout', timeMs: timeMs + 1000 },
      ]),
    );
    const rows = await all();
    expect(values(rows)).toEqual(['bus-timeout', 3, 'suspect:after-timeout']);
    expect(rows[1]!.flags).toEqual(['suspectReading']);
  });

  test('pages of every size give the same rows, appends between them change nothing', async () => {
    const device = await rig.enrol('1');
    rig.nowMs += HOUR_MS;
    for (let i = 0; i < 7; i += 1) {
      rig.commit(rig.temperatures(device, T0_MS + i * MINUTE_MS, [i, i + 0.25, i + 0.5]));
    }
    const rows = await all({ device: device.urn });
    expect(rows.length).toBe(21);
    for (const limit of [1, 2, 3, 4, 20, 21, 22]) expect(await all({ limit })).toEqual(rows);
    const first = await page({ limit: 5 });
    rig.commit(
      rig.temperatures(device, T0_MS, [60]),
      rig.temperatures(device, T0_MS + 50 * MINUTE_MS, [70]),
    );
    const rest: Reading[] = [];
    for (let cursor = first.next; cursor !== null; ) {
      const following = await page({ limit: 5, cursor });
      rest.push(...following.rows);
      cursor = following.next;
    }
    expect(values([...first.rows, ...rest])).toEqual([...values(rows), 70]);
  });

  test('a page has its price: far rows are passed over on several pages', async () => {
    const device = await rig.enrol('1');
    const other = await rig.enrol('2');
    rig.nowMs += HOUR_MS;
    const sub = 'urn:example:silo-2';
    for (let n = 0; n < 5_000; n += 1_000) {
      const frames = Array.from({ length: 1_000 }, (_, i) =>
        rig.temperatures(device, T0_MS + n + i, [1]),
      );
      rig.commit(...frames);
    }
    rig.commit(
      rig.temperatures(device, T0_MS + 10 * MINUTE_MS, [7], { sub }),
      rig.temperatures(other, T0_MS + 11 * MINUTE_MS, [8], { sub }),
    );
    const first = await page({ device: device.urn, subject: sub });
    expect(first.rows).toEqual([]);
    expect(first.next).not.toBeNull();
    expect(values(await all({ device: device.urn, subject: sub }))).toEqual([7]);
    expect((await page({ limit: 1_000 })).rows.length).toBeLessThan(600);
    expect((await all({ limit: 1_000 })).length).toBe(5_002);
  }, 60_000);

  test('erased contents are gone', async () => {
    const device = await rig.enrol('1');
    const kept = rig.temperatures(device, rig.nowMs, [1]);
    const erased = rig.temperatures(device, rig.nowMs + 1000, [2]);
    rig.commit(kept, erased);
    rig.nowMs += 25 * HOUR_MS;
    const outcome = await rig.registrar.erase([erased.id], 'contract 7', 'asked for');
    expect(outcome.ok).toBe(true);
    expect(values(await all())).toEqual([1]);
  });

  test('a cursor that is not ours is refused', async () => {
    for (const cursor of ['x', '', 'MS4xLjEuMQ=', 'Mi4xLjEuMQ', 'MS4wMS4xLjE']) {
      const outcome = await readsOf(rig.context).readings({ limit: 1, cursor });
      expect(outcome).toMatchObject({ ok: false, code: 'bad_cursor' });
    }
  });
});

function bootOf(changes: { prevSeqDurable: number; firstSeq: number; gapReason: string | null }) {
  return {
    bootId: new Uint8Array(16),
    bootCount: 2,
    firmware: 'test 1',
    buildDateS: 1_760_000_000,
    tornBytes: 0,
    ...changes,
  };
}

describe('completeness', () => {
  test('of a whole stream, and silence beyond the registered interval', async () => {
    const device = await rig.enrol('1');
    rig.nowMs += 9 * MINUTE_MS;
    expect(await completenessOf(device)).toMatchObject({ streams: [], silent: null, summary: [] });
    const frames = [1, 2, 3].map((n) => rig.temperatures(device, rig.nowMs + n, [n]));
    rig.commit(...frames);
    const seenMs = rig.nowMs;
    const view = await completenessOf(device);
    expect(view.summary).toEqual([
      'complete from seq 1 to 3; nothing known after 2026-11-02T08:09:00.003Z',
    ]);
    expect(view.streams).toEqual([
      { kid: device.signer.kid, from: 1, to: 3, gaps: [], lastSeenMs: seenMs },
    ]);
    expect(view).toMatchObject({ nothingKnownAfterMs: seenMs + 3, silent: null });
    rig.nowMs += 10 * MINUTE_MS + 1;
    expect((await completenessOf(device)).silent).toEqual({ sinceMs: seenMs, intervalS: 600 });
  });

  test('a device that never reported is silent from its registration on', async () => {
    const device = await rig.enrol('1');
    rig.nowMs += 11 * MINUTE_MS;
    expect((await completenessOf(device)).silent).toEqual({ sinceMs: T0_MS, intervalS: 600 });
    await rig.registrar.revoke(device.urn, null, 'scrapped');
    expect((await completenessOf(device)).silent).toBeNull();
  });

  test('an old queue emptied now: known until its readings, not silent', async () => {
    const device = await rig.enrol('1');
    rig.nowMs += 5 * HOUR_MS;
    rig.commit(rig.temperatures(device, T0_MS, [1]));
    const view = await completenessOf(device);
    expect(view).toMatchObject({ nothingKnownAfterMs: T0_MS, silent: null });
    expect(view.streams[0]!.lastSeenMs).toBe(rig.nowMs);
  });

  test('unexplained numbers, filled by late ones, at the start and in between', async () => {
    const device = await rig.enrol('1');
    const frames = Array.from({ length: 10 }, (_, n) => rig.temperatures(device, T0_MS + n, [n]));
    const at = (...seqs: number[]) => seqs.map((seq) => frames[seq - 1]!);
    rig.commit(...at(3, 4, 8));
    rig.commit(...at(6));
    rig.commit(...at(10));
    const gap = { explained: false, reason: null };
    expect((await completenessOf(device)).streams[0]!.gaps).toEqual([
      { from: 1, to: 2, ...gap },
      { from: 5, to: 5, ...gap },
      { from: 7, to: 7, ...gap },
      { from: 9, to: 9, ...gap },
    ]);
    expect((await completenessOf(device)).summary[0]).toMatch(
      /^5 of seq 1 to 10 missing, 5 unexplained; complete from seq 10 to 10; nothing known after /,
    );
    rig.commit(...at(1, 2, 7, 5));
    expect((await completenessOf(device)).streams[0]!.gaps).toEqual([{ from: 9, to: 9, ...gap }]);
    rig.commit(...at(9));
    expect((await completenessOf(device)).summary[0]).toMatch(/^complete from seq 1 to 10; /);
  });

  test('a boot record explains the numbers it never used, and no others', async () => {
    const device = await rig.enrol('1');
    rig.commit(rig.temperatures(device, T0_MS, [1]));
    const lost = rig.temperatures(device, T0_MS, [2]);
    device.seq = 99;
    const boot = bootOf({ prevSeqDurable: 2, firstSeq: 100, gapReason: 'power lost' });
    rig.commit(rig.boot(device, encodeBoot(boot)));
    const explained = { from: 3, to: 99, explained: true, reason: 'boot: power lost' };
    const view = await completenessOf(device);
    expect(view.streams[0]!.gaps).toEqual([
      { from: 2, to: 2, explained: false, reason: null },
      explained,
    ]);
    expect(view.summary[0]).toMatch(/^98 of seq 1 to 100 missing, 1 unexplained; /);
    rig.commit(lost);
    expect((await completenessOf(device)).streams[0]!.gaps).toEqual([explained]);
  });

  test('a signed gap record explains what a full queue dropped, long after', async () => {
    const device = await rig.enrol('1');
    const frames = Array.from({ length: 6 }, (_, n) => rig.temperatures(device, T0_MS + n, [n]));
    const dropped = frames.slice(1, 4);
    const record = encodeGap({
      fromSeq: 2,
      toSeq: 4,
      count: 3,
      minTimeMs: T0_MS + 1,
      maxTimeMs: T0_MS + 3,
      reason: 'queue_full',
      dropped: droppedDigest(dropped.map(({ id }) => id)),
    });
    rig.commit(frames[0]!, frames[4]!, frames[5]!);
    const notice = rig.gap(device, record);
    expect((await completenessOf(device)).streams[0]!.gaps[0]!.explained).toBe(false);
    rig.commit(notice);
    expect((await completenessOf(device)).streams[0]!.gaps).toEqual([
      { from: 2, to: 4, explained: true, reason: 'gap record: queue_full' },
    ]);
  });

  test('listed refusals explain, followed back link by link', async () => {
    const device = await rig.enrol('1');
    const good = rig.temperatures(device, T0_MS, [1]);
    const bad = [rig.temperatures(device, T0_MS, [500]), rig.temperatures(device, T0_MS, [-273])];
    const after = rig.temperatures(device, T0_MS + 1, [2]);
    rig.commit(good, ...bad, after);
    const refused = { from: 2, to: 3, explained: true, reason: 'refused: range' };
    expect((await completenessOf(device)).streams[0]!.gaps).toEqual([refused]);
    expect((await completenessOf(device)).summary[0]).toMatch(/^2 of .* missing, 0 unexplained/);
  });

  test('of a rotated key stands beside the new one; of nobody is null', async () => {
    const device = await rig.enrol('1');
    const { signer, urn } = device;
    rig.commit(rig.temperatures(device, T0_MS, [1]));
    await rotateDevice(rig, device);
    rig.commit(rig.temperatures(device, T0_MS + 1, [2]));
    const { summary, streams } = await completenessOf(device);
    expect(summary[0]).toMatch(new RegExp(`^key ${toHex(signer.kid).slice(0, 8)}: complete`));
    expect(streams.map(({ kid }) => kid)).toEqual([signer.kid, device.signer.kid]);
    expect(values(await all({ device: urn }))).toEqual([1, 2]);
    expect(await readsOf(rig.context).completeness('urn:dev:ops:32473-tg1-9')).toBeNull();
  });
});

describe('devices', () => {
  test('show registration, keys, streams and status, in the order of registration', async () => {
    const second = await rig.enrol('2');
    const calibration = { certificate: 'C-1', digest: new Uint8Array(32).fill(7), dueMs: T0_MS };
    const sensors = [{ ...TEMPERATURE_SPEC, calibration }];
    const first = await rig.enrol('1', { subjects: [SUBJECT], keyLevel: 'tpm2', sensors });
    rig.commit(rig.temperatures(second, T0_MS, [1]));
    await rig.registrar.revoke(first.urn, null, 'stolen');
    const { devices, device } = readsOf(rig.context);
    const views = await devices();
    expect(views.map(({ urn }) => urn)).toEqual([second.urn, first.urn]);
    expect(views[1]).toMatchObject({
      owner: MEMBER_ISS,
      status: 'revoked',
      keys: [{ kid: first.signer.kid, status: 'revoked', fromLeaf: 2, untilLeaf: 5 }],
      subjects: [SUBJECT],
      sensors,
      binding: 'label',
      keyLevel: 'tpm2',
      reportingIntervalS: 600,
      streams: [],
      registrationLeaf: 2,
    });
    expect(views[0]!.streams[0]).toMatchObject({ from: 1, to: 1, gaps: [] });
    expect(await device(first.urn)).toEqual(views[1]);
    expect(await device('urn:dev:ops:32473-tg1-9')).toBeNull();
  });
});

describe('queries', () => {
  const scans = (['key', 'subject', 'all'] as const).flatMap((scope) =>
    [false, true].map((wide) => [`${scope}${wide ? ' wide' : ''}`, scanSql(scope, wide)] as const),
  );
  const index: Record<string, string> = {
    key: 'pack_time',
    subject: 'pack_subject',
    all: 'pack_when',
  };

  function planOf(sql: string): string {
    const named = { no: 1, afterMs: 1, afterLeaf: 1, beforeMs: 2, limit: 1 };
    const parameters = sql.includes('@') ? [named] : Array(sql.split('?').length - 1).fill(1);
    const rows = rig.ledger.store.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
    return (rows as { detail: string }[]).map(({ detail }) => detail).join(' | ');
  }

  test.each(scans)('packs by time: %s', (name, sql) => {
    const [scope = '', wide] = name.split(' ');
    const plan = planOf(sql);
    expect(plan).toContain(`USING INDEX ${index[scope]}${wide ? '_wide' : ''} (`);
    expect(plan).not.toMatch(/SCAN|TEMP B-TREE/);
  });

  test.each([
    ['gap edges', GAP_EDGES_SQL, 'COVERING INDEX pack_gap|INDEX pack_gap'],
    ['what is below a number', BELOW_SQL, 'INDEX pack_seq'],
    ['governance of a device', GOVERNANCE_OF_SQL, 'PRIMARY KEY'],
    ['notices of a key', NOTICES_OF_SQL, 'PRIMARY KEY'],
  ])('%s', (_name, sql, wanted) => {
    const plan = planOf(sql);
    expect(plan).toMatch(new RegExp(wanted));
    expect(plan).not.toMatch(/SCAN|TEMP B-TREE/);
  });
});
