// An outside MQTT broker by URL (Mosquitto tested): one subscription to every uplink, and PUBACK
// after COMMIT there too. Who may publish where is the broker's ACL; README.md has the pattern.

/** @module external-broker */
import { FRAME_BYTES_MAX } from '@truegrain/device-sdk/formats/frame.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { parseTopic, topicOf, UPLINK_FILTER } from '@truegrain/device-sdk/formats/topic.js';
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Broker, BrokerCounts, BrokerErrorCode, IngestHandlers } from './broker.ts';
import { Pubacks } from './pubacks.ts';

export interface ExternalLimits {
  connectTimeoutMs: number;
  reconnectMs: number;
  keepaliveS: number;
  /** Frames the broker may send ahead of our PUBACKs (MQTT 5 Receive Maximum). */
  windowFramesMax: number;
  /** Bytes between socket and COMMIT; above, the socket is left unread. */
  pendingBytesMax: number;
  /** Answers published and not yet PUBACKed by the broker, and as many again waiting. */
  downUnackedMax: number;
  closeGraceMs: number;
}

export const externalDefaults: ExternalLimits = {
  connectTimeoutMs: 10_000,
  reconnectMs: 1_000,
  keepaliveS: 60,
  windowFramesMax: 2_048,
  pendingBytesMax: 64 * 1_048_576,
  downUnackedMax: 1_024,
  closeGraceMs: 2_000,
};

export interface ExternalOptions {
  /** mqtt://, mqtts://, ws:// or wss://, with host and port. */
  url: string;
  /** Stable and this gateway's alone: the broker keeps unacknowledged frames under it. */
  clientId: string;
  username?: string;
  password?: string;
  /** 5 lets the broker respect our window; 4 (MQTT 3.1.1) leaves it to the broker's own. */
  protocolVersion?: 4 | 5;
  tls?: { ca?: string | Buffer; key?: string | Buffer; cert?: string | Buffer };
  limits?: Partial<ExternalLimits>;
  handlers: Pick<IngestHandlers, 'onFrame' | 'onBrokerState'>;
}

/** Resolves once subscribed; afterwards it reconnects for ever. */
export async function openExternalBroker(
  options: ExternalOptions,
): Promise<Result<Broker, BrokerErrorCode>> {
  const limits = { ...externalDefaults, ...options.limits };
  let url: URL;
  try {
    url = new URL(options.url);
  } catch {
    return fail('unreachable', `not a URL: ${options.url}`);
  }
  const client = mqtt.connect(options.url, clientOptions(options, limits));
  const broker = new ExternalBroker(client, url, limits, options.handlers);
  const refused = await broker.start();
  if (refused !== null) {
    await broker.close();
    return fail(refused.code, `${url.host}: ${refused.detail}`);
  }
  return ok(broker);
}

/** mqtt.js sends no PUBACK when `handleMessage` ends in an error, and goes on to the next packet. */
const pubackFollowsCommit = new Error('PUBACK follows COMMIT');

type Refusal = { code: BrokerErrorCode; detail: string };

