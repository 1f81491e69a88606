import { newSecret, softSigner } from '@truegrain/device-sdk/formats/signer.js';
import type { DeviceLink } from './device-link.ts';
import type { Instrument, Reading } from './instrument.ts';
import type { SignedFrame } from './signed-source.ts';
import { type Actor, type Stage, timesLogged } from './stage.ts';

/** What a fault needs: a device that has sent before, and something it measures. */
export interface Target {
  readonly stage: Stage;
  readonly actor: Actor;
  readonly instrument: Instrument;
  /** Moves on by itself, so that no two packs cover the same time. */
  readonly next: () => Reading[];
}

export type Fault = (target: Target) => Promise<void>;

/** Frames that are made and lost on the way for good: the log says which numbers are missing. */
async function dropout({ stage, actor, next }: Target): Promise<void> {
  const first = actor.source.seq + 1;
  for (let lost = 0; lost < 3; lost += 1) actor.source.readings(next());
  const after = actor.source.readings(next());
  stage.expect('dropout: the frame after it', 'receipted', await stage.outcomeOf(actor, after));
  const { streams } = await stage.api.completeness(actor.source.urn);
  const gaps = streams.flatMap(({ gaps: list }) => list);
  const named = gaps.some(({ from, to }) => from === first && to === first + 2);
  stage.expect(`dropout: ${first} to ${first + 2} are reported missing`, true, named);
}

/** The same frame twice, as after a lost PUBACK: one leaf, and the same answer both times. */
async function duplicate({ stage, actor, next }: Target): Promise<void> {
  const frame = actor.source.readings(next());
  stage.expect('duplicate: first', 'receipted', await stage.outcomeOf(actor, frame));
  const { statements } = await timesLogged(stage.api, actor.source.urn);
  stage.expect('duplicate: again', 'receipted', await stage.outcomeOf(actor, frame));
  const again = await timesLogged(stage.api, actor.source.urn);
  stage.expect('duplicate: statements added by the second', 0, again.statements - statements);
}

/** Frames out of order fill their gaps as late ones. */
async function reorder({ stage, actor, next }: Target): Promise<void> {
  const frames = Array.from({ length: 5 }, () => actor.source.readings(next()));
  const lowest = frames[0]?.seq ?? 0;
  for (const frame of stage.world.part('reorder').shuffled(frames)) {
    const outcome = await stage.outcomeOf(actor, frame);
    stage.expect(`reorder: number ${frame.seq}`, 'receipted', outcome);
  }
  const { seqs } = await timesLogged(stage.api, actor.source.urn);
  const present = frames.filter(({ seq }) => seqs.has(seq)).length;
  stage.expect(`reorder: from ${lowest} on all are there`, frames.length, present);
}

/** A clock that went wrong: refused by name, and the device goes on when it is right again. */
async function clockJump({ stage, actor, next }: Target): Promise<void> {
  for (const year of [2100, 1980]) {
    const timeMs = Date.UTC(year, 0, 1);
    const readings = next().map((reading) => ({ ...reading, timeMs }));
    const frame = actor.source.readings(readings, { fields: { iat: timeMs / 1000 } });
    stage.expect(`clock-jump: ${year}`, 'clock', await stage.outcomeOf(actor, frame));
  }
  // A pack can't say 1970 (below 2^28 s a time is relative), but a statement can.
  const reset = actor.source.readings(next(), { fields: { iat: 0 } });
  stage.expect('clock-jump: 1970', 'clock', await stage.outcomeOf(actor, reset));
  const honest = actor.source.readings(next());
  stage.expect('clock-jump: set right', 'receipted', await stage.outcomeOf(actor, honest));
}

/** The connection dies between PUBLISH and PUBACK, numbers are lost, and the boot record says so. */
async function powerCut({ stage, actor, next }: Target): Promise<void> {
  const unsure = actor.source.readings(next());
  publishAndCut(actor.link, actor.source.urn, unsure);
  await actor.reconnect();
  stage.expect('power-cut: resent', 'receipted', await stage.outcomeOf(actor, unsure));
  const boot = actor.source.powerCut(16, stage.world.clock.nowMs());
  stage.expect('power-cut: boot record', 'receipted', await stage.outcomeOf(actor, boot));
  const after = actor.source.readings(next());
  stage.expect('power-cut: next reading', 'receipted', await stage.outcomeOf(actor, after));
}

/** Somebody signs in the device's name with another key. */
async function forgedKey({ stage, actor, next }: Target): Promise<void> {
  const { world } = stage;
  const forger = softSigner(
    -8,
    newSecret(-8, (length) => world.part('forger').bytes(length)),
  );
  const underItsKid = actor.source.readings(next(), { signer: forger });
  const seen = await stage.outcomeOf(actor, underItsKid);
  stage.expect('forged-key: under the device’s kid', 'bad_signature', seen);
  const fields = { kid: forger.kid, alg: forger.alg };
  const underItsOwn = actor.source.readings(next(), { signer: forger, fields });
  const unknown = await stage.outcomeOf(actor, underItsOwn);
  stage.expect('forged-key: under its own kid', 'unknown_key', unknown);
}

/** Genuine bytes in the wrong place or time: they change nothing. */
async function replayedFrame({ stage, actor, instrument, next }: Target): Promise<void> {
  const frame = actor.source.readings(next());
  stage.expect('replayed-frame: the original', 'receipted', await stage.outcomeOf(actor, frame));
  const thief = await stage.enter({ ...named(instrument, `${instrument.name}-thief`) });
  const stolen = await stage.outcomeOf(thief, frame);
  stage.expect('replayed-frame: over another device', 'iss_mismatch', stolen);
  stage.expect('replayed-frame: later', 'receipted', await stage.outcomeOf(actor, frame));
}

/** Bits that turn on the way are never taken for readings, and the frame itself still is. */
async function bitFlip({ stage, actor, next }: Target): Promise<void> {
  const world = stage.world.part('bit-flip');
  const frame = actor.source.readings(next());
  const before = await timesLogged(stage.api, actor.source.urn);
  for (let flip = 0; flip < 64; flip += 1) {
    const bytes = Uint8Array.from(frame.frame);
    const at = world.integer(0, bytes.length - 1);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << world.integer(0, 7));
    await actor.link.publish(bytes);
  }
  const flipped = await timesLogged(stage.api, actor.source.urn);
  stage.expect('bit-flip: accepted of 64', 0, flipped.statements - before.statements);
  stage.expect('bit-flip: the frame itself', 'receipted', await stage.outcomeOf(actor, frame));
}

export const FAULTS = {
  dropout,
  duplicate,
  reorder,
  'clock-jump': clockJump,
  'power-cut': powerCut,
  'forged-key': forgedKey,
  'replayed-frame': replayedFrame,
  'bit-flip': bitFlip,
} as const satisfies Record<string, Fault>;

function publishAndCut(link: DeviceLink, urn: string, { frame }: SignedFrame): void {
  link.publish(frame, `tg/1/${urn}/up`).catch(() => {});
  link.cut();
}

/** The same sensors on another device. */
function named(instrument: Instrument, name: string): Instrument {
  const { sensors, intervalMs } = instrument;
  return { name, sensors, intervalMs, sample: (timeMs) => instrument.sample(timeMs) };
}
