import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Broker } from '../../../gateway/ingest/broker.ts';
import { openExternalBroker } from '../../../gateway/ingest/external-broker.ts';
import { group } from '../../support/group.ts';
import { hasMosquitto, Mosquitto } from '../../support/mosquitto.ts';
import { publishPacket, subscribePacket, WireClient } from '../../support/mqtt-wire.ts';

const device = 'urn:dev:os:32473-1';
const other = 'urn:dev:os:32473-2';
const gatewayUser = { username: 'gateway', password: 'of-the-gateway' };
const up = `tg/1/${device}/up`;
const describe = group('mosquitto', hasMosquitto);

interface Frame {
  device: string;
  text: string;
  done: () => void;
}

describe('external broker (Mosquitto)', () => {
  let mosquitto: Mosquitto;
  beforeAll(async () => {
    mosquitto = await Mosquitto.start(gatewayUser, [
      { username: device, password: 'secret' },
      { username: other, password: 'secret' },
    ]);
  });
  afterAll(() => mosquitto?.stop());

  async function gateway(clientId: string, protocolVersion: 4 | 5, closeGraceMs = 2_000) {
    const frames: Frame[] = [];
    const states: string[] = [];
    let notify = () => {};
    const opened = await openExternalBroker({
      url: mosquitto.url,
      clientId,
      ...gatewayUser,
      protocolVersion,
      limits: { reconnectMs: 50, closeGraceMs },
      handlers: {
        onFrame(from, payload, done) {
          frames.push({ device: from, text: Buffer.from(payload).toString(), done });
          notify();
        },
        onBrokerState(state) {
          states.push(state);
          notify();
        },
      },
    });
    if (!opened.ok) throw new Error(`${opened.code}: ${opened.detail}`);
    const until = async (condition: () => boolean) => {
      while (!condition()) {
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      }
    };
    return { broker: opened.value as Broker, frames, states, until };
  }

  for (const version of [4, 5] as const) {
    it(`redelivers to the next process what was not committed (MQTT ${version})`, async () => {
      const id = `gateway-restart-${version}`;
      const sender = await WireClient.open(mosquitto.port, { clientId: device });
      const first = await gateway(id, version, 0);
      sender.socket.write(publishPacket(up, 1, Buffer.from('one')));
      sender.socket.write(publishPacket(up, 2, Buffer.from('two')));
      sender.socket.write(publishPacket(up, 3, Buffer.from('three')));
      await first.until(() => first.frames.length === 3);
      first.frames[0]?.done();
      // The third is committed, the second is not: its PUBACK may not overtake (§4.6).
      first.frames[2]?.done();
      expect(first.broker.counts()).toMatchObject({ frames: 3, pubacks: 1, pendingFrames: 1 });
      await first.broker.close();

      const second = await gateway(id, version);
      await second.until(() => second.frames.length === 2);
      expect(second.frames.map(({ text }) => text)).toEqual(['two', 'three']);
      expect(second.frames[0]?.device).toBe(device);
      for (const frame of second.frames) frame.done();
      await second.broker.close();

      const third = await gateway(id, version);
      sender.socket.write(publishPacket(up, 4, Buffer.from('four')));
      await third.until(() => third.frames.length > 0);
      expect(third.frames.map(({ text }) => text)).toEqual(['four']);
      third.frames[0]?.done();
      await third.broker.close();
      sender.socket.destroy();
    });

    it(`has a thousand frames in flight before the first COMMIT (MQTT ${version})`, async () => {
      const { broker, frames, until } = await gateway(`gateway-flight-${version}`, version);
      const sender = await WireClient.open(mosquitto.port, { clientId: device });
      for (let id = 1; id <= 1_000; id++) {
        sender.socket.write(publishPacket(up, id, Buffer.from(`frame ${id}`)));
      }
      await until(() => frames.length === 1_000);
      expect(broker.counts()).toMatchObject({ pubacks: 0, pendingFrames: 1_000 });
      for (const frame of frames.toReversed()) frame.done();
      expect(broker.counts()).toMatchObject({ pubacks: 1_000, pendingFrames: 0 });
      expect(new Set(frames.map(({ text }) => text)).size).toBe(1_000);
      await broker.close();
      sender.socket.destroy();
    });
  }

  it('goes on by itself when the broker went away, with nothing lost', async () => {
    const { broker, frames, states, until } = await gateway('gateway-outage', 5);
    const before = await WireClient.open(mosquitto.port, { clientId: device });
    before.socket.write(publishPacket(up, 1, Buffer.from('before')));
    await until(() => frames.length === 1);
    await mosquitto.down();
    await until(() => states.includes('disconnected'));
    expect(broker.isListening(device)).toBe(false);
    broker.publishDown(device, new Uint8Array([1]));
    expect(broker.counts().downlinksDropped).toBe(1);
    // Its connection is gone: this may not acknowledge anything on the next one.
    frames[0]?.done();
    expect(broker.counts().pubacks).toBe(0);
    await mosquitto.up();
    await until(() => frames.length === 2);
    expect(frames[1]?.text).toBe('before');
    frames[1]?.done();
    await broker.close();
    before.socket.destroy();
  });

  it('answers on the downlink', async () => {
    const { broker } = await gateway('gateway-down', 5);
    const listener = await WireClient.open(mosquitto.port, { clientId: device });
    listener.socket.write(subscribePacket(1, `tg/1/${device}/down`));
    await listener.until(() => listener.of(0x90).length === 1);
    for (let i = 0; i < 2_000; i++) broker.publishDown(device, new Uint8Array([i & 255, i >> 8]));
    await listener.until(() => listener.of(0x32).length >= 1_000);
    const { downlinks, downlinksDropped } = broker.counts();
    expect(downlinks + downlinksDropped).toBeGreaterThanOrEqual(1_024);
    await broker.close();
    listener.socket.destroy();
  });

  it('acknowledges and counts what no device should send, and blocks nothing', async () => {
    const { broker, frames, until } = await gateway('gateway-odd', 5);
    const connect = () => WireClient.open(mosquitto.port, { clientId: device });
    // The limits and the ACL of the broker itself: it ends these two connections.
    for (const [topic, payload] of [
      [up, Buffer.alloc(262_145)],
      [`tg/1/${other}/up`, Buffer.from('forged')],
    ] as const) {
      const offender = await connect();
      offender.socket.write(publishPacket(topic, 1, payload));
      await offender.untilClosed();
    }
    const sender = await connect();
    const qos0 = Buffer.concat([Buffer.from([0x30, 2 + up.length + 1]), textOf(up), Buffer.of(1)]);
    sender.socket.write(qos0);
    sender.socket.write(publishPacket(up, 4, Buffer.from('good')));
    await until(() => frames.length === 1);
    expect(frames[0]).toMatchObject({ device, text: 'good' });
    expect(broker.counts().messagesIgnored).toBe(1);
    frames[0]?.done();
    await broker.close();
    sender.socket.destroy();
  });

  it('refuses with a code', async () => {
    const open = async (url: string, password: string) => {
      const handlers = { onFrame: () => {} };
      const opened = await openExternalBroker({
        url,
        clientId: 'gateway-refused',
        username: 'gateway',
        password,
        handlers,
      });
      return opened.ok ? 'ok' : opened.code;
    };
    expect(await open(mosquitto.url, 'wrong')).toBe('not_authorized');
    expect(await open('mqtt://127.0.0.1:1', 'x')).toBe('unreachable');
    expect(await open('no url', 'x')).toBe('unreachable');
  });
});

function textOf(value: string): Buffer {
  return Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
}