class ExternalBroker implements Broker {
  readonly port: number;
  readonly #client: MqttClient;
  readonly #limits: ExternalLimits;
  readonly #handlers: ExternalOptions['handlers'];
  /** Packet identifiers mean nothing on the next connection, so each has its own. */
  #pubacks: Pubacks;
  /** mqtt.js waits for this call before it reads on. */
  #resume: (() => void) | null = null;
  #pendingBytes = 0;
  #closing = false;
  #onDrained: (() => void) | null = null;
  #downUnacked = 0;
  #downUnackedMax: number;
  #downWaiting: { topic: string; payload: Buffer }[] = [];
  readonly #counts = {
    frames: 0,
    pubacks: 0,
    downlinks: 0,
    downlinksDropped: 0,
    subscriptionsRefused: 0,
    messagesIgnored: 0,
    pendingFrames: 0,
    pauses: 0,
  };

  constructor(
    client: MqttClient,
    url: URL,
    limits: ExternalLimits,
    handlers: ExternalOptions['handlers'],
  ) {
    this.#client = client;
    this.#limits = limits;
    this.#handlers = handlers;
    this.#downUnackedMax = limits.downUnackedMax;
    this.#pubacks = new Pubacks(client.stream);
    this.port = Number(url.port) || (url.protocol === 'mqtts:' ? 8883 : 1883);
  }

  start(): Promise<Refusal | null> {
    const client = this.#client;
    client.handleMessage = (packet, callback) => this.#take(packet, callback);
    return new Promise((resolve) => {
      let last = 'no answer';
      client.on('connect', (connack) => {
        this.#pubacks = new Pubacks(client.stream);
        const granted = connack.properties?.receiveMaximum ?? 65_535;
        this.#downUnackedMax = Math.min(this.#limits.downUnackedMax, granted);
        // Also on a resumed session, which may be older than this topic.
        this.#subscribe().then(resolve, resolve);
      });
      client.on('error', (error) => {
        last = error.message || String((error as NodeJS.ErrnoException).code);
        const reason = (error as { code?: unknown }).code;
        const denied = typeof reason === 'number' && [4, 5, 134, 135].includes(reason);
        resolve({ code: denied ? 'not_authorized' : 'unreachable', detail: last });
      });
      client.on('close', () => {
        this.#downWaiting = [];
        this.#release();
        this.#handlers.onBrokerState?.('disconnected', last);
        resolve({ code: 'unreachable', detail: last });
      });
      client.connect();
    });
  }

  publishDown(device: string, payload: Uint8Array): void {
    if (!this.#client.connected || this.#downWaiting.length >= this.#limits.downUnackedMax) {
      this.#counts.downlinksDropped++;
      return;
    }
    const { buffer, byteOffset, byteLength } = payload;
    this.#downWaiting.push({
      topic: topicOf(device, 'down'),
      payload: Buffer.from(buffer, byteOffset, byteLength),
    });
    this.#sendDown();
  }

  isListening(_device: string): boolean {
    return this.#client.connected;
  }

  /** The connection belongs to the broker; its own password file ends it. */
  disconnect(_device: string): void {}

  connections(): number {
    return this.#client.connected ? 1 : 0;
  }

  counts(): BrokerCounts {
    return { ...this.#counts, pendingBytes: this.#pendingBytes };
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#counts.pendingFrames > 0 && this.#client.connected) {
      await within(this.#limits.closeGraceMs, (resolve) => {
        this.#onDrained = resolve;
      });
    }
    // The last PUBACKs are written at the end of the turn in which their frames settled.
    await new Promise((resolve) => setImmediate(resolve));
    await within(this.#limits.closeGraceMs, (resolve) => this.#client.end(false, {}, resolve));
    await new Promise<void>((resolve) => this.#client.end(true, {}, () => resolve()));
  }

  async #subscribe(): Promise<Refusal | null> {
    // rh 2: no retained messages; a retained frame is nobody's reading of today.
    const [grant] = await this.#client.subscribeAsync(UPLINK_FILTER, { qos: 1, rh: 2 });
    if (grant?.qos === 1) {
      this.#handlers.onBrokerState?.('connected', '');
      return null;
    }
    const detail = `subscription to ${UPLINK_FILTER} refused`;
    this.#handlers.onBrokerState?.('subscription_refused', detail);
    return { code: 'subscription_refused', detail };
  }

  #take(packet: IPublishPacket, callback: (error?: Error) => void): void {
    // Nothing to acknowledge, so nothing to promise: a device must use QoS 1.
    if (packet.qos !== 1) {
      this.#counts.messagesIgnored++;
      callback();
      return;
    }
    const pubacks = this.#pubacks;
    const owed = pubacks.expect(packet.messageId ?? 0);
    const topic = parseTopic(packet.topic);
    const payload = packet.payload as Buffer;
    const isFrame = topic?.direction === 'up' && payload.length <= FRAME_BYTES_MAX;
    if (topic === null || !isFrame || packet.retain) {
      this.#counts.messagesIgnored++;
      pubacks.settle(owed);
    } else {
      this.#handOver(topic.device, payload, () => pubacks.settle(owed));
    }
    // The call that lets mqtt.js read on: at once, so that many frames are in flight, or later.
    const next = () => callback(pubackFollowsCommit);
    if (this.#pendingBytes < this.#limits.pendingBytesMax && !this.#closing) {
      next();
      return;
    }
    this.#counts.pauses++;
    this.#resume = next;
  }

  #handOver(device: string, payload: Buffer, settle: () => number): void {
    this.#counts.frames++;
    this.#counts.pendingFrames++;
    this.#pendingBytes += payload.length;
    let settled = false;
    this.#handlers.onFrame(device, payload, () => {
      if (settled) return;
      settled = true;
      this.#pendingBytes -= payload.length;
      this.#counts.pendingFrames--;
      this.#counts.pubacks += settle();
      if (this.#pendingBytes < this.#limits.pendingBytesMax && !this.#closing) this.#release();
      if (this.#counts.pendingFrames === 0) this.#onDrained?.();
    });
  }

  #release(): void {
    const resume = this.#resume;
    this.#resume = null;
    resume?.();
  }

  #sendDown(): void {
    while (this.#downUnacked < this.#downUnackedMax) {
      const next = this.#downWaiting.shift();
      if (next === undefined) return;
      this.#downUnacked++;
      this.#counts.downlinks++;
      this.#client.publish(next.topic, next.payload, { qos: 1 }, () => {
        this.#downUnacked--;
        this.#sendDown();
      });
    }
  }
}

function within(ms: number, wait: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, ms);
    wait(() => {
      clearTimeout(late);
      resolve();
    });
  });
}

function clientOptions(options: ExternalOptions, limits: ExternalLimits): IClientOptions {
  const { clientId, username, password, protocolVersion = 5, tls } = options;
  return {
    clientId,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...tls,
    protocolVersion,
    // What we have not acknowledged is sent again on the next connection, also of a later process.
    clean: false,
    manualConnect: true,
    resubscribe: false,
    connectTimeout: limits.connectTimeoutMs,
    reconnectPeriod: limits.reconnectMs,
    reconnectOnConnackError: true,
    keepalive: limits.keepaliveS,
    ...(protocolVersion === 5
      ? {
          properties: {
            sessionExpiryInterval: 0xffff_ffff,
            receiveMaximum: limits.windowFramesMax,
            maximumPacketSize: FRAME_BYTES_MAX + 1_024,
          },
        }
      : {}),
  };
}
