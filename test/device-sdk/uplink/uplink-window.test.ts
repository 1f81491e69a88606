import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Arrived } from '../../support/fake-gateway.ts';
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

describe('the straight line', () => {
  test('every frame once, in order, released by its receipt', async () => {
    rig.frames.add(40);
    rig.start();
    await rig.gateway.until(() => rig.left() === 0);
    expect(rig.seqs()).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(rig.uplink.stats()).toMatchObject({
      accepted: 40,
      receipted: 40,
      ignored: 0,
      inFlight: 0,
    });
    const last = rig.events.filter((event) => event.kind === 'receipted').at(-1);
    expect(last).toMatchObject({ seq: 40, id: rig.frames.ids[39], index: 40 });
  });

  test('frames appended later are sent when the device says so', async () => {
    rig.start();
    await rig.gateway.until(() => rig.count('connected') === 1);
    rig.frames.add(1);
    rig.uplink.wake();
    await rig.gateway.until(() => rig.left() === 0);
  });

  test('subscribes before it publishes', async () => {
    rig.frames.add(1);
    const heard: string[] = [];
    rig.gateway.react = () => ({
      answer: (g, { parsed }) => {
        heard.push(DEVICE);
        g.say(DEVICE, { kind: 'receipt', id: parsed.id, receipt: g.receipt(parsed) });
      },
    });
    rig.start();
    await rig.gateway.until(() => rig.left() === 0);
    expect(heard).toHaveLength(1);
  });

  test('another process of the same queue goes on where the first was', async () => {
    rig.frames.add(20);
    rig.gateway.react = ({ parsed }) => (parsed.seq <= 5 ? 'receipt' : 'silent');
    rig.start();
    await rig.gateway.until(() => rig.left() === 15 && rig.gateway.arrived.length === 13);
    await rig.uplink.stop();
    rig.frames.reopen();
    rig.gateway.arrived.length = 0;
    rig.gateway.react = () => 'receipt';
    rig.start();
    await rig.gateway.until(() => rig.left() === 0);
    expect(rig.seqs()).toEqual(Array.from({ length: 15 }, (_, i) => i + 6));
  });
});

describe('the window', () => {
  test('never more than eight unanswered; PUBACK frees no place', async () => {
    rig.frames.add(30);
    rig.gateway.react = () => 'silent';
    rig.start();
    await rig.gateway.until(() => rig.gateway.arrived.length === 8);
    rig.frames.add(1);
    rig.uplink.wake();
    expect(rig.uplink.stats().inFlight).toBe(8);
    const first = rig.gateway.arrived[0] as Arrived;
    rig.gateway.say(DEVICE, { kind: 'accepted', id: first.parsed.id });
    await rig.gateway.until(() => rig.gateway.arrived.length === 9);
    expect(rig.left()).toBe(31);
  });

  test('accepted frees a place and releases nothing', async () => {
    rig.frames.add(30);
    rig.gateway.react = () => 'accept';
    rig.start();
    await rig.gateway.until(() => rig.count('accepted') === 30);
    expect(rig.left()).toBe(30);
    expect(rig.frames.queue.stats().accepted).toBe(30);
  });

  test('a receipt that never came is asked for by sending the frame again', async () => {
    rig.frames.add(3);
    rig.gateway.react = ({ times }) => (times === 1 ? 'accept' : 'receipt');
    rig.start(IMPATIENT);
    await rig.gateway.until(() => rig.left() === 0);
    expect(rig.gateway.arrived).toHaveLength(6);
  });

  test('silence about one frame delays no other', async () => {
    rig.frames.add(20);
    rig.gateway.react = ({ parsed, times }) =>
      parsed.seq === 2 && times < 3 ? 'silent' : 'receipt';
    rig.start(IMPATIENT);
    await rig.gateway.until(() => rig.left() === 1);
    expect(rig.seqs().filter((seq) => seq !== 2)).toHaveLength(19);
    await rig.gateway.until(() => rig.left() === 0);
  });

  test('answers twice, late and for strangers change nothing', async () => {
    rig.frames.add(5);
    rig.gateway.react = () => ({
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
    rig.start();
    await rig.gateway.until(() => rig.left() === 0 && rig.count('ignored') === 15);
    expect(rig.uplink.stats()).toMatchObject({ accepted: 5, receipted: 5 });
    expect(new Set(rig.ignored())).toEqual(new Set(['unknown', 'malformed']));
  });
});
