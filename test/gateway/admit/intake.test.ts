import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeFrame, parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LISTED_PER_MINUTE_MAX } from '../../../gateway/admit/refusal-quota.ts';
import { IntakeRig } from '../../support/intake-rig.ts';
import { rotateDevice } from '../../support/rotate-device.ts';
import type { SignedFrame, TestDevice } from '../../support/solo-ledger.ts';

let rig: IntakeRig;
beforeEach(() => {
  rig = new IntakeRig({ retentionDays: 0 });
});
afterEach(async () => {
  rig.freeDisk();
  await rig.end();
});

/** Frames of one reading; 99 °C is out of the sensor's range. */
function frames(device: TestDevice, count: number, value = 4, sub?: string): SignedFrame[] {
  return Array.from({ length: count }, () =>
    rig.temperatures(device, rig.nowMs - 1_000, [value], sub === undefined ? {} : { sub }),
  );
}

function kinds(outcomes: readonly { kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of outcomes) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

describe('order', () => {
  test('frames of one device stay in order, whichever thread is faster', async () => {
    const device = await rig.enrol('a');
    rig.open({ threads: 3 });
    const values = Array.from({ length: 400 }, (_, i) => i);
    // Long packs now and then: their chunk takes longer than the next one.
    const sent = values.map((i) =>
      rig.temperatures(device, rig.nowMs - 900_000, Array(i % 150 === 0 ? 60 : 1).fill(4)),
    );
    const outcomes = await rig.sendAll(sent, device.urn);
    expect(kinds(outcomes)).toEqual({ accepted: 400 });
    expect(rig.settled.map(({ id }) => toHex(id!))).toEqual(sent.map(({ id }) => toHex(id)));
    const stream = [...rig.ledger.state.streams.values()].find(({ maxSeq }) => maxSeq === 400);
    expect(stream).toMatchObject({ missing: 0 });
    const late = rig.ledger.store.db.prepare('SELECT count(*) FROM pack WHERE grade & 9').pluck();
    expect(late.get()).toBe(0);
    rig.expectSound();
  }, 60_000);
});

describe('limits of a batch', () => {
  test('1,024 statements', async () => {
    const device = await rig.enrol('a');
    rig.open({ lingerMs: 400 });
    expect(kinds(await rig.sendAll(frames(device, 1_030)))).toEqual({ accepted: 1_030 });
    const counts = rig.batches().map(({ count }) => count);
    expect(Math.max(...counts)).toBeLessThanOrEqual(1_024);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1_030);
  }, 60_000);

  test('512 KiB, and what does not fit goes into the next', async () => {
    const device = await rig.enrol('a');
    rig.open({ lingerMs: 400 });
    const long = 'urn:example:'.padEnd(2_048, '質');
    expect(kinds(await rig.sendAll(frames(device, 120, 4, long)))).toEqual({ accepted: 120 });
    const batches = rig.batches();
    expect(batches.length).toBeGreaterThan(1);
    for (const { bytes } of batches) expect(bytes).toBeLessThanOrEqual(512 * 1024);
  }, 60_000);

  test('256 refusals, each in one', async () => {
    const devices = [await rig.enrol('a'), await rig.enrol('b'), await rig.enrol('c')];
    rig.open({ lingerMs: 400 });
    const outcomes = await rig.sendAll(devices.flatMap((device) => frames(device, 100, 99)));
    expect(kinds(outcomes)).toEqual({ listed: 300 });
    const batches = rig.batches();
    expect(batches.map(({ refusals }) => refusals.length)).toEqual([256, 44]);
    for (const outcome of outcomes) {
      if (outcome.kind !== 'listed') throw new Error(outcome.kind);
      const batch = batches.find(({ leafIndex }) => leafIndex === outcome.batchLeaf);
      const listed = batch?.refusals.find(({ id }) => toHex(id) === toHex(outcome.id));
      expect(listed?.code).toBe(outcome.code);
    }
  }, 60_000);
});

