import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LinkError } from '../../sim/device-link.ts';
import { fixedHeader, mqttText, publishPacket } from '../../sim/mqtt-wire.ts';
import { sampler } from '../../sim/scenarios/scenario.ts';
import { Site } from '../../sim/site.ts';
import { type Actor, type Stage, timesLogged } from '../../sim/stage.ts';
import { World } from '../../sim/world.ts';
import { GatewayProcess, hasPrograms } from '../support/gateway-process.ts';
import { group } from '../support/group.ts';
import { BAD_CBOR, frameOf, malleated } from '../support/hostile-frames.ts';

const built = group('programs', hasPrograms, 'not built; run npm run build');
const MIB = 1_048_576;
/** What a gateway at rest takes, and room for garbage collection; far below what is thrown at it. */
const GROWTH_BYTES_MAX = 160 * MIB;

built('hostile input over MQTT', () => {
  let gateway: GatewayProcess;
  let stage: Stage;
  let actor: Actor;
  let next: ReturnType<typeof sampler>;
  let rssBefore = 0;

  beforeAll(async () => {
    gateway = await GatewayProcess.started();
    stage = gateway.stage('mqtt', { hours: 20 });
    const room = new Site(stage.world, 'mqtt').room('victim', 4);
    actor = await stage.enter(room, { alg: -7 });
    next = sampler(stage.world, room);
    await honest();
    rssBefore = gateway.rssBytes();
  }, 60_000);
  afterAll(async () => {
    stage.leave();
    await gateway.remove();
  });

  /** The oracle of every attack: the device is served as before. */
  async function honest(): Promise<void> {
    if (actor.link.isClosed) await actor.reconnect();
    expect(await stage.outcomeOf(actor, actor.source.readings(next()))).toBe('receipted');
    expect(gateway.isAlive).toBe(true);
  }

  for (const how of ['signature', 'unprotected', 'both'] as const) {
    it(`a changed ${how} after the original: same id, the first one's receipt`, async () => {
      const frame = actor.source.readings(next());
      expect(await stage.outcomeOf(actor, frame)).toBe('receipted');
      const before = await timesLogged(stage.api, actor.source.urn);
      actor.link.forget(frame.id);
      await actor.link.publish(malleated(frame, how));
      const answer = await actor.link.answerOf(frame.id);
      expect(answer.kind).toBe('receipt');
      if (answer.kind !== 'receipt') return;
      // The receipt is of the entry in the log, which is the first one.
      expect(await stage.api.verifies(answer.receipt, frame.statement)).toBe(true);
      expect(await timesLogged(stage.api, actor.source.urn)).toEqual(before);
      await honest();
    });
  }

  it('content that is not the statement’s: refused, and the frame itself still goes', async () => {
    const frame = actor.source.readings(next());
    const other = actor.source.readings(next());
    const swapped = { id: frame.id, frame: frameOf(frame.statement, other.content) };
    expect(await stage.outcomeOf(actor, swapped)).toBe('digest_mismatch');
    expect(await stage.outcomeOf(actor, frame)).toBe('receipted');
    expect(await stage.outcomeOf(actor, other)).toBe('receipted');
  });

  it('a statement for another ledger and one in another device’s name', async () => {
    const fields = { ledgerId: randomBytes(32) };
    const foreign = actor.source.readings(next(), { fields });
    expect(await stage.outcomeOf(actor, foreign)).toBe('wrong_ledger');
    const iss = stage.urn('somebody-else');
    const posing = actor.source.readings(next(), { fields: { iss } });
    expect(await stage.outcomeOf(actor, posing)).toBe('iss_mismatch');
    await honest();
  });

  it('bad CBOR on the own topic is acknowledged, stored nowhere and blocks nothing', async () => {
    const before = await timesLogged(stage.api, actor.source.urn);
    for (const [, bytes] of BAD_CBOR) {
      await actor.link.publish(bytes);
      await actor.link.publish(frameOf(bytes, bytes));
    }
    expect(await timesLogged(stage.api, actor.source.urn)).toEqual(before);
    await honest();
  });

  it('random bytes on the own topic, 500 times', { timeout: 30_000 }, async () => {
    const world = new World(5);
    const sent = Array.from({ length: 500 }, () =>
      actor.link.publish(world.bytes(world.integer(1, 2_000))),
    );
    await Promise.all(sent);
    await honest();
  });

  it('any other topic ends the connection', async () => {
    const { urn } = actor.source;
    const topics = [
      `tg/1/${urn}/down`,
      'tg/1/urn:dev:ops:1-x-1/up',
      '$SYS/x',
      'a',
      `tg/2/${urn}/up`,
    ];
    for (const topic of topics) {
      await expect(actor.link.publish(randomBytes(64), topic), topic).rejects.toThrow(LinkError);
      expect(actor.link.isClosed).toBe(true);
      await actor.reconnect();
    }
    await honest();
  });

  it('a frame of 100 MB is refused by its header', { timeout: 30_000 }, async () => {
    const topic = mqttText(`tg/1/${actor.source.urn}/up`);
    actor.link.raw(fixedHeader(0x32, 100 * MIB));
    actor.link.raw(topic);
    const chunk = new Uint8Array(MIB);
    for (let sent = 0; sent < 100 && !actor.link.isClosed; sent += 1) {
      actor.link.raw(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await actor.link.untilClosed();
    await honest();
  });

  it('packets that are no MQTT end the connection', async () => {
    const world = new World(9);
    for (let round = 0; round < 30; round += 1) {
      actor.link.raw(world.bytes(200));
      // A packet that says it is longer than it is would wait: an ending that no packet has.
      actor.link.raw(Uint8Array.of(0x00, 0xff, 0xff, 0xff, 0xff, 0xff));
      actor.link.cut();
      await actor.reconnect();
    }
    await honest();
  });

  it('clocks of 1970 and 2100 are refused by name', async () => {
    for (const iat of [0, 1, Date.UTC(2100, 0, 1) / 1000, 2 ** 37]) {
      const frame = actor.source.readings(next(), { fields: { iat } });
      expect(await stage.outcomeOf(actor, frame), `iat ${iat}`).toBe('clock');
    }
    await honest();
  });

  it('a hundred bad frames in the window with good ones: the good ones are receipted', async () => {
    const good = Array.from({ length: 20 }, () => actor.source.readings(next()));
    const outcomes = good.map(async (frame, at) => {
      for (let bad = 0; bad < 5; bad += 1) {
        const bytes = Uint8Array.from(frame.frame);
        const index = (at * 37 + bad * 101) % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ 0x10;
        actor.link.raw(publishPacket(`tg/1/${actor.source.urn}/up`, 60_000 + bad, bytes));
      }
      await actor.link.publish(frame.frame);
      return stage.api.verifies(await actor.link.receiptOf(frame.id), frame.statement);
    });
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set([true]));
  });

  it('memory stays bounded', () => {
    expect(gateway.rssBytes() - rssBefore).toBeLessThan(GROWTH_BYTES_MAX);
  });
});
