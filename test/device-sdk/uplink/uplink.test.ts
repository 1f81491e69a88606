import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SystemClock } from '../../../device-sdk/clock.ts';
import { softSigner } from '../../../device-sdk/formats/signer.ts';
import { nativeVerifier } from '../../../device-sdk/keys/native-verify.ts';
import { Uplink, type UplinkEvent, type UplinkOptions } from '../../../device-sdk/uplink/uplink.ts';
import { type Arrived, FakeGateway } from '../../support/fake-gateway.ts';
import { DEVICE, QueuedFrames } from '../../support/queued-frames.ts';

let gateway: FakeGateway;
let frames: QueuedFrames;
let uplink: Uplink;
let events: UplinkEvent[];
let fatal: unknown[];
let logTimes: number[];

/** For tests in which an answer is missing. */
const IMPATIENT = { window: { answerTimeoutMs: 100 } };

function startUplink(options: Partial<UplinkOptions> = {}): void {
  uplink = new Uplink({
    device: DEVICE,
    queue: frames.queue,
    trust: {
      log: { origin: gateway.origin, ledgerId: gateway.ledgerId, keys: [gateway.logSigner.key] },
      native: nativeVerifier(),
    },
    clock: new SystemClock(),
    link: { url: gateway.mqttUrl, username: DEVICE, password: 'secret' },
    window: { answerTimeoutMs: 60_000, asideMs: 150 },
    tickMs: 20,
    backoff: { baseMs: 5, ceilingMs: 20, firstDelayMsMax: 0 },
    onEvent: (event) => {
      events.push(event);
      gateway.notify();
    },
    onLogTime: (logTimeMs) => logTimes.push(logTimeMs),
    onFatal: (error) => {
      fatal.push(error);
      gateway.notify();
    },
    ...options,
  });
  uplink.start();
}

const left = () => frames.queue.stats().frames;
const seqs = () => gateway.arrived.map(({ parsed }) => parsed.seq);
const count = (kind: UplinkEvent['kind']) => events.filter((event) => event.kind === kind).length;
const ignored = () => events.flatMap((event) => (event.kind === 'ignored' ? [event.why] : []));

beforeEach(async () => {
  gateway = await new FakeGateway().open();
  frames = new QueuedFrames(gateway.ledgerId);
  events = [];
  fatal = [];
  logTimes = [];
});

afterEach(async () => {
  await uplink.stop();
  await gateway.close();
  frames.remove();
  expect(fatal).toEqual([]);
});

describe('the straight line', () => {
  test('every frame once, in order, released by its receipt', async () => {
    frames.add(40);
    startUplink();
    await gateway.until(() => left() === 0);
    expect(seqs()).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(uplink.stats()).toMatchObject({ accepted: 40, receipted: 40, ignored: 0, inFlight: 0 });
    const last = events.filter((event) => event.kind === 'receipted').at(-1);
    expect(last).toMatchObject({ seq: 40, id: frames.ids[39], index: 40 });
  });

  test('frames appended later are sent when the device says so', async () => {
    startUplink();
    await gateway.until(() => count('connected') === 1);
    frames.add(1);
    uplink.wake();
    await gateway.until(() => left() === 0);
  });

  test('subscribes before it publishes', async () => {
    frames.add(1);
    const heard: string[] = [];
    gateway.react = () => ({
      answer: (g, { parsed }) => {
        heard.push(DEVICE);
        g.say(DEVICE, { kind: 'receipt', id: parsed.id, receipt: g.receipt(parsed) });
      },
    });
    startUplink();
    await gateway.until(() => left() === 0);
    expect(heard).toHaveLength(1);
  });

  test('another process of the same queue goes on where the first was', async () => {
    frames.add(20);
    gateway.react = ({ parsed }) => (parsed.seq <= 5 ? 'receipt' : 'silent');
    startUplink();
    await gateway.until(() => left() === 15 && gateway.arrived.length === 13);
    await uplink.stop();
    frames.reopen();
    gateway.arrived.length = 0;
    gateway.react = () => 'receipt';
    startUplink();
    await gateway.until(() => left() === 0);
    expect(seqs()).toEqual(Array.from({ length: 15 }, (_, i) => i + 6));
  });
});