describe('a full disk', () => {
  test('acknowledges nothing, tries again, loses nothing, counts nobody twice', async () => {
    const [a, b] = [await rig.enrol('a'), await rig.enrol('b')];
    const good = frames(a, 300);
    const bad = frames(b, 100, 99);
    rig.open({ lingerMs: 200 });
    const { size } = rig.ledger.state;
    rig.fillDisk();
    const answers = rig.sendAll([...good, ...bad, { frame: new Uint8Array(3) }]);
    await vi.waitFor(() => expect(rig.troubles.length).toBeGreaterThan(1), { timeout: 20_000 });
    expect(rig.settled).toEqual([]);
    expect(rig.garbage).toEqual([]);
    expect(rig.intake.trouble).toMatch(/full/);
    expect(rig.ledger.state.size).toBe(size);
    rig.expectSound();
    rig.freeDisk();
    expect(kinds(await answers)).toEqual({ accepted: 300, listed: 100, refused: 1 });
    expect(rig.intake.trouble).toBeNull();
    expect(rig.garbage).toEqual(['malformed']);
    // Failed attempts took nothing from the quota.
    const more = await rig.sendAll(frames(b, LISTED_PER_MINUTE_MAX - 100, 99));
    expect(kinds(more)).toEqual({ listed: LISTED_PER_MINUTE_MAX - 100 });
    rig.expectSound();
  }, 60_000);

  test('does not keep the gateway from ending', async () => {
    const device = await rig.enrol('a');
    rig.open();
    const { size } = rig.ledger.state;
    rig.fillDisk();
    void rig.sendAll(frames(device, 300));
    await vi.waitFor(() => expect(rig.troubles.length).toBeGreaterThan(0), { timeout: 20_000 });
    await rig.intake.close();
    expect(rig.settled).toEqual([]);
    expect(rig.ledger.state.size).toBe(size);
  }, 60_000);

  test('at every page at which the store may grow', async () => {
    const device = await rig.enrol('a');
    const seen = new Set<number>();
    for (let room = 0; room < 40; room += 1) {
      const sent = frames(device, 60);
      const before = rig.ledger.state.size;
      rig.fillDisk(room);
      try {
        rig.commit(...sent);
      } catch (error) {
        expect(error).toMatchObject({ code: 'SQLITE_FULL' });
        seen.add(room);
        expect(rig.ledger.state.size).toBe(before);
        rig.expectSound();
        rig.freeDisk();
        rig.commit(...sent);
      }
      rig.freeDisk();
      expect(rig.ledger.state.size).toBe(before + 61);
      if (!seen.has(room)) break;
    }
    expect(seen.size).toBeGreaterThan(3);
    rig.expectSound();
  }, 60_000);
});

