// A device made by hand at one member's gateway: signed frames over MQTT, receipts by anybody's HTTP.
import { parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { DeviceLink, LinkError } from '../../sim/device-link.ts';
import { type SignedFrame, SignedSource } from '../../sim/signed-source.ts';
import { Site } from '../../sim/site.ts';
import { VirtualClock, World } from '../../sim/world.ts';
import type { AllianceMember } from './alliance-member.ts';

const READINGS_A_FRAME = 10;
const HOUR_MS = 3_600_000;

export class AllianceDevice {
  readonly urn: string;
  readonly source: SignedSource;
  readonly at: AllianceMember;
  /** Every frame that was PUBACKed. */
  readonly accepted: SignedFrame[] = [];
  readonly #world: World;
  readonly #room: ReturnType<Site['room']>;
  readonly #password: string;
  #link: DeviceLink | null = null;

  private constructor(
    at: AllianceMember,
    own: { world: World; source: SignedSource; room: ReturnType<Site['room']>; password: string },
  ) {
    this.at = at;
    this.urn = own.source.urn;
    this.source = own.source;
    this.#world = own.world;
    this.#room = own.room;
    this.#password = own.password;
  }

  /** Registered through the gateway of `at`; resolves when the registration is in a block. */
  static async enrolled(
    at: AllianceMember,
    { name, seed = 1, alg = -8 }: { name: string; seed?: number; alg?: -7 | -8 },
  ): Promise<AllianceDevice> {
    const world = new World(seed, new VirtualClock(Date.now() - HOUR_MS));
    const urn = `urn:dev:ops:32473-fleet-${name}`;
    const room = new Site(world, 'fleet').room(name, 4);
    const source = new SignedSource(world, { urn, subject: urn, alg });
    const registered = await at.api.enrol(source.signer, askedBy({ urn, room, world }));
    source.ledgerId = Uint8Array.from(Buffer.from(registered.ledgerId, 'hex'));
    return new AllianceDevice(at, {
      world,
      source,
      room,
      password: registered.mqtt?.password ?? '',
    });
  }

  /** A connection to another member's gateway, by the key that is registered already. */
  async roamsTo(other: AllianceMember): Promise<DeviceLink> {
    const asked = askedBy({ urn: this.urn, room: this.#room, world: this.#world });
    const { mqtt } = await other.api.enrol(this.source.signer, asked);
    return DeviceLink.open({ ...other.mqtt, device: this.urn, password: mqtt?.password ?? '' });
  }

  /** The next frame of its stream, signed, not sent. */
  next(): SignedFrame {
    const readings = [];
    while (readings.length < READINGS_A_FRAME) {
      readings.push(...this.#room.sample(this.#world.clock.nowMs()));
      void this.#world.clock.sleep(1_000);
    }
    return this.source.readings(readings);
  }

  /** One frame, until PUBACK: then it is durable at this gateway. Throws LinkError where none comes. */
  async publish(frame: SignedFrame): Promise<void> {
    const link = await this.connect();
    await link.publish(frame.frame);
    this.accepted.push(frame);
  }

  /** Signs and publishes `count` frames, one after the other. */
  async send(count = 1): Promise<SignedFrame[]> {
    const frames = [];
    for (let i = 0; i < count; i += 1) {
      const frame = this.next();
      await this.publish(frame);
      frames.push(frame);
    }
    return frames;
  }

  /** The present connection, or a new one. */
  async connect(): Promise<DeviceLink> {
    if (this.#link && !this.#link.isClosed) return this.#link;
    const { urn: device } = this;
    this.#link = await DeviceLink.open({ ...this.at.mqtt, device, password: this.#password });
    return this.#link;
  }

  /** Whether the member gives a receipt for the frame that verifies under the log's published keys. */
  async isReceipted(frame: SignedFrame, by: AllianceMember = this.at): Promise<boolean> {
    const receipt = await by.api.receipt(frame.id);
    if (receipt === null) return false;
    const parsed = parseFrame(frame.frame);
    if (parsed.ok && (await by.api.verifies(receipt, parsed.value.statement))) return true;
    throw new LinkError(`the receipt of ${by.name} does not verify`);
  }

  leave(): void {
    this.#link?.cut();
    this.#link = null;
  }
}

function askedBy(device: { urn: string; room: ReturnType<Site['room']>; world: World }) {
  const { urn, room, world } = device;
  return {
    device: urn,
    reportingIntervalS: 3_600,
    sensors: room.sensors,
    buildDateS: Math.floor(world.clock.nowMs() / 1000) - 86_400,
  };
}
