import { parseBatch } from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  DAY_MS,
  examinationSize,
  isBoundary,
  logTimeAt,
} from '../../../gateway/examination/log-time.ts';
import { seenAt } from '../../../gateway/examination/seen.ts';
import { MTH } from '../../support/reference-merkle.ts';
import { calibrate } from '../../support/solo-calibration.ts';
import { SoloRig, T0_MS, TEMPERATURE_SPEC } from '../../support/solo-ledger.ts';

let rig: SoloRig;
beforeEach(() => {
  rig = new SoloRig();
});
afterEach(() => rig.close());

const size = () => rig.ledger.state.size;
const seen = (at = size()) => seenAt(rig.context, at);

function calibrated(dueMs: number) {
  const calibration = { certificate: 'C-1', digest: new Uint8Array(32), dueMs };
  return { sensors: [{ ...TEMPERATURE_SPEC, calibration }] };
}

/** A life with all there is to count, a day a step; gives the sizes at its steps. */
async function live(): Promise<number[]> {
  const sizes = [size()];
  const step = () => {
    sizes.push(size());
    rig.nowMs += DAY_MS;
  };
  const truck = await rig.enrol('truck', calibrated(T0_MS + 2.5 * DAY_MS));
  step();
  const late = rig.temperatures(truck, rig.nowMs - 60_000, [4]);
  rig.commit(rig.temperatures(truck, rig.nowMs - 30_000, [5]));
  step();
  await rig.enrol('store', calibrated(T0_MS + 99 * DAY_MS));
  step();
  rig.commit(late, rig.temperatures(truck, rig.nowMs - 30_000, [5, 6]));
  step();
  return sizes;
}

describe('what is seen', () => {
  test('is counted, up to a size', async () => {
    const [founded, enrolled, one, two, all] = await live();
    expect(await seen(founded)).toMatchObject({ devices: 0, statements: 0, missing: 0 });
    expect(await seen(enrolled)).toMatchObject({ devices: 1, statements: 0, missing: 0 });
    // Number 1 is still on its way.
    expect(await seen(one)).toMatchObject({ devices: 1, statements: 1, missing: 1 });
    expect(await seen(two)).toMatchObject({ devices: 2, statements: 1, overdueCalibrations: 0 });
    expect(await seen(all)).toMatchObject({ statements: 3, missing: 0, overdueCalibrations: 1 });
  });

  test('has the root of those leaves', async () => {
    for (const at of await live()) {
      const entries = rig.ledger.store.leaves.entries(0, at);
      expect(toHex((await seen(at))!.root)).toBe(toHex(MTH(entries)));
    }
  });

  test('does not change by anything that comes later', async () => {
    const sizes = await live();
    const allSeen = () => Promise.all(sizes.map((at) => seen(at)));
    const before = await allSeen();
    rig.nowMs += 100 * DAY_MS;
    const third = await rig.enrol('third');
    rig.commit(rig.temperatures(third, rig.nowMs - 30_000, [5]));
    const truck = 'urn:dev:ops:32473-tg1-truck';
    const revoked = await rig.registrar.revoke(truck, null, 'lost');
    expect(revoked.ok).toBe(true);
    expect(await allSeen()).toEqual(before);
    // The truck's certificate is of no interest any more; the store's has run out.
    expect(await seen()).toMatchObject({ devices: 3, overdueCalibrations: 1 });
  });

  test('is of those leaves, whatever comes while they are counted', async () => {
    await live();
    const alone = await seen();
    const counting = seen();
    const truck = await rig.enrol('meanwhile');
    rig.commit(rig.temperatures(truck, rig.nowMs - 30_000, [4]));
    expect(await counting).toEqual(alone);
  });

  test('a certificate counts for the instrument that was registered when it came', async () => {
    const [spec] = calibrated(T0_MS + DAY_MS).sensors;
    const truck = await rig.enrol('truck', { sensors: [{ ...spec!, serial: 'SN-1' }] });
    rig.nowMs += 2 * DAY_MS;
    const commit = () => rig.commit(rig.temperatures(truck, rig.nowMs - 30_000, [4]));
    commit();
    expect(await seen()).toMatchObject({ overdueCalibrations: 1 });
    await calibrate(rig, truck.urn);
    commit();
    expect(await seen()).toMatchObject({ overdueCalibrations: 0 });
    // Another instrument: its own word holds, not the certificate of the one before.
    expect((await rig.registrar.revoke(truck.urn, null, 'a new instrument')).ok).toBe(true);
    const anew = await rig.enrol('truck', { sensors: [{ ...spec!, serial: 'SN-2' }] }, -7);
    rig.commit(rig.temperatures(anew, rig.nowMs - 30_000, [4]));
    expect(await seen()).toMatchObject({ overdueCalibrations: 1 });
  });

  test('of a fork counts both statements, and one number', async () => {
    const truck = await rig.enrol('truck');
    rig.commit(rig.temperatures(truck, rig.nowMs - 60_000, [4]));
    const twin = { ...truck, seq: truck.seq - 1, prev: null };
    const [settled] = rig.commit(rig.temperatures(twin, rig.nowMs - 30_000, [9]));
    expect(settled?.kind).toBe('accepted');
    expect(await seen()).toMatchObject({ statements: 2, missing: 0 });
  });

  test('refusals and broken rules are those that batches list', async () => {
    const truck = await rig.enrol('truck');
    const first = rig.temperatures(truck, rig.nowMs - 60_000, [4]);
    rig.commit(first);
    const before = size();
    // Out of the sensor's range.
    const [settled] = rig.commit(rig.temperatures(truck, rig.nowMs - 30_000, [900]));
    expect(settled?.kind).toBe('refused');
    expect(await seen()).toMatchObject({ refusals: 1, broken: 0 });
    expect(await seen(before)).toMatchObject({ refusals: 0 });
    const { db } = rig.ledger.store;
    db.prepare('INSERT INTO ruling VALUES (?, ?, ?, ?)').run(first.id, 'cold', 1, before - 1);
    db.prepare('INSERT INTO ruling VALUES (?, ?, ?, ?)').run(first.id, 'warm', 1, before);
    expect(await seen(before)).toMatchObject({ broken: 1 });
  });

  test('is nothing for a size inside a batch, beyond the log, or before it', async () => {
    const truck = await rig.enrol('truck');
    const before = size();
    rig.commit(
      rig.temperatures(truck, rig.nowMs - 60_000, [4]),
      rig.temperatures(truck, rig.nowMs - 30_000, [4]),
    );
    const inBatch = [before + 1, before + 2].map((at) => isBoundary(rig.context, at));
    expect(inBatch).toEqual([false, false]);
    for (const at of [0, before + 1, before + 2, size() + 1]) expect(await seen(at)).toBeNull();
    expect(await seen()).not.toBeNull();
  });
});

