import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

describe('the connection', () => {
  test('what was not released is sent again after a reconnect', async () => {
    rig.frames.add(12);
    rig.gateway.react = () => 'accept';
    rig.start();
    await rig.gateway.until(() => rig.count('accepted') === 12);
    rig.gateway.react = () => 'receipt';
    rig.gateway.hangUp();
    await rig.gateway.until(() => rig.left() === 0);
    expect(rig.seqs()).toHaveLength(24);
  });

  test('a gateway gone for longer than the window gets everything when it is back', async () => {
    rig.frames.add(4);
    rig.start();
    await rig.gateway.until(() => rig.left() === 0);
    await rig.gateway.close();
    rig.frames.add(30);
    rig.uplink.wake();
    await rig.gateway.until(() => rig.count('disconnected') >= 3);
    await rig.gateway.open();
    await rig.gateway.until(() => rig.left() === 0);
    expect(new Set(rig.seqs()).size).toBe(34);
  });

  test('without PUBACK within the time-out it connects anew', async () => {
    rig.frames.add(1);
    rig.gateway.react = ({ times }) => (times === 1 ? 'no-puback' : 'receipt');
    rig.start(IMPATIENT);
    await rig.gateway.until(() => rig.left() === 0);
    expect(rig.gateway.connections).toBe(2);
    const [reason] = rig.events.flatMap((e) => (e.kind === 'disconnected' ? [e.reason] : []));
    expect(reason).toContain('PUBACK');
  });

  test('a frame that kills every connection steps aside for the others', async () => {
    rig.frames.add(20);
    rig.gateway.react = ({ parsed }) => (parsed.seq === 3 ? 'hang-up' : 'receipt');
    rig.start();
    await rig.gateway.until(() => rig.left() === 1);
    expect(rig.frames.queue.peek(0, 1)[0]?.seq).toBe(3);
    rig.gateway.react = () => 'receipt';
    await rig.gateway.until(() => rig.left() === 0);
  });

  test('refused credentials are told and tried again', async () => {
    rig.frames.add(1);
    rig.start({ link: { url: rig.gateway.mqttUrl, username: DEVICE, password: 'wrong' } });
    await rig.gateway.until(() => rig.count('disconnected') === 2);
    expect(rig.events[0]).toMatchObject({ kind: 'disconnected' });
    expect(JSON.stringify(rig.events[0])).toContain('refused');
    expect(rig.left()).toBe(1);
  });
});
