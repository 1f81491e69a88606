import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { DeviceLink } from '../device-link.ts';
import { GatewayApi } from '../gateway-api.ts';
import type { SensorSpec } from '../instrument.ts';
import { type SignedFrame, SignedSource } from '../signed-source.ts';
import { VirtualClock, World } from '../world.ts';
import type { LawMember } from './member.ts';

const STEP_MS = 60_000;
const READINGS_A_FRAME = 5;
/** It reports for the past hour, a minute a reading. */
const BACK_MS = 3_600_000;

/** What became of a frame, in a word: `receipt`, or the code of its refusal. */
export interface Sent {
  readonly id: string;
  readonly frame: SignedFrame;
  readonly outcome: string;
}

/** A refrigerated truck whose load temperature is what the play wants it to be. */
export class LawTruck {
  readonly urn: string;
  readonly subject: string;
  readonly #source: SignedSource;
  readonly #clock: VirtualClock;
  readonly #link: DeviceLink;

  private constructor(made: { source: SignedSource; clock: VirtualClock; link: DeviceLink }) {
    this.urn = made.source.urn;
    this.subject = made.source.subject;
    this.#source = made.source;
    this.#clock = made.clock;
    this.#link = made.link;
  }

  /** Registered through the gateway of `at`, which owns it. */
  static async enrolled(at: LawMember): Promise<LawTruck> {
    const clock = new VirtualClock(Date.now() - BACK_MS);
    const world = new World(7, clock);
    const urn = 'urn:dev:ops:32473-law-truck';
    const subject = 'https://id.example.org/00/395201250000000018';
    const source = new SignedSource(world, { urn, subject });
    const { token } = at;
    const api = new GatewayApi(at.url, { operator: token, auditor: token, deviceAdmin: token });
    const registered = await api.enrol(source.signer, {
      device: urn,
      reportingIntervalS: 600,
      sensors: [THERMOMETER],
      subjects: [subject],
      buildDateS: Math.floor((Date.now() - 10 * BACK_MS) / 1000),
    });
    source.ledgerId = Uint8Array.from(Buffer.from(registered.ledgerId, 'hex'));
    const password = registered.mqtt?.password ?? '';
    const { hostname: host, port } = new URL(at.mqttUrl);
    const link = await DeviceLink.open({ host, port: Number(port), device: urn, password });
    return new LawTruck({ source, clock, link });
  }

  /** One frame of readings at that temperature, until it has its receipt or its refusal. */
  async send(celsius: number): Promise<Sent> {
    const readings = [];
    for (let i = 0; i < READINGS_A_FRAME; i += 1) {
      const timeMs = this.#clock.nowMs();
      readings.push({ name: THERMOMETER.name, unit: 'Cel', value: celsius, timeMs });
      await this.#clock.sleep(STEP_MS);
    }
    return this.sendAgain(this.#source.readings(readings));
  }

  async sendAgain(frame: SignedFrame): Promise<Sent> {
    this.#link.forget(frame.id);
    await this.#link.publish(frame.frame);
    const answer = await this.#link.answerOf(frame.id);
    const outcome = answer.kind === 'refused' ? answer.code : answer.kind;
    return { id: toHex(frame.id), frame, outcome };
  }

  leave(): void {
    this.#link.cut();
  }
}

const THERMOMETER: SensorSpec = {
  name: 't1',
  quantity: 'temperature',
  unit: 'Cel',
  min: -40,
  max: 60,
  resolution: 0.1,
  interface: 'simulated',
  calibration: null,
};
