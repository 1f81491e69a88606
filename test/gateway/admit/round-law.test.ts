import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Rule } from '@truegrain/device-sdk/formats/rule.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultLaw } from '../../../gateway/default-law.ts';
import { IntakeRig } from '../../support/intake-rig.ts';
import { sampleRule } from '../../support/sample-rule.ts';
import type { SignedFrame, TestDevice } from '../../support/solo-ledger.ts';

let rig: IntakeRig;
let device: TestDevice;
beforeEach(async () => {
  rig = new IntakeRig({ law: defaultLaw([]) });
  device = await rig.enrol('a');
  rig.open();
});
afterEach(async () => {
  rig.freeDisk();
  await rig.end();
});

async function enact(rule: Rule): Promise<void> {
  const change = { kind: 'rule' as const, rule };
  const said = await rig.desk.propose({ change, reason: 'agreed', epoch: null });
  if (!said.ok) throw new Error(`${said.code}: ${said.detail}`);
}

const reading = (value: number): SignedFrame =>
  rig.temperatures(device, rig.nowMs - 10_000, [value]);

const rulingsOf = ({ id }: SignedFrame) =>
  rig.ledger.store.fold.rulingsOf(id).map(({ rule, version }) => `${rule}@${version}`);

describe('a rule that reports', () => {
  test('lets the breach in, beside it its name', async () => {
    await enact(sampleRule());
    const good = reading(5);
    const bad = reading(9);
    const outcomes = await rig.sendAll([good, bad], device.urn);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
    expect([rulingsOf(good), rulingsOf(bad)]).toEqual([[], ['cold@1']]);
    expect(rig.batches().at(-1)).toMatchObject({ edition: 1, rulings: [{ rule: 'cold' }] });
    rig.expectSound();
  });

  test('is told with the rule, who answers for it and who attests it, page by page', async () => {
    await enact(sampleRule());
    for (const value of [9, 5, 10]) await rig.send(reading(value).frame, device.urn);
    const first = rig.lawDesk.breaches(0, 1);
    expect(first.breaches).toMatchObject([
      {
        rule: 'cold',
        version: 1,
        title: 'At most 8 °C',
        legalBasis: 'Contract, § 1',
        responsible: { name: 'R. Lee', organisation: 'Mill' },
        attestedBy: 'https://mill.example',
        device: device.urn,
        effect: 'report',
      },
    ]);
    const second = rig.lawDesk.breaches(first.next ?? -1, 1);
    expect(second.breaches).toHaveLength(1);
    expect(second.next).toBeNull();
    expect(second.breaches[0]?.leafIndex).toBeGreaterThan(first.breaches[0]?.leafIndex ?? 0);
  });

  test('does not reach back, and holds no more once it is retired', async () => {
    const before = reading(9);
    await rig.send(before.frame, device.urn);
    await enact(sampleRule());
    const during = reading(9);
    await rig.send(during.frame, device.urn);
    const end = { kind: 'rule-end' as const, action: 'retire' as const, id: 'cold', version: 1 };
    await rig.desk.propose({ change: end, reason: 'over', epoch: null });
    const after = reading(9);
    await rig.send(after.frame, device.urn);
    expect([before, during, after].map(rulingsOf)).toEqual([[], ['cold@1'], []]);
    rig.expectSound();
  });

  test('a stated leaf is where it begins, and no batch spans the change', async () => {
    const from = rig.ledger.state.size + 4;
    await enact(sampleRule({ fromLeaf: from }));
    const frames = Array.from({ length: 6 }, () => reading(9));
    await rig.sendAll(frames, device.urn);
    const leaves = frames.map(({ id }) => rig.ledger.store.leaves.find(id) ?? -1);
    for (const [i, frame] of frames.entries()) {
      expect(rulingsOf(frame)).toEqual((leaves[i] ?? 0) >= from ? ['cold@1'] : []);
    }
    expect(leaves.some((leaf) => leaf < from)).toBe(true);
    expect(leaves.some((leaf) => leaf >= from)).toBe(true);
    rig.expectSound();
  });
});

