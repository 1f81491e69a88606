import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { softSigner } from '../../../device-sdk/formats/signer.ts';
import { type Arrived, FakeGateway } from '../../support/fake-gateway.ts';
import { DEVICE } from '../../support/queued-frames.ts';
import { IMPATIENT, UplinkRig } from '../../support/uplink-rig.ts';

let rig: UplinkRig;

beforeEach(async () => {
  rig = await UplinkRig.open();
});

afterEach(async () => {
  await rig.end();
  expect(rig.fatal).toEqual([]);
});

describe('the release rule', () => {
  const wrong: Record<string, (g: FakeGateway, arrived: Arrived) => Uint8Array> = {
    'of another leaf': (g, { parsed }) => {
      g.append(parsed);
      return g.receiptAt(0, parsed.sub);
    },
    'of another log': (g, { parsed }) =>
      g.receiptAt(g.append(parsed), parsed.sub, { iss: 'https://elsewhere.example/x' }),
    'about another subject': (g, { parsed }) => g.receiptAt(g.append(parsed), 'urn:x:other'),
    'by a key that was not pinned': (g, { parsed }) => {
      const stranger = new FakeGateway();
      Object.assign(stranger, { logSigner: softSigner(-8, new Uint8Array(32).fill(9)) });
      g.append(parsed);
      stranger.leaves.push(...g.leaves.slice(1));
      return stranger.receiptAt(g.append(parsed), parsed.sub);
    },
    'with a broken signature': (g, { parsed }) => {
      const bytes = Uint8Array.from(g.receipt(parsed));
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
      return bytes;
    },
    'that is no receipt': () => Uint8Array.of(0xd2, 0x84),
  };

  test.each(Object.keys(wrong))('a receipt %s is counted and ignored', async (name) => {
    rig.frames.add(2);
    rig.gateway.react = (arrived) =>
      arrived.times > 1
        ? 'receipt'
        : {
            answer: (g, { parsed }) => {
              const receipt = wrong[name]?.(g, arrived) ?? new Uint8Array(0);
              g.say(DEVICE, { kind: 'receipt', id: parsed.id, receipt });
            },
          };
    rig.start(IMPATIENT);
    await rig.gateway.until(() => rig.count('ignored') === 2);
    expect(rig.left()).toBe(2);
    await rig.gateway.until(() => rig.left() === 0);
  });

  test('a refusal listed in a batch of the log releases the frame', async () => {
    rig.frames.add(3);
    rig.gateway.react = ({ parsed }) => (parsed.seq === 2 ? { list: 'range' } : 'receipt');
    rig.start();
    await rig.gateway.until(() => rig.left() === 0);
    expect(rig.events).toContainEqual({
      kind: 'refused',
      id: rig.frames.ids[1],
      seq: 2,
      code: 'range',
      listed: true,
    });
    expect(rig.logTimes).toEqual([1_795_000_000_000]);
  });

  const falseEvidence: Record<string, (g: FakeGateway, arrived: Arrived) => void> = {
    'lists another statement': (g, { parsed }) => {
      const batch = g.batchListing([{ id: new Uint8Array(32).fill(1), code: 'range' }]);
      g.say(DEVICE, { kind: 'refused', id: parsed.id, code: 'range', batch });
    },
    'lists another code': (g, { parsed }) => {
      const batch = g.batchListing([{ id: parsed.id, code: 'unit' }]);
      g.say(DEVICE, { kind: 'refused', id: parsed.id, code: 'range', batch });
    },
    'is of another ledger': (g, { parsed }) => {
      const ledgerId = new Uint8Array(32).fill(5);
      const batch = g.batchListing([{ id: parsed.id, code: 'range' }], { ledgerId });
      g.say(DEVICE, { kind: 'refused', id: parsed.id, code: 'range', batch });
    },
    'is not in the log': (g, { parsed }) => {
      const { statement } = g.batchListing([{ id: parsed.id, code: 'range' }]);
      const { receipt } = g.batchListing([{ id: new Uint8Array(32), code: 'range' }]);
      const batch = { statement, receipt };
      g.say(DEVICE, { kind: 'refused', id: parsed.id, code: 'range', batch });
    },
    'is no batch': (g, { statement, parsed }) => {
      const batch = { statement, receipt: g.receipt(parsed) };
      g.say(DEVICE, { kind: 'refused', id: parsed.id, code: 'range', batch });
    },
  };

  test.each(Object.keys(falseEvidence))('evidence that %s releases nothing', async (name) => {
    rig.frames.add(2);
    rig.gateway.react = (arrived) =>
      arrived.times > 1 ? 'receipt' : { answer: (g, one) => falseEvidence[name]?.(g, one) };
    rig.start(IMPATIENT);
    await rig.gateway.until(() => rig.count('ignored') === 2);
    expect(rig.left()).toBe(2);
    await rig.gateway.until(() => rig.left() === 0);
  });
});

describe('a refusal without evidence', () => {
  test('parks the frame, and the ones behind it go on', async () => {
    rig.frames.add(20);
    rig.gateway.react = ({ parsed }) =>
      parsed.seq === 1 ? { refuse: 'digest_mismatch' } : 'receipt';
    rig.start();
    await rig.gateway.until(() => rig.left() === 1);
    expect(rig.frames.queue.parked()).toMatchObject([
      { id: rig.frames.ids[0], code: 'digest_mismatch' },
    ]);
    expect(rig.seqs().filter((seq) => seq === 1)).toHaveLength(1);
  });

  test('parked frames are tried again after a restart', async () => {
    rig.frames.add(2);
    rig.gateway.react = ({ times }) => (times === 1 ? { refuse: 'unknown_key' } : 'receipt');
    rig.start();
    await rig.gateway.until(() => rig.frames.queue.stats().parked === 2);
    await rig.uplink.stop();
    rig.frames.reopen();
    rig.start();
    await rig.gateway.until(() => rig.left() === 0);
  });

  test('and once in a while', async () => {
    rig.frames.add(1);
    rig.gateway.react = ({ times }) => (times < 3 ? { refuse: 'content_missing' } : 'receipt');
    rig.start({ parkedRetryMs: 50 });
    await rig.gateway.until(() => rig.left() === 0);
    expect(rig.gateway.arrived).toHaveLength(3);
  });

  test.each(['rate_limited', 'stale_batch'] as const)('%s only asks to wait', async (code) => {
    rig.frames.add(1);
    rig.gateway.react = ({ times }) => (times === 1 ? { refuse: code } : 'receipt');
    rig.start(IMPATIENT);
    await rig.gateway.until(() => rig.left() === 0);
    expect(rig.frames.queue.stats().parked).toBe(0);
    expect(rig.uplink.stats().parked).toBe(0);
  });
});