describe('the window', () => {
  test('never more than eight unanswered; PUBACK frees no place', async () => {
    frames.add(30);
    gateway.react = () => 'silent';
    startUplink();
    await gateway.until(() => gateway.arrived.length === 8);
    frames.add(1);
    uplink.wake();
    expect(uplink.stats().inFlight).toBe(8);
    const first = gateway.arrived[0] as Arrived;
    gateway.say(DEVICE, { kind: 'accepted', id: first.parsed.id });
    await gateway.until(() => gateway.arrived.length === 9);
    expect(left()).toBe(31);
  });

  test('accepted frees a place and releases nothing', async () => {
    frames.add(30);
    gateway.react = () => 'accept';
    startUplink();
    await gateway.until(() => count('accepted') === 30);
    expect(left()).toBe(30);
    expect(frames.queue.stats().accepted).toBe(30);
  });

  test('a receipt that never came is asked for by sending the frame again', async () => {
    frames.add(3);
    gateway.react = ({ times }) => (times === 1 ? 'accept' : 'receipt');
    startUplink(IMPATIENT);
    await gateway.until(() => left() === 0);
    expect(gateway.arrived).toHaveLength(6);
  });

  test('silence about one frame delays no other', async () => {
    frames.add(20);
    gateway.react = ({ parsed, times }) => (parsed.seq === 2 && times < 3 ? 'silent' : 'receipt');
    startUplink(IMPATIENT);
    await gateway.until(() => left() === 1);
    expect(seqs().filter((seq) => seq !== 2)).toHaveLength(19);
    await gateway.until(() => left() === 0);
  });

  test('answers twice, late and for strangers change nothing', async () => {
    frames.add(5);
    gateway.react = () => ({
      answer: (g, { parsed }) => {
        const receipt = g.receipt(parsed);
        g.say(DEVICE, { kind: 'accepted', id: parsed.id });
        g.say(DEVICE, { kind: 'accepted', id: parsed.id });
        g.say(DEVICE, { kind: 'receipt', id: parsed.id, receipt });
        g.say(DEVICE, { kind: 'receipt', id: parsed.id, receipt });
        g.say(DEVICE, { kind: 'receipt', id: new Uint8Array(32), receipt });
        g.say(DEVICE, Uint8Array.of(1, 2, 3));
      },
    });
    startUplink();
    await gateway.until(() => left() === 0 && count('ignored') === 15);
    expect(uplink.stats()).toMatchObject({ accepted: 5, receipted: 5 });
    expect(new Set(ignored())).toEqual(new Set(['unknown', 'malformed']));
  });
});

