import { MEDIA_RULE_FINDING } from '@truegrain/device-sdk/formats/media-types.js';
import { encodeRuleFinding } from '@truegrain/device-sdk/formats/rule-finding.js';
import { parseStatement, signStatement } from '@truegrain/device-sdk/formats/statement.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONTENT_WAIT_MS, RuleWatch, type WatchFinding } from '../../../gateway/law/rule-watch.ts';
import type { LedgerStore } from '../../../gateway/ledger/ledger-store.ts';
import { calibrate } from '../../support/solo-calibration.ts';
import {
  MEMBER_ISS,
  type SignedFrame,
  SoloRig,
  T0_MS,
  TEMPERATURE_SPEC,
  type TestDevice,
} from '../../support/solo-ledger.ts';
import { cel, range, rule, windowCheck } from './law-samples.ts';
import { attest, enact } from './watch-rig.ts';

const OTHER = 'https://other.example';
const MINUTE_MS = 60_000;

let rig: SoloRig;
let device: TestDevice;
let findings: WatchFinding[];
beforeEach(async () => {
  rig = new SoloRig();
  device = await rig.enrol('a');
  findings = [];
});
afterEach(() => {
  rig.expectSound();
  rig.close();
});

function watchAs(
  iss: string,
  options: { leavesMax?: number; monotonicMs?: () => number; store?: LedgerStore } = {},
) {
  const { ledger } = rig;
  return new RuleWatch({
    store: ledger.store,
    state: () => ledger.state,
    iss,
    onFinding: (finding) => findings.push(finding),
    ...options,
  });
}

function readings(minute: number, values: readonly number[], of = device): SignedFrame {
  rig.nowMs = Math.max(rig.nowMs, T0_MS + minute * MINUTE_MS + 60_000);
  return rig.temperatures(of, T0_MS + minute * MINUTE_MS, values);
}

function take(leafIndex: number): Uint8Array {
  const { leaves } = rig.ledger.store;
  const content = leaves.content(leafIndex);
  if (content === null) throw new Error(`no content at ${leafIndex}`);
  leaves.eraseContent(leafIndex);
  return content;
}

/** The same store, but this batch is another organisation's. */
function asOf(iss: string, batchLeaf: number): LedgerStore {
  const { db, leaves, packs, fold } = rig.ledger.store;
  const parsed = parseStatement(leaves.entry(batchLeaf) ?? new Uint8Array());
  if (!parsed.ok) throw new Error(parsed.code);
  const { sub, iat, payload, seq, prev, ledgerId } = parsed.value;
  const fields = { iss, sub, iat, payload, seq, prev, ledgerId, device: null };
  const { bytes } = signStatement(fields, rig.signers.gateway);
  const entry = (leaf: number) => (leaf === batchLeaf ? bytes : leaves.entry(leaf));
  const content = (leaf: number) => leaves.content(leaf);
  return { db, packs, fold, leaves: { entry, content } } as unknown as LedgerStore;
}

const words = () =>
  findings.map(({ leafIndex, rule: id, attested, found }) =>
    [leafIndex, id, attested, found].join(' '),
  );

