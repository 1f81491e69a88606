import { once } from 'node:events';
import net from 'node:net';
import mqtt from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { openEmbeddedBroker } from '../../../gateway/ingest/embedded-broker.ts';
import { type Embedded, openEmbedded } from '../../support/embedded.ts';
import {
  connectPacket,
  packet,
  publishPacket,
  subscribePacket,
  text,
  WireClient,
} from '../../support/mqtt-wire.ts';

const device = 'urn:dev:os:32473-1';
const other = 'urn:dev:os:32473-2';
const up = `tg/1/${device}/up`;
const down = `tg/1/${device}/down`;
const frame = Buffer.from('frame');

let embedded: Embedded;
afterEach(() => embedded?.broker.close());
const connect = (clientId = device) => WireClient.open(embedded.broker.port, { clientId });
/** A round trip: everything written before has been judged. */
async function ping(client: WireClient): Promise<void> {
  const pongs = client.of(0xd0).length;
  client.socket.write(Buffer.from([0xc0, 0]));
  await client.until(() => client.of(0xd0).length > pongs);
}

describe('PUBACK follows COMMIT', () => {
  it('sends none before done, and each in the order of its PUBLISH', async () => {
    embedded = await openEmbedded({ limits: { closeGraceMs: 0 } });
    const client = await connect();
    for (const id of [7, 8, 9]) client.socket.write(publishPacket(up, id, frame));
    await embedded.until(() => embedded.frames.length === 3);
    await ping(client);
    expect(client.pubacked).toEqual([]);
    embedded.frames[1]?.done();
    embedded.frames[1]?.done();
    await ping(client);
    expect(client.pubacked).toEqual([]);
    embedded.frames[0]?.done();
    await client.until(() => client.pubacked.length === 2);
    embedded.frames[2]?.done();
    await client.until(() => client.pubacked.length === 3);
    expect(client.pubacked).toEqual([7, 8, 9]);
    expect(embedded.broker.counts()).toMatchObject({
      frames: 3,
      pubacks: 3,
      pendingFrames: 0,
      pendingBytes: 0,
    });
    expect(embedded.frames[0]).toMatchObject({ device, payload: Uint8Array.from(frame) });
  });

  it('has 1,000 frames of one device in flight at once, one segment each', async () => {
    embedded = await openEmbedded({ limits: { windowFramesMax: 1_000 } });
    const client = await connect();
    for (let id = 1; id <= 1_000; id++) {
      client.socket.write(publishPacket(up, id, Buffer.from(`${id}`)));
      if (id % 50 === 0) await ping(client);
    }
    await embedded.until(() => embedded.frames.length === 1_000);
    expect(embedded.broker.counts().pendingFrames).toBe(1_000);
    for (const one of embedded.frames.toReversed()) one.done();
    await client.until(() => client.pubacked.length === 1_000);
    expect(client.pubacked).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
  });

  it('leaves the rest in the socket when the window is full, and takes it later', async () => {
    embedded = await openEmbedded({ limits: { windowFramesMax: 8 } });
    const client = await connect();
    const sent = 5_000;
    for (let i = 1; i <= sent; i++) client.socket.write(publishPacket(up, i, Buffer.alloc(600, i)));
    let settled = 0;
    while (settled < sent) {
      await embedded.until(() => embedded.frames.length > settled);
      expect(embedded.broker.counts().pendingFrames).toBeLessThanOrEqual(8);
      embedded.frames[settled++]?.done();
    }
    await client.until(() => client.pubacked.length === sent);
    expect(embedded.frames.every(({ payload }, i) => payload[0] === ((i + 1) & 255))).toBe(true);
    expect(embedded.broker.counts().pauses).toBeGreaterThan(0);
  });

  it('keeps the bytes of all connections under the budget and starves none', async () => {
    const bytesMax = 1_048_576;
    embedded = await openEmbedded({ limits: { pendingBytesMax: bytesMax } });
    const clients = await Promise.all(
      Array.from({ length: 20 }, (_, i) => connect(`urn:dev:os:32473-${i}`)),
    );
    clients.forEach((client, i) => {
      const topic = `tg/1/urn:dev:os:32473-${i}/up`;
      for (let id = 1; id <= 5; id++) {
        client.socket.write(publishPacket(topic, id, Buffer.alloc(262_144, id)));
      }
    });
    let settled = 0;
    while (settled < 100) {
      await embedded.until(() => embedded.frames.length > settled);
      expect(embedded.broker.counts().pendingBytes).toBeLessThanOrEqual(bytesMax);
      embedded.frames[settled++]?.done();
    }
    await Promise.all(clients.map((client) => client.until(() => client.pubacked.length === 5)));
    expect(embedded.broker.counts().pendingBytes).toBe(0);
  });

  it('forgets a device that died, and takes its frames again after reconnecting', async () => {
    embedded = await openEmbedded();
    const first = await connect();
    first.socket.write(publishPacket(up, 1, frame));
    // Half a frame, then nothing: its reservation must go with the connection.
    first.socket.write(publishPacket(up, 2, Buffer.alloc(200_000)).subarray(0, 100_000));
    await embedded.until(() => embedded.frames.length === 1);
    first.socket.resetAndDestroy();
    await first.untilClosed();
    const second = await connect();
    second.socket.write(publishPacket(up, 1, frame));
    await embedded.until(() => embedded.frames.length === 2);
    embedded.frames[0]?.done();
    await ping(second);
    expect(second.pubacked).toEqual([]);
    embedded.frames[1]?.done();
    await second.until(() => second.pubacked.length === 1);
    expect(embedded.broker.counts()).toMatchObject({ pendingFrames: 0, pendingBytes: 0 });
    expect(embedded.broker.connections()).toBe(1);
  });

  it('lets pending frames settle on close', async () => {
    embedded = await openEmbedded();
    const client = await connect();
    client.socket.write(publishPacket(up, 1, frame));
    await embedded.until(() => embedded.frames.length === 1);
    const closed = embedded.broker.close();
    client.socket.write(publishPacket(up, 2, frame));
    embedded.frames[0]?.done();
    await closed;
    await client.untilClosed();
    expect(client.pubacked).toEqual([1]);
    expect(embedded.frames).toHaveLength(1);
  });
});

