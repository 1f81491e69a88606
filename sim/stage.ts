import { parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import { DeviceLink, LinkError } from './device-link.ts';
import type { GatewayApi } from './gateway-api.ts';
import type { Instrument, Reading } from './instrument.ts';
import { type SignedFrame, SignedSource } from './signed-source.ts';
import type { World } from './world.ts';

/** What a scenario expected and what the gateway did. */
export interface Finding {
  readonly what: string;
  readonly expected: string;
  readonly seen: string;
}

export interface StageOptions {
  /** Part of every device's URN. */
  readonly name: string;
  readonly world: World;
  readonly api: GatewayApi;
  /** Where devices connect, unless enrolment says otherwise. */
  readonly mqtt: { readonly host: string; readonly port: number };
  readonly report?: (finding: Finding) => void;
  /** The scenario may end and restart this gateway; null where it belongs to somebody else. */
  readonly gateway?: { stop(): Promise<void>; start(): Promise<void> } | null;
}

/** A device made by hand, enrolled and connected. */
export interface Actor {
  readonly source: SignedSource;
  link: DeviceLink;
  readonly kid: string;
  reconnect(): Promise<void>;
}

const FRAME_OF_READINGS = 10;
const WINDOW_FRAMES = 8;

/** Everything a scenario acts on: the world, one gateway, and the list of findings. */
export class Stage {
  readonly name: string;
  readonly world: World;
  readonly api: GatewayApi;
  readonly gateway: StageOptions['gateway'];
  readonly findings: Finding[] = [];
  readonly #mqtt: StageOptions['mqtt'];
  readonly #report: (finding: Finding) => void;
  readonly #actors: Actor[] = [];

  constructor(options: StageOptions) {
    this.name = options.name;
    this.world = options.world;
    this.api = options.api;
    this.gateway = options.gateway ?? null;
    this.#mqtt = options.mqtt;
    this.#report = options.report ?? (() => {});
  }

  get failed(): Finding[] {
    return this.findings.filter(({ expected, seen }) => expected !== seen);
  }

  expect(what: string, expected: string | number | boolean, seen: string | number | boolean): void {
    const finding = { what, expected: String(expected), seen: String(seen) };
    this.findings.push(finding);
    this.#report(finding);
  }

  urn(name: string): string {
    return `urn:dev:ops:32473-sim-${this.world.seed}-${this.name}-${name}`;
  }

  /** Registers what carries the instrument, with one-time token and proof, and connects it. */
  async enter(
    instrument: Instrument,
    { subject, alg = -8 }: { subject?: string; alg?: -7 | -8 } = {},
  ): Promise<Actor> {
    const urn = this.urn(instrument.name);
    const source = new SignedSource(this.world, { urn, subject: subject ?? urn, alg });
    const registered = await this.api.enrol(source.signer, {
      device: urn,
      reportingIntervalS: Math.max(60, Math.ceil(instrument.intervalMs / 1000) * 10),
      sensors: instrument.sensors,
      buildDateS: Math.floor(this.world.clock.nowMs() / 1000) - 86_400,
    });
    source.ledgerId = Uint8Array.from(Buffer.from(registered.ledgerId, 'hex'));
    const password = registered.mqtt?.password ?? '';
    const open = () => DeviceLink.open({ ...this.#mqtt, device: urn, password });
    const actor: Actor = {
      source,
      link: await open(),
      kid: registered.kid,
      reconnect: async () => {
        actor.link.cut();
        actor.link = await open();
      },
    };
    this.#actors.push(actor);
    return actor;
  }

  /** Sends one frame and says in one word what came of it. */
  async outcomeOf(actor: Actor, { id, frame }: Pick<SignedFrame, 'id' | 'frame'>): Promise<string> {
    actor.link.forget(id);
    try {
      await actor.link.publish(frame);
      const answer = await actor.link.answerOf(id);
      if (answer.kind === 'refused') return answer.code;
      const entry = entryOf(frame);
      return (await this.api.verifies(answer.receipt, entry)) ? 'receipted' : 'receipt wrong';
    } catch (error) {
      if (error instanceof LinkError) return error.message;
      throw error;
    }
  }

  /** Sends packs as the firmware does, a window of them at a time; how many were receipted. */
  async sendAll(actor: Actor, packs: Iterable<readonly Reading[]>): Promise<number> {
    let receipted = 0;
    let window: SignedFrame[] = [];
    const flush = async () => {
      const outcomes = await Promise.all(window.map((frame) => this.outcomeOf(actor, frame)));
      receipted += outcomes.filter((outcome) => outcome === 'receipted').length;
      window = [];
    };
    for (const pack of packs) {
      window.push(actor.source.readings(pack));
      if (window.length === WINDOW_FRAMES) await flush();
    }
    await flush();
    return receipted;
  }

  leave(): void {
    for (const { link } of this.#actors) link.cut();
  }
}

/** Every sample of the instrument in a stretch of time, in packs. */
export function* packsOf(
  instrument: Instrument,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Generator<Reading[]> {
  let pack: Reading[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += instrument.intervalMs) {
    pack.push(...instrument.sample(atMs));
    if (pack.length < FRAME_OF_READINGS) continue;
    yield pack;
    pack = [];
  }
  if (pack.length > 0) yield pack;
}

/** How often each statement of a device is in the log: the answer is once. */
export async function timesLogged(
  api: GatewayApi,
  device: string,
): Promise<{ statements: number; readings: number; seqs: Set<number> }> {
  const rows = await api.readings({ device });
  return {
    statements: new Set(rows.map(({ statementId }) => statementId)).size,
    readings: rows.length,
    seqs: new Set(rows.map(({ seq }) => seq)),
  };
}

/** The entry is the statement with an empty unprotected header, and that is how devices send it. */
function entryOf(frame: Uint8Array): Uint8Array {
  const parsed = parseFrame(frame);
  return parsed.ok ? parsed.value.statement : new Uint8Array();
}