describe('the connection', () => {
  test('what was not released is sent again after a reconnect', async () => {
    frames.add(12);
    gateway.react = () => 'accept';
    startUplink();
    await gateway.until(() => count('accepted') === 12);
    gateway.react = () => 'receipt';
    gateway.hangUp();
    await gateway.until(() => left() === 0);
    expect(seqs()).toHaveLength(24);
  });

  test('a gateway gone for longer than the window gets everything when it is back', async () => {
    frames.add(4);
    startUplink();
    await gateway.until(() => left() === 0);
    await gateway.close();
    frames.add(30);
    uplink.wake();
    await gateway.until(() => count('disconnected') >= 3);
    await gateway.open();
    await gateway.until(() => left() === 0);
    expect(new Set(seqs()).size).toBe(34);
  });

  test('without PUBACK within the time-out it connects anew', async () => {
    frames.add(1);
    gateway.react = ({ times }) => (times === 1 ? 'no-puback' : 'receipt');
    startUplink(IMPATIENT);
    await gateway.until(() => left() === 0);
    expect(gateway.connections).toBe(2);
    const [reason] = events.flatMap((e) => (e.kind === 'disconnected' ? [e.reason] : []));
    expect(reason).toContain('PUBACK');
  });

  test('a frame that kills every connection steps aside for the others', async () => {
    frames.add(20);
    gateway.react = ({ parsed }) => (parsed.seq === 3 ? 'hang-up' : 'receipt');
    startUplink();
    await gateway.until(() => left() === 1);
    expect(frames.queue.peek(0, 1)[0]?.seq).toBe(3);
    gateway.react = () => 'receipt';
    await gateway.until(() => left() === 0);
  });

  test('refused credentials are told and tried again', async () => {
    frames.add(1);
    startUplink({ link: { url: gateway.mqttUrl, username: DEVICE, password: 'wrong' } });
    await gateway.until(() => count('disconnected') === 2);
    expect(events[0]).toMatchObject({ kind: 'disconnected' });
    expect(JSON.stringify(events[0])).toContain('refused');
    expect(left()).toBe(1);
  });
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
    frames.add(2);
    gateway.react = (arrived) =>
      arrived.times > 1
        ? 'receipt'
        : {
            answer: (g, { parsed }) => {
              const receipt = wrong[name]?.(g, arrived) ?? new Uint8Array(0);
              g.say(DEVICE, { kind: 'receipt', id: parsed.id, receipt });
            },
          };
    startUplink(IMPATIENT);
    await gateway.until(() => count('ignored') === 2);
    expect(left()).toBe(2);
    await gateway.until(() => left() === 0);
  });

  test('a refusal listed in a batch of the log releases the frame', async () => {
    frames.add(3);
    gateway.react = ({ parsed }) => (parsed.seq === 2 ? { list: 'range' } : 'receipt');
    startUplink();
    await gateway.until(() => left() === 0);
    expect(events).toContainEqual({
      kind: 'refused',
      id: frames.ids[1],
      seq: 2,
      code: 'range',
      listed: true,
    });
    expect(logTimes).toEqual([1_795_000_000_000]);
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
    frames.add(2);
    gateway.react = (arrived) =>
      arrived.times > 1 ? 'receipt' : { answer: (g, one) => falseEvidence[name]?.(g, one) };
    startUplink(IMPATIENT);
    await gateway.until(() => count('ignored') === 2);
    expect(left()).toBe(2);
    await gateway.until(() => left() === 0);
  });
});

describe('a refusal without evidence', () => {
  test('parks the frame, and the ones behind it go on', async () => {
    frames.add(20);
    gateway.react = ({ parsed }) => (parsed.seq === 1 ? { refuse: 'digest_mismatch' } : 'receipt');
    startUplink();
    await gateway.until(() => left() === 1);
    expect(frames.queue.parked()).toMatchObject([{ id: frames.ids[0], code: 'digest_mismatch' }]);
    expect(seqs().filter((seq) => seq === 1)).toHaveLength(1);
  });

  test('parked frames are tried again after a restart', async () => {
    frames.add(2);
    gateway.react = ({ times }) => (times === 1 ? { refuse: 'unknown_key' } : 'receipt');
    startUplink();
    await gateway.until(() => frames.queue.stats().parked === 2);
    await uplink.stop();
    frames.reopen();
    startUplink();
    await gateway.until(() => left() === 0);
  });

  test('and once in a while', async () => {
    frames.add(1);
    gateway.react = ({ times }) => (times < 3 ? { refuse: 'content_missing' } : 'receipt');
    startUplink({ parkedRetryMs: 50 });
    await gateway.until(() => left() === 0);
    expect(gateway.arrived).toHaveLength(3);
  });

  test.each(['rate_limited', 'stale_batch'] as const)('%s only asks to wait', async (code) => {
    frames.add(1);
    gateway.react = ({ times }) => (times === 1 ? { refuse: code } : 'receipt');
    startUplink(IMPATIENT);
    await gateway.until(() => left() === 0);
    expect(frames.queue.stats().parked).toBe(0);
    expect(uplink.stats().parked).toBe(0);
  });
});