describe('who may do what', () => {
  it.each([
    ['a wrong password', { clientId: device, password: 'guess' }, 4, 'bad_credentials'],
    ["another device's client id", { clientId: other, username: device }, 2, 'client_id'],
    ['what is no device URN', { clientId: 'a/+/#' }, 2, 'client_id'],
    ['a will', { clientId: device, will: true }, 5, 'will'],
    ['MQTT 5', { clientId: device, version: 5 }, 1, 'protocol'],
  ])('refuses %s in CONNACK', async (_what, fields, returnCode, reason) => {
    embedded = await openEmbedded();
    const client = new WireClient(embedded.broker.port);
    client.socket.write(connectPacket(fields));
    await client.untilClosed();
    expect(client.of(0x20)[0]?.[1]).toBe(returnCode);
    expect(embedded.refusals).toEqual([[reason, null]]);
    expect(embedded.broker.connections()).toBe(0);
  });

  it.each([
    ['a foreign uplink', publishPacket(`tg/1/${other}/up`, 1, frame), 'foreign_topic'],
    ['its own downlink', publishPacket(down, 1, frame), 'foreign_topic'],
    ['$SYS', publishPacket('$SYS/x', 1, frame), 'foreign_topic'],
    ['a retained frame', packet(0x33, text(up), Buffer.from([0, 1]), frame), 'retained'],
    ['QoS 0', packet(0x30, text(up), frame), 'qos'],
    ['QoS 2', packet(0x34, text(up), Buffer.from([0, 1]), frame), 'qos'],
    ['a frame one byte too long', publishPacket(up, 1, Buffer.alloc(262_145)), 'too_large'],
    ['a second CONNECT', connectPacket({ clientId: device }), 'protocol'],
  ])('closes the connection on %s', async (_what, bytes, reason) => {
    embedded = await openEmbedded();
    const client = await connect();
    client.socket.write(bytes);
    await client.untilClosed();
    expect(embedded.refusals).toEqual([[reason, device]]);
    expect(embedded.frames).toEqual([]);
    expect(embedded.broker.counts().pendingBytes).toBe(0);
  });

  it('takes a frame of exactly 256 KiB', async () => {
    embedded = await openEmbedded();
    const client = await connect();
    client.socket.write(publishPacket(up, 1, Buffer.alloc(262_144, 9)));
    await embedded.until(() => embedded.frames.length === 1);
    expect(embedded.frames[0]?.payload).toHaveLength(262_144);
    embedded.frames[0]?.done();
    await client.until(() => client.pubacked.length === 1);
  });

  it('grants the own downlink and refuses every other filter with 128', async () => {
    embedded = await openEmbedded();
    const client = await connect();
    const filters = ['#', 'tg/1/+/up', `tg/1/${other}/down`, '$SYS/#', up, down];
    client.socket.write(subscribePacket(1, ...filters));
    await client.until(() => client.of(0x90).length === 1);
    expect([...(client.of(0x90)[0]?.subarray(2) ?? [])]).toEqual([128, 128, 128, 128, 128, 1]);
    expect(embedded.broker.counts().subscriptionsRefused).toBe(5);
    expect(embedded.subscribed).toEqual([device]);
  });

  it('waits for CONNACK with what was sent right behind CONNECT', async () => {
    embedded = await openEmbedded();
    const client = new WireClient(embedded.broker.port);
    const frames = Array.from({ length: 100 }, (_, i) => publishPacket(up, i + 1, frame));
    client.socket.write(Buffer.concat([connectPacket({ clientId: device }), ...frames]));
    await embedded.until(() => embedded.frames.length === 100);
    for (const one of embedded.frames) one.done();
    await client.until(() => client.pubacked.length === 100);
  });

  it('hands a session over to the newer connection, however fast they follow', async () => {
    embedded = await openEmbedded();
    const clients = Array.from({ length: 5 }, () => new WireClient(embedded.broker.port));
    for (const client of clients) {
      await once(client.socket, 'connect');
      client.socket.write(connectPacket({ clientId: device }));
    }
    const last = clients.at(-1) as WireClient;
    await last.until(() => last.of(0x20).length === 1);
    await Promise.all(clients.slice(0, -1).map((client) => client.untilClosed()));
    expect(embedded.broker.connections()).toBe(1);
    last.socket.write(subscribePacket(1, down));
    await embedded.until(() => embedded.subscribed.length === 1);
    embedded.broker.publishDown(device, frame);
    await last.until(() => last.of(0x32).length === 1);
  });

  it('counts a connection over the limit', async () => {
    embedded = await openEmbedded({ limits: { connectionsMax: 1 } });
    const first = await connect();
    const second = new WireClient(embedded.broker.port);
    await second.untilClosed();
    await ping(first);
    expect(embedded.refusals).toEqual([['too_many_connections', null]]);
  });

  it('ends a connection that says nothing, before CONNECT and after', async () => {
    embedded = await openEmbedded({ limits: { connectTimeoutMs: 50, idleMsMax: 500 } });
    const mute = new WireClient(embedded.broker.port);
    const idle = await connect();
    await Promise.all([mute.untilClosed(), idle.untilClosed()]);
    expect(embedded.refusals).toContainEqual(['idle', device]);
    expect(embedded.refusals).toHaveLength(2);
  });
});