describe('the size that all examine', () => {
  test('is none while the ledger is younger than its first period', () => {
    expect(examinationSize(rig.context, 1)).toBeNull();
  });

  test('ends with the last leaf before the period in which the newest leaf is', async () => {
    const sizes = await live();
    // Oracle: one leaf after another.
    for (const days of [1, 2, 3, 5]) {
      const periodMs = days * DAY_MS;
      const startMs = Math.floor(logTimeAt(rig.context, size() - 1) / periodMs) * periodMs;
      const times = Array.from({ length: size() }, (_, leaf) => slowLogTime(leaf));
      const expected = times.filter((timeMs) => timeMs < startMs).length;
      expect(examinationSize(rig.context, days), `${days} days`).toBe(expected || null);
    }
    expect(examinationSize(rig.context, 1)).toBe(sizes[3]);
  });

  test('stays until a leaf of the next period is in the log', async () => {
    await live();
    const before = examinationSize(rig.context, 1);
    const truck = rig.device('third');
    expect(before).not.toBeNull();
    // The clock alone moves nothing.
    rig.nowMs += 10 * DAY_MS;
    expect(examinationSize(rig.context, 1)).toBe(before);
    const leaves = size();
    await rig.enrol(truck.urn.slice(-5));
    expect(examinationSize(rig.context, 1)).toBe(leaves);
  });

  /** By the next batch or governance statement at or after the leaf. */
  function slowLogTime(leafIndex: number): number {
    const { store } = rig.ledger;
    for (let leaf = leafIndex; leaf < size(); leaf += 1) {
      const statement = parseStatement(store.leaves.entry(leaf)!);
      if (!statement.ok || statement.value.payload.kind === 'hash') continue;
      const batch = parseBatch(statement.value.payloadBytes);
      const [governance] = store.fold.governanceFrom(leaf, 1);
      return batch.ok ? batch.value.logTimeMs : governance!.logTimeMs;
    }
    throw new Error(`leaf ${leafIndex}`);
  }
});
