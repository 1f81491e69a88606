// The real uplink between a queue with frames in it and the fake gateway, for one test.
import { SystemClock } from '../../device-sdk/clock.ts';
import { nativeVerifier } from '../../device-sdk/keys/native-verify.ts';
import { Uplink, type UplinkEvent, type UplinkOptions } from '../../device-sdk/uplink/uplink.ts';
import { FakeGateway } from './fake-gateway.ts';
import { DEVICE, QueuedFrames } from './queued-frames.ts';

/** For tests in which an answer is missing. */
export const IMPATIENT = { window: { answerTimeoutMs: 100 } };

export class UplinkRig {
  readonly gateway: FakeGateway;
  readonly frames: QueuedFrames;
  readonly events: UplinkEvent[] = [];
  readonly fatal: unknown[] = [];
  readonly logTimes: number[] = [];
  uplink!: Uplink;

  private constructor(gateway: FakeGateway) {
    this.gateway = gateway;
    this.frames = new QueuedFrames(gateway.ledgerId);
  }

  static async open(): Promise<UplinkRig> {
    return new UplinkRig(await new FakeGateway().open());
  }

  start(options: Partial<UplinkOptions> = {}): void {
    const { gateway } = this;
    this.uplink = new Uplink({
      device: DEVICE,
      queue: this.frames.queue,
      trust: {
        log: { origin: gateway.origin, ledgerId: gateway.ledgerId, keys: [gateway.logSigner.key] },
        native: nativeVerifier(),
      },
      clock: new SystemClock(),
      link: { url: gateway.mqttUrl, username: DEVICE, password: 'secret' },
      window: { answerTimeoutMs: 60_000, asideMs: 150 },
      tickMs: 20,
      backoff: { baseMs: 5, ceilingMs: 20, firstDelayMsMax: 0 },
      onEvent: (event) => {
        this.events.push(event);
        gateway.notify();
      },
      onLogTime: (logTimeMs) => this.logTimes.push(logTimeMs),
      onFatal: (error) => {
        this.fatal.push(error);
        gateway.notify();
      },
      ...options,
    });
    this.uplink.start();
  }

  left(): number {
    return this.frames.queue.stats().frames;
  }

  seqs(): number[] {
    return this.gateway.arrived.map(({ parsed }) => parsed.seq);
  }

  count(kind: UplinkEvent['kind']): number {
    return this.events.filter((event) => event.kind === kind).length;
  }

  ignored(): string[] {
    return this.events.flatMap((event) => (event.kind === 'ignored' ? [event.why] : []));
  }

  async end(): Promise<void> {
    await this.uplink?.stop();
    await this.gateway.close();
    this.frames.remove();
  }
}