describe('downlink', () => {
  it('reaches the device that listens, at the QoS it asked for', async () => {
    embedded = await openEmbedded();
    expect(embedded.broker.isListening(device)).toBe(false);
    embedded.broker.publishDown(device, frame);
    const client = await connect();
    embedded.broker.publishDown(device, frame);
    expect(embedded.broker.counts()).toMatchObject({ downlinks: 0, downlinksDropped: 2 });
    client.socket.write(subscribePacket(1, down));
    await embedded.until(() => embedded.subscribed.length === 1);
    expect(embedded.broker.isListening(device)).toBe(true);
    embedded.broker.publishDown(device, frame);
    await client.until(() => client.of(0x32).length === 1);
    const expected = Buffer.concat([text(down), Buffer.from([0, 1]), frame]);
    expect(client.of(0x32)[0]).toEqual(expected);
    embedded.broker.disconnect(device);
    await client.untilClosed();
  });

  it('stops at a device that never acknowledges', async () => {
    embedded = await openEmbedded({ limits: { downUnackedMax: 10 } });
    const client = await connect();
    client.socket.write(subscribePacket(1, down));
    await embedded.until(() => embedded.subscribed.length === 1);
    for (let i = 0; i < 15; i++) embedded.broker.publishDown(device, frame);
    expect(embedded.broker.counts()).toMatchObject({ downlinks: 10, downlinksDropped: 5 });
    await client.until(() => client.of(0x32).length === 10);
    client.socket.write(Buffer.from([0x40, 2, 0, 1]));
    await ping(client);
    embedded.broker.publishDown(device, frame);
    await client.until(() => client.of(0x32).length === 11);
  });

  it('speaks with mqtt.js both ways', async () => {
    embedded = await openEmbedded();
    const client = await mqtt.connectAsync({
      port: embedded.broker.port,
      host: '127.0.0.1',
      clientId: device,
      username: device,
      password: 'secret',
      protocolVersion: 4,
      clean: false,
    });
    const received = new Promise<Buffer>((resolve) => {
      client.once('message', (_topic, payload) => resolve(payload));
    });
    await client.subscribeAsync(down, { qos: 1 });
    const published = client.publishAsync(up, frame, { qos: 1 });
    await embedded.until(() => embedded.frames.length === 1);
    embedded.broker.publishDown(device, Buffer.from('accepted'));
    embedded.frames[0]?.done();
    await published;
    expect(String(await received)).toBe('accepted');
    await client.endAsync();
  });
});

describe('opening', () => {
  const handlers = { authenticate: () => null, onFrame: () => {} };
  it('says that the port is taken', async () => {
    embedded = await openEmbedded();
    const again = await openEmbeddedBroker({ port: embedded.broker.port, handlers });
    expect(again).toMatchObject({ ok: false, code: 'address_in_use' });
  });

  it('says that the address is not ours, or the key no key', async () => {
    const foreign = await openEmbeddedBroker({ port: 0, host: '192.0.2.1', handlers });
    expect(foreign).toMatchObject({ ok: false, code: 'address_refused' });
    const tls = { key: 'no key', cert: 'no certificate' };
    const bad = await openEmbeddedBroker({ port: 0, tls, handlers });
    expect(bad).toMatchObject({ ok: false, code: 'tls_invalid' });
  });

  it('listens on loopback only', async () => {
    embedded = await openEmbedded();
    const socket = net.connect(embedded.broker.port, '127.0.0.1');
    await once(socket, 'connect');
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });
});
