// What any stranger, and any device gone wrong, can write to the MQTT port.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, openEmbedded } from '../../support/embedded.ts';
import {
  connectPacket,
  fixedHeader,
  packet,
  publishPacket,
  subscribePacket,
  WireClient,
} from '../../support/mqtt-wire.ts';

const device = 'urn:dev:os:32473-1';
const up = `tg/1/${device}/up`;

let embedded: Embedded;
beforeAll(async () => {
  embedded = await openEmbedded({ limits: { closeGraceMs: 0 } });
});
afterAll(() => embedded.broker.close());

async function expectAlive(): Promise<void> {
  const client = await WireClient.open(embedded.broker.port, { clientId: 'urn:dev:os:32473-9' });
  const before = embedded.frames.length;
  client.socket.write(publishPacket('tg/1/urn:dev:os:32473-9/up', 1, Buffer.from('alive')));
  await embedded.until(() => embedded.frames.length > before);
  embedded.frames.at(-1)?.done();
  await client.until(() => client.pubacked.length === 1);
  client.socket.destroy();
  await client.untilClosed();
}

/** Sends, then ends its side; whatever the broker makes of it, the connection comes to an end. */
async function throwAt(bytes: Uint8Array, connected: boolean): Promise<void> {
  const client = connected
    ? await WireClient.open(embedded.broker.port, { clientId: device })
    : new WireClient(embedded.broker.port);
  client.socket.end(bytes);
  await client.untilClosed();
  for (const frame of embedded.frames.splice(0)) frame.done();
}

const anyBytes = fc.uint8Array({ maxLength: 600 });
const firstByte = fc.constantFrom(0x10, 0x32, 0x3a, 0x40, 0x82, 0xa2, 0xc0, 0xe0);
/** A legal header over an arbitrary body: this gets past the guard and into the parser. */
const wellHeaded = fc
  .array(fc.tuple(firstByte, fc.uint8Array({ maxLength: 80 })), { maxLength: 6 })
  .map((packets) => Buffer.concat(packets.map(([first, body]) => packet(first, body))));
/** Real packets with a few bytes changed. */
const flipped = fc
  .tuple(
    fc.constantFrom(
      connectPacket({ clientId: device }),
      connectPacket({ clientId: device, version: 5 }),
      publishPacket(up, 1, Buffer.from('x')),
      subscribePacket(1, `tg/1/${device}/down`),
      packet(0xa2, Buffer.from([0, 1, 0, 1, 0x61])),
    ),
    fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 }),
  )
  .map(([good, changes]) => {
    const bytes = Buffer.from(good);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return bytes;
  });

describe('hostile bytes on the MQTT port', () => {
  it.each([
    ['random bytes', anyBytes],
    ['legal headers over random bodies', wellHeaded],
    ['damaged packets', flipped],
  ])('survives %s, before and after CONNECT', { timeout: 60_000 }, async (_what, arbitrary) => {
    await fc.assert(
      fc.asyncProperty(arbitrary, fc.boolean(), (bytes, connected) => throwAt(bytes, connected)),
      { numRuns: 300 },
    );
    await expectAlive();
    expect(embedded.broker.counts()).toMatchObject({ pendingFrames: 0, pendingBytes: 0 });
  });

  it('refuses 100 MB from the header, without taking it into memory', async () => {
    await expectAlive();
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    let peak = before;
    const sender = async () => {
      const client = await WireClient.open(embedded.broker.port, { clientId: device });
      const refused = embedded.refusals.length;
      client.socket.write(fixedHeader(0x32, 100_000_000));
      // One buffer, written 1,600 times unless the broker hangs up before.
      const chunk = Buffer.alloc(65_536);
      for (let sent = 0; sent < 100_000_000 && !client.closed; sent += chunk.length) {
        await new Promise((resolve) => client.socket.write(chunk, resolve));
        peak = Math.max(peak, process.memoryUsage().rss);
      }
      await client.untilClosed();
      expect(embedded.refusals.length).toBe(refused + 1);
      expect(embedded.refusals.at(-1)).toEqual(['too_large', device]);
    };
    for (let round = 0; round < 5; round++) await sender();
    expect(peak - before).toBeLessThan(32 * 1_048_576);
    await expectAlive();
  });

  it('reserves nothing for a stranger, however large a CONNECT he announces', async () => {
    const client = new WireClient(embedded.broker.port);
    client.socket.write(fixedHeader(0x10, 200_000_000));
    await client.untilClosed();
    expect(embedded.refusals.at(-1)).toEqual(['too_large', null]);
    expect(embedded.broker.counts().pendingBytes).toBe(0);
  });
});