describe('an attested verdict', () => {
  test('that is right is no finding', async () => {
    await enact(rig, rule(range(2, 8)));
    const [good, bad] = [readings(0, [4]), readings(1, [9])];
    attest(rig, [good, bad], [{ frame: bad, rule: 'cold' }]);
    expect(watchAs(OTHER).step(1_000)).toBe(false);
    expect(words()).toEqual([]);
  });

  test('that is wrong is told, either way, once', async () => {
    await enact(rig, rule(range(2, 8)));
    const [good, bad] = [readings(0, [4, 5]), readings(1, [9])];
    const leaf = attest(rig, [good, bad], [{ frame: good, rule: 'cold' }]);
    const watch = watchAs(OTHER);
    watch.step(1_000);
    expect(findings).toEqual([
      {
        leafIndex: leaf,
        statementId: good.id,
        rule: 'cold',
        version: 1,
        attested: 'broken',
        found: 'kept',
        text: 'cold@1: attested broken, recomputed kept; temp 4 to 5 Cel.',
      },
      expect.objectContaining({ leafIndex: leaf + 1, attested: 'kept', found: 'broken' }),
    ]);
    watch.step(1_000);
    attest(rig, [readings(2, [4])]);
    watch.step(1_000);
    expect(findings).toHaveLength(2);
  });

  test('of this member’s own gateway is not examined', async () => {
    await enact(rig, rule(range(2, 8)));
    attest(rig, [readings(0, [9])]);
    watchAs(MEMBER_ISS).step(1_000);
    expect(words()).toEqual([]);
  });

  test('from before the rule was in force is not examined', async () => {
    attest(rig, [readings(0, [9])]);
    await enact(rig, rule(range(2, 8)));
    watchAs(OTHER).step(1_000);
    expect(words()).toEqual([]);
  });

  test('let in by a rule that refuses is found, and counts in windows after it', async () => {
    await enact(rig, rule(range(2, 8), { effect: 'refuse' }));
    await enact(rig, rule(windowCheck({ aggregate: 'max', max: 20 }), { id: 'peak' }));
    const [hot, next] = [readings(0, [30]), readings(1, [4])];
    const leaf = attest(rig, [hot, next], [{ frame: hot, rule: 'peak' }]);
    watchAs(OTHER).step(1_000);
    expect(words()).toEqual([`${leaf} cold kept broken`, `${leaf + 1} peak kept broken`]);
  });

  test('where the rule fails here: broken is found, kept is not', async () => {
    // Its examples have one reading: the second division fails only for packs of two.
    const fails = 'readings.all(r, r.value < 50.0) && 1 / (2 - statement.count) >= 0';
    await enact(rig, rule(cel(fails)));
    const [kept, broken] = [readings(0, [4, 4]), readings(1, [4, 4])];
    const leaf = attest(rig, [kept, broken], [{ frame: broken, rule: 'cold' }]);
    watchAs(OTHER).step(1_000);
    expect(words()).toEqual([`${leaf + 1} cold broken error`]);
    expect(findings[0]?.text).toMatch('divide by zero');
  });

  test('on a calibration is not examined where another certificate came since', async () => {
    const b = await rig.enrol('b', { sensors: [{ ...TEMPERATURE_SPEC, serial: 'SN-1' }] });
    const sensors = 'registration.sensors';
    const verified = `${sensors}.exists(s, ${sensors}[s].verified) || readings[0].value < 50.0`;
    await enact(rig, rule(cel(verified)));
    await enact(rig, rule(range(null, 70), { id: 'any' }));
    const [before, hot] = [readings(0, [60], b), readings(1, [80], b)];
    const first = attest(rig, [before, hot], [{ frame: before, rule: 'cold' }]);
    await calibrate(rig, b.urn);
    const [right, wrong] = [readings(2, [60], b), readings(3, [60], b)];
    const second = attest(rig, [right, wrong], [{ frame: wrong, rule: 'cold' }]);
    watchAs(OTHER).step(1_000);
    // Of the first batch both verdicts on the certificate would be taken for wrong now.
    expect(words()).toEqual([`${first + 1} any kept broken`, `${second + 1} cold broken kept`]);
  });

  test('over the subject’s earlier statements: those of its batch are among them', async () => {
    const b = await rig.enrol('b');
    await enact(rig, rule(cel('events.size() < 2 && readings[0].value < 50.0')));
    const frames = [readings(0, [4]), readings(0, [4], b), readings(1, [4])];
    const leaf = attest(rig, frames);
    watchAs(OTHER).step(1_000);
    expect(words()).toEqual([`${leaf + 2} cold kept broken`]);
  });
});

describe('windows', () => {
  const mean = rule(windowCheck({ aggregate: 'mean', max: 8 }));

  test('reach back over batches, and before the first one examined', async () => {
    await enact(rig, mean);
    attest(rig, [readings(0, [20])]);
    const leaf = attest(rig, [readings(1, [4])]);
    watchAs(OTHER, { leavesMax: 2 }).step(1_000);
    expect(words()).toEqual([`${leaf} cold kept broken`]);
  });

  test('lack what came between the judgement of a batch and the batch', async () => {
    await enact(rig, mean);
    attest(rig, [readings(0, [4])]);
    const judgedAt = rig.ledger.state.size;
    const between = readings(1, [20]);
    attest(rig, [between], [{ frame: between, rule: 'cold' }]);
    // With the 20 their means are 9.3 and 8.0; the gateway that knew nothing of it saw 4.
    attest(rig, [readings(2, [4]), readings(3, [4])], [], judgedAt);
    // And again with it, 8.5; without it would be 6.2.
    attest(rig, [readings(4, [4])]);
    const last = readings(5, [15]);
    attest(rig, [last], [{ frame: last, rule: 'cold' }]);
    watchAs(OTHER).step(1_000);
    expect(words()).toEqual([]);
  });

  test('with a pack that is not here are not held against anybody, until it comes', async () => {
    await enact(rig, mean);
    const first = attest(rig, [readings(0, [20])], []);
    const second = attest(rig, [readings(1, [4])]);
    const content = take(first);
    rig.nowMs += CONTENT_WAIT_MS;
    const third = attest(rig, [readings(90, [4])]);
    const watch = watchAs(OTHER);
    watch.step(1_000);
    expect(words()).toEqual([]);
    rig.ledger.store.leaves.keepContent(first, content);
    watch.step(1_000);
    expect(words()).toEqual([`${first} cold kept broken`, `${second} cold kept broken`]);
    watch.step(1_000);
    expect(findings.some(({ leafIndex }) => leafIndex === third)).toBe(false);
    expect(findings).toHaveLength(2);
  });
});

