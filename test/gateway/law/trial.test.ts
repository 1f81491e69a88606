import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { droppedDigest, encodeGap } from '@truegrain/device-sdk/formats/gap.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runTrialInThread } from '../../../gateway/law/trial.ts';
import type { TrialProgress, TrialResult } from '../../../gateway/law/trial-result.ts';
import { runTrial } from '../../../gateway/law/trial-run.ts';
import {
  type SignedFrame,
  SoloRig,
  SUBJECT,
  T0_MS,
  type TestDevice,
} from '../../support/solo-ledger.ts';
import { cel, range, rule, windowCheck } from './law-samples.ts';

const MINUTE_MS = 60_000;
const COLD = rule(range(2, 8));
const GAP = encodeGap({
  fromSeq: 9,
  toSeq: 12,
  count: 4,
  minTimeMs: null,
  maxTimeMs: null,
  reason: 'queue full',
  dropped: droppedDigest([]),
});

let rig: SoloRig;
let a: TestDevice;
let b: TestDevice;
beforeEach(async () => {
  rig = new SoloRig();
  a = await rig.enrol('a');
  b = await rig.enrol('b');
});
afterEach(() => rig.close());

/** A batch; the leaf of its first statement. */
function commit(...frames: SignedFrame[]): number {
  const firstLeaf = rig.ledger.state.size;
  for (const settled of rig.commit(...frames)) expect(settled.kind).toBe('accepted');
  return firstLeaf;
}

function readings(minute: number, values: readonly number[], of = a): SignedFrame {
  rig.nowMs = Math.max(rig.nowMs, T0_MS + (minute + 1) * MINUTE_MS);
  return rig.temperatures(of, T0_MS + minute * MINUTE_MS, values);
}

function wishOf(rules: readonly Rule[], changes: { devices?: string[]; last?: number } = {}) {
  const { devices = null, last = 1_000 } = changes;
  return { file: rig.folder.ledger, rules, devices, statementsMax: last };
}

/** All devices in one thread. */
const WHOLE = { part: 0, parts: 1 };

function tried(rules: readonly Rule[], changes = {}): TrialResult {
  const result = runTrial({ ...wishOf(rules, changes), ...WHOLE }, () => {});
  if (!result.ok) throw new Error(result.detail);
  return result.value;
}