describe('a rule that refuses', () => {
  beforeEach(() => enact(sampleRule({ effect: 'refuse' })));

  test('keeps the statement out, listed with its name; the stream goes on', async () => {
    const bad = reading(9);
    const [refused] = await rig.sendAll([bad], device.urn);
    expect(refused).toMatchObject({ kind: 'listed', code: 'rule' });
    expect(rulingsOf(bad)).toEqual(['cold@1']);
    expect(rig.batches().at(-1)).toMatchObject({
      count: 0,
      refusals: [{ code: 'rule' }],
      rulings: [{ rule: 'cold', version: 1 }],
    });
    // Its number stays free: the next one leaves a gap that the listed refusal explains.
    const good = reading(5);
    const [accepted] = await rig.sendAll([good], device.urn);
    expect(accepted).toMatchObject({ kind: 'accepted' });
    expect(rig.ledger.store.leaves.find(bad.id)).toBeNull();
    rig.expectSound();
  });

  test('beside others in one batch: each gets its own answer, in order', async () => {
    const frames = [5, 9, 5, 9, 9, 5].map(reading);
    const outcomes = await rig.sendAll(frames, device.urn);
    expect(outcomes.map(({ kind }) => kind)).toEqual([
      'accepted',
      'listed',
      'accepted',
      'listed',
      'listed',
      'accepted',
    ]);
    expect(outcomes.map(({ id }) => toHex(id!))).toEqual(frames.map(({ id }) => toHex(id)));
    rig.expectSound();
  });

  test('the same frame again is answered by the batch that listed it', async () => {
    const bad = reading(9);
    const first = await rig.send(bad.frame, device.urn);
    const again = await rig.send(bad.frame, device.urn);
    expect(again).toEqual(first);
    expect(rig.batches().filter(({ refusals }) => refusals.length > 0)).toHaveLength(1);
  });
});

test('a window is told only what was committed: a full disk leaves no trace in it', async () => {
  const window = {
    kind: 'window' as const,
    quantity: 'air temperature',
    unit: 'Cel',
    windowS: 3_600,
    aggregate: 'count' as const,
    outside: null,
    min: null,
    max: 2,
  };
  const readings = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      sensor: 'temp',
      quantity: 'air temperature',
      unit: 'Cel',
      atS: i,
      value: 5,
    }));
  const examples = [
    { text: 'two', verdict: 'kept' as const, readings: readings(2), context: null },
    { text: 'three', verdict: 'broken' as const, readings: readings(3), context: null },
  ];
  await enact(sampleRule({ id: 'few', check: window, examples }));
  await rig.send(reading(5).frame, device.urn);
  rig.fillDisk();
  const waiting = reading(5);
  const answer = rig.send(waiting.frame, device.urn);
  await expect.poll(() => rig.troubles.length).toBeGreaterThan(0);
  rig.freeDisk();
  await answer;
  expect(rulingsOf(waiting)).toEqual([]);
  const third = reading(5);
  await rig.send(third.frame, device.urn);
  expect(rulingsOf(third)).toEqual(['few@1']);
  rig.expectSound();
});

test('a suspended device is answered, loses nothing, and its frame is as good afterwards', async () => {
  const { law } = rig.ledger.state.membership!;
  const membership = {
    ...rig.ledger.state.membership!,
    law: {
      ...law,
      suspendedDevices: new Map([[device.urn, 'order']]),
      orders: new Map([['order', {} as never]]),
    },
  };
  const before = rig.ledger.state.membership;
  rig.ledger.state.membership = membership;
  const frame = reading(5);
  expect(await rig.send(frame.frame, device.urn)).toMatchObject({
    kind: 'refused',
    code: 'suspended',
  });
  rig.ledger.state.membership = before;
  expect(await rig.send(frame.frame, device.urn)).toMatchObject({ kind: 'accepted' });
  rig.expectSound();
});