describe('a content that is not here yet', () => {
  test('is waited for, and the device’s later ones with it', async () => {
    await enact(rig, rule(range(2, 8)));
    const first = attest(rig, [readings(0, [9]), readings(1, [9])]);
    const content = take(first);
    const watch = watchAs(OTHER);
    expect(watch.step(1_000)).toBe(false);
    expect(words()).toEqual([]);
    rig.ledger.store.leaves.keepContent(first, content);
    watch.step(1_000);
    expect(words()).toEqual([`${first} cold kept broken`, `${first + 1} cold kept broken`]);
  });

  test('holds up no other device, and its own not for ever', async () => {
    const b = await rig.enrol('b');
    await enact(rig, rule(range(2, 8)));
    const first = attest(rig, [readings(0, [9]), readings(1, [9]), readings(1, [9], b)]);
    const content = take(first);
    const watch = watchAs(OTHER);
    watch.step(1_000);
    expect(words()).toEqual([`${first + 2} cold kept broken`]);
    rig.nowMs += CONTENT_WAIT_MS;
    attest(rig, [readings(20, [4], b)]);
    watch.step(1_000);
    expect(words()).toEqual([`${first + 2} cold kept broken`, `${first + 1} cold kept broken`]);
    rig.ledger.store.leaves.keepContent(first, content);
    watch.step(1_000);
    expect(words().at(-1)).toBe(`${first} cold kept broken`);
    expect(findings).toHaveLength(3);
  });
});

describe('a start', () => {
  test('repeats nothing that the log has as an own finding', async () => {
    await enact(rig, rule(range(2, 8)));
    const leaf = attest(rig, [readings(0, [9]), readings(1, [9])]);
    watchAs(OTHER).step(1_000);
    const [own] = findings;
    if (!own) throw new Error('nothing found');
    const said = await rig.voice.say({
      contentType: MEDIA_RULE_FINDING,
      encode: (logTimeMs) => encodeRuleFinding({ ...own, logTimeMs }),
    });
    expect(said).toMatchObject({ ok: true });
    findings = [];
    const { batchLeaf = -1 } = rig.ledger.store.packs.row(leaf) ?? {};
    watchAs(MEMBER_ISS, { store: asOf(OTHER, batchLeaf) }).step(1_000);
    expect(words()).toEqual([`${leaf + 1} cold kept broken`]);
    // Another member's finding is no reason to be silent.
    findings = [];
    watchAs(OTHER).step(1_000);
    expect(findings).toHaveLength(2);
  });

  test('looks back over so many leaves and no further', async () => {
    await enact(rig, rule(range(2, 8)));
    attest(rig, [readings(0, [9])]);
    const leaf = attest(rig, [readings(1, [9])]);
    watchAs(OTHER, { leavesMax: 2 }).step(1_000);
    expect(words()).toEqual([`${leaf} cold kept broken`]);
  });
});

test('a step ends when its time is over, and the next goes on', async () => {
  await enact(rig, rule(range(2, 8)));
  attest(
    rig,
    Array.from({ length: 20 }, (_, i) => readings(i, [9])),
  );
  let nowMs = 0;
  const watch = watchAs(OTHER, { monotonicMs: () => nowMs++ });
  expect(watch.step(6)).toBe(true);
  expect(findings.length).toBeGreaterThan(0);
  expect(findings.length).toBeLessThan(10);
  for (let i = 0; i < 20 && watch.step(6); i += 1);
  expect(new Set(words()).size).toBe(20);
  expect(findings).toHaveLength(20);
});