describe('answers', () => {
  test('a duplicate gets the leaf of its first, before and after a restart', async () => {
    const device = await rig.enrol('a');
    const [first, second] = frames(device, 2) as [SignedFrame, SignedFrame];
    rig.open();
    const accepted = await rig.send(first.frame);
    if (accepted.kind !== 'accepted') throw new Error(accepted.kind);
    const { leafIndex } = accepted;
    expect(await rig.send(first.frame)).toMatchObject({ kind: 'duplicate', leafIndex });
    await rig.intake.close();
    rig.open();
    expect(await rig.send(first.frame)).toMatchObject({ kind: 'duplicate', leafIndex });
    expect(await rig.send(second.frame)).toMatchObject({ kind: 'accepted' });
  });

  test('what the log has is a duplicate, whatever became of key and sensors since', async () => {
    const device = await rig.enrol('a');
    const [sent] = frames(device, 1) as [SignedFrame];
    rig.open();
    const { leafIndex } = (await rig.send(sent.frame)) as { leafIndex: number };
    await rotateDevice(rig, device);
    expect(await rig.send(sent.frame)).toMatchObject({ kind: 'duplicate', leafIndex });
    const done = await rig.registrar.revoke(device.urn, null, 'test');
    expect(done.ok).toBe(true);
    expect(await rig.send(sent.frame)).toMatchObject({ kind: 'duplicate', leafIndex });
    // Registered anew with another sensor: old packs would be of an unknown one.
    const again = { ...rig.device('a'), signer: rig.device('a2').signer };
    const sensors = [{ ...rig.spec(again).sensors[0]!, name: 'door' }];
    const enrolment = await rig.registrar.createEnrolment(rig.spec(again, { sensors }));
    if (!enrolment.ok) throw new Error(enrolment.detail);
    const registered = await rig.registrar.register(rig.request(again, enrolment.value.token));
    expect(registered.ok).toBe(true);
    await rig.intake.close();
    rig.open();
    expect(await rig.send(sent.frame)).toMatchObject({ kind: 'duplicate', leafIndex });
  });

  test('a fork’s second statement gets its own leaf again, a third is listed', async () => {
    const device = await rig.enrol('a');
    const clone = { ...device };
    const other = { ...device };
    const [first] = frames(device, 1) as [SignedFrame];
    const [second] = frames(clone, 1, 5) as [SignedFrame];
    const [third] = frames(other, 1, 6) as [SignedFrame];
    rig.open();
    await rig.send(first.frame);
    const evidence = (await rig.send(second.frame)) as { leafIndex: number };
    expect(await rig.send(second.frame)).toMatchObject({
      kind: 'duplicate',
      leafIndex: evidence.leafIndex,
    });
    expect(await rig.send(third.frame)).toMatchObject({ kind: 'listed', code: 'fork' });
  });

  test('a refusal is listed once and then answered with the same batch', async () => {
    const device = await rig.enrol('a');
    const [sent] = frames(device, 1, 99) as [SignedFrame];
    rig.open({ lingerMs: 50 });
    const [one, two] = await rig.sendAll([sent, sent], device.urn);
    expect(one).toMatchObject({ kind: 'listed', code: 'range' });
    expect(two).toEqual(one);
    await rig.intake.close();
    rig.open();
    expect(await rig.send(sent.frame, device.urn)).toEqual(one);
    expect(rig.batches().flatMap(({ refusals }) => refusals)).toHaveLength(1);
  });

  test('another device’s frame is refused and never listed', async () => {
    const [a, b] = [await rig.enrol('a'), await rig.enrol('b')];
    const [sent] = frames(a, 1) as [SignedFrame];
    rig.open();
    expect(await rig.send(sent.frame, b.urn)).toMatchObject({
      kind: 'refused',
      code: 'iss_mismatch',
    });
    expect(rig.batches()).toEqual([]);
    expect(await rig.send(sent.frame, a.urn)).toMatchObject({ kind: 'accepted' });
  });

  test('other content beside a good statement is refused and never listed', async () => {
    const device = await rig.enrol('a');
    const [sent] = frames(device, 1) as [SignedFrame];
    const parts = parseFrame(sent.frame);
    if (!parts.ok) throw new Error(parts.code);
    const forged = encodeFrame({ statement: parts.value.statement, content: new Uint8Array(9) });
    rig.open();
    expect(await rig.send(forged)).toMatchObject({
      kind: 'refused',
      code: 'digest_mismatch',
      id: sent.id,
    });
    expect(await rig.send(sent.frame)).toMatchObject({ kind: 'accepted' });
  });

  test('a key is refused by the order of the log, even where it was checked before', async () => {
    const device = await rig.enrol('a');
    const [first, second] = frames(device, 2) as [SignedFrame, SignedFrame];
    rig.open({ lingerMs: 300 });
    const waiting = rig.send(first.frame);
    // Checked under the key while it was good, judged after the revocation has its leaf.
    await rig.registrar.revoke(device.urn, null, 'stolen');
    expect(await waiting).toMatchObject({ kind: 'listed', code: 'key_revoked' });
    expect(await rig.send(second.frame)).toMatchObject({ kind: 'listed', code: 'key_revoked' });
    rig.expectSound();
  });
});

test('a device that fills the lists is slowed down, others are not', async () => {
  const [a, b] = [await rig.enrol('a'), await rig.enrol('b')];
  rig.open({ lingerMs: 50 });
  const many = await rig.sendAll(frames(a, LISTED_PER_MINUTE_MAX + 30, 99));
  expect(kinds(many)).toEqual({ listed: LISTED_PER_MINUTE_MAX, refused: 30 });
  expect(many.at(-1)).toMatchObject({ code: 'rate_limited' });
  expect(kinds(await rig.sendAll(frames(b, 1, 99)))).toEqual({ listed: 1 });
  const [again] = frames(a, 1, 99) as [SignedFrame];
  expect(await rig.send(again.frame)).toMatchObject({ kind: 'refused', code: 'rate_limited' });
  rig.nowMs += 60_000;
  expect(await rig.send(again.frame)).toMatchObject({ kind: 'listed' });
});