describe('a dry run', () => {
  test('shows what would have been broken, by device, and the first ones', () => {
    const bad = readings(1, [7, 9.5]);
    const leaf = commit(readings(0, [4]), bad, readings(1, [4], b));
    const { microsecondsPerFrame, ...result } = tried([COLD]);
    expect(microsecondsPerFrame).toBeGreaterThan(0);
    expect(result).toEqual({
      statements: 3,
      judged: 3,
      skipped: 0,
      broken: 1,
      errors: 0,
      perDevice: [
        { device: a.urn, judged: 2, broken: 1 },
        { device: b.urn, judged: 1, broken: 0 },
      ],
      examples: [
        {
          statementId: toHex(bad.id),
          leafIndex: leaf + 1,
          device: a.urn,
          subject: SUBJECT,
          firstMs: T0_MS + MINUTE_MS,
          lastMs: T0_MS + MINUTE_MS + 10_000,
          rules: ['cold@1'],
          values: ['temp 7 to 9.5 Cel'],
        },
      ],
      firstError: null,
    });
  });

  test('gives 20 examples and counts the others', () => {
    commit(...Array.from({ length: 25 }, (_, i) => readings(i, [9])));
    expect(tried([COLD])).toMatchObject({ broken: 25, examples: { length: 20 } });
  });

  test('skips and counts what is not held or was erased', () => {
    const leaf = commit(readings(0, [9]), readings(1, [9]), readings(0, [9], b));
    rig.ledger.store.leaves.eraseContent(leaf);
    expect(tried([COLD])).toMatchObject({ statements: 3, judged: 2, skipped: 1, broken: 2 });
    const ofB = { devices: [b.urn] };
    expect(tried([COLD], ofB)).toMatchObject({ statements: 3, judged: 1, skipped: 0, broken: 1 });
  });

  test('says nothing of gap records', () => {
    commit(readings(0, [9]), rig.gap(a, GAP));
    expect(tried([COLD])).toMatchObject({ statements: 2, judged: 1, skipped: 0 });
  });

  test('over the newest statements has the windows of those before', () => {
    commit(readings(0, [20]), readings(1, [20]));
    commit(readings(2, [4]));
    const mean = rule(windowCheck({ aggregate: 'mean', max: 8 }));
    expect(tried([mean], { last: 1 })).toMatchObject({ statements: 1, judged: 1, broken: 1 });
    expect(tried([mean])).toMatchObject({ statements: 3, broken: 3 });
  });

  test('keeps what it would have refused out of the windows', () => {
    commit(readings(0, [20]), readings(1, [4]));
    const mean = rule(windowCheck({ aggregate: 'mean', max: 8 }), { id: 'mean' });
    expect(tried([mean])).toMatchObject({ broken: 2 });
    expect(tried([{ ...COLD, effect: 'refuse' }, mean])).toMatchObject({ broken: 1 });
  });

  test('anchors a device without a clock at the log time of the batch', () => {
    commit(readings(0, [4]));
    rig.nowMs = T0_MS + 30 * MINUTE_MS;
    const records = [{ name: 'temp', unit: 'Cel', value: 4, timeMs: 0 }];
    commit(rig.pack(a, records, { quality: 0 }));
    const recent = rule(cel('statement.quality > 0 || window.temp.count == 1', 60));
    expect(tried([recent])).toMatchObject({ judged: 2, broken: 0, errors: 0 });
    const hour = rule(cel('statement.quality > 0 || window.temp.count == 2', 3_600));
    expect(tried([hour])).toMatchObject({ judged: 2, broken: 0, errors: 0 });
  });

  test('sees lateness and gaps as the batch has them', () => {
    const [one, two, three] = [readings(0, [4]), readings(1, [4]), readings(2, [4])];
    commit(one, three);
    commit(two);
    const late = rule(cel('!statement.late'));
    const gap = rule(cel('!statement.gap'));
    expect(tried([late]).examples.map(({ statementId }) => statementId)).toEqual([toHex(two.id)]);
    expect(tried([gap]).examples.map(({ statementId }) => statementId)).toEqual([toHex(three.id)]);
  });

  test('tells what a rule can’t judge, once in words', () => {
    commit(readings(0, [4]), readings(1, [4]));
    const fails = rule(cel('readings[7].value < 8.0'));
    const result = tried([fails]);
    expect(result).toMatchObject({ broken: 0, errors: 2 });
    expect(result.firstError).toMatch(/^cold@1: /);
  });

  test('of a rule that is none is refused with its reason', () => {
    const result = runTrial({ ...wishOf([rule(cel('now() > 1'))]), ...WHOLE }, () => {});
    expect(result).toMatchObject({ ok: false, code: 'rule_clock' });
  });

  test('of an empty ledger is empty', () => {
    expect(tried([COLD])).toMatchObject({ statements: 0, judged: 0, microsecondsPerFrame: 0 });
  });
});

describe('in a thread of its own', () => {
  test('says how far it is, and finds what the same run finds here', async () => {
    commit(readings(0, [4]), readings(1, [9]), readings(1, [10], b), readings(2, [11]));
    const seen: TrialProgress[] = [];
    const result = await runTrialInThread(wishOf([COLD]), {
      onProgress: (progress) => seen.push(progress),
    });
    const expected = { ...tried([COLD]), microsecondsPerFrame: expect.any(Number) };
    expect(result).toEqual({ ok: true, value: expected });
    // Devices are shared out among threads; all of it is done when the last of them is.
    const done = seen.map((progress) => progress.done);
    expect([...done].sort((x, y) => x - y)).toEqual(done);
    expect([seen[0], seen.at(-1)]).toEqual([
      { done: 0, total: 4 },
      { done: 4, total: 4 },
    ]);
  });

  test('it is cancelled, before it starts and while it runs', async () => {
    commit(readings(0, [4]));
    const signal = AbortSignal.abort();
    expect(await runTrialInThread(wishOf([COLD]), { signal })).toMatchObject({
      ok: false,
      code: 'trial_cancelled',
    });
    const running = new AbortController();
    const result = await runTrialInThread(wishOf([COLD]), {
      signal: running.signal,
      onProgress: () => running.abort(),
    });
    expect(result).toMatchObject({ ok: false, code: 'trial_cancelled' });
    // Nothing holds the store: it can be written to.
    commit(readings(1, [4]));
  });

  test('a store that is not there rejects', async () => {
    const wish = { ...wishOf([COLD]), file: `${rig.root}/none.db` };
    await expect(runTrialInThread(wish)).rejects.toThrow();
  });
});
