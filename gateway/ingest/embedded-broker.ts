// The broker inside the gateway: aedes (MQTT 3.1.1) for the protocol, and around it what makes it
// an ingest: PUBACK after COMMIT, one credential per device, and a bound on everything.

/** @module embedded-broker */
import type net from 'node:net';
import tls from 'node:tls';
import { isDeviceUrn } from '@truegrain/device-sdk/formats/device-urn.js';
import { ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { topicOf } from '@truegrain/device-sdk/formats/topic.js';
import { Aedes, type AedesOptions, type Client, type PublishPacket } from 'aedes';
import type {
  Broker,
  BrokerCounts,
  BrokerErrorCode,
  ConnectionRefusal,
  IngestHandlers,
} from './broker.ts';
import {
  type ConnectionHost,
  type ConnectionLimits,
  DeviceConnection,
} from './device-connection.ts';
import { createListener, type ListenerTls, listen } from './listener.ts';
import { noSessions } from './no-sessions.ts';
import { PendingBudget } from './pending-budget.ts';

export interface EmbeddedLimits extends ConnectionLimits {
  connectionsMax: number;
  /** From TCP (or TLS) accept to CONNECT. */
  connectTimeoutMs: number;
  /** Silence of a device that asked for no keep-alive, or for a longer one. */
  idleMsMax: number;
  /** From the header of a packet to its last byte: 256 KiB at 9,600 baud take 220 s. */
  packetMsMax: number;
  /** Bytes between socket and COMMIT, over all connections. */
  pendingBytesMax: number;
  /** How long `close` waits for pending frames to settle. */
  closeGraceMs: number;
}

export const embeddedDefaults: EmbeddedLimits = {
  connectionsMax: 2_048,
  connectTimeoutMs: 10_000,
  idleMsMax: 600_000,
  packetMsMax: 300_000,
  pendingBytesMax: 64 * 1_048_576,
  closeGraceMs: 2_000,
  windowFramesMax: 256,
  downUnackedMax: 1_024,
  writeBufferBytesMax: 262_144,
};

export interface EmbeddedOptions {
  /** 0 takes a free one. */
  port: number;
  /** Loopback unless told otherwise. */
  host?: string;
  /** PEM. With `ca`, devices must show a certificate it signed, besides their credential. */
  tls?: ListenerTls;
  limits?: Partial<EmbeddedLimits>;
  handlers: IngestHandlers;
}

/** Refuses with a code what an operator can mend: a taken port, a foreign address, a bad key. */
export async function openEmbeddedBroker(
  options: EmbeddedOptions,
): Promise<Result<Broker, BrokerErrorCode>> {
  const limits = { ...embeddedDefaults, ...options.limits };
  const created = createListener(options.tls, limits);
  if (!created.ok) return created;
  const broker = new EmbeddedBroker(created.value, limits, options.handlers);
  const listening = await listen(created.value, options.port, options.host ?? '127.0.0.1');
  if (!listening.ok) return listening;
  await broker.start();
  return ok(broker);
}

/** Uplinks end in `authorizePublish` and downlinks start at the connection: nothing is routed. */
class UnroutedAedes extends Aedes {
  override publish(_packet: PublishPacket, ...rest: unknown[]): void {
    const done = rest.at(-1);
    if (typeof done === 'function') done();
  }
}

class EmbeddedBroker implements Broker, ConnectionHost {
  readonly limits: EmbeddedLimits;
  readonly budget: PendingBudget;
  closing = false;
  nowMs = performance.now();

  readonly #server: net.Server;
  readonly #handlers: IngestHandlers;
  readonly #aedes: Aedes;
  readonly #onFrame: IngestHandlers['onFrame'];
  readonly #byClient = new WeakMap<Client, DeviceConnection>();
  readonly #byDevice = new Map<string, DeviceConnection>();
  readonly #sockets = new Set<DeviceConnection>();
  #sweep: NodeJS.Timeout | undefined;
  #onDrained: (() => void) | null = null;
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

  constructor(server: net.Server, limits: EmbeddedLimits, handlers: IngestHandlers) {
    this.#server = server;
    this.limits = limits;
    this.#handlers = handlers;
    this.#onFrame = (device, payload, done) => handlers.onFrame(device, payload, done);
    this.budget = new PendingBudget(limits.pendingBytesMax);
    this.#aedes = new UnroutedAedes({ ...this.#hooks(), persistence: noSessions });
    server.on(server instanceof tls.Server ? 'secureConnection' : 'connection', (socket) =>
      this.#accept(socket),
    );
    server.on('drop', () => handlers.onRefusedConnection?.('too_many_connections', null));
    server.on('tlsClientError', () => handlers.onRefusedConnection?.('protocol', null));
  }

  async start(): Promise<void> {
    this.#watch();
    await this.#aedes.listen();
    this.#sweep = setInterval(() => this.#sweepConnections(), 1_000);
    this.#sweep.unref();
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  publishDown(device: string, payload: Uint8Array): void {
    if (this.#byDevice.get(device)?.publishDown(payload)) this.#counts.downlinks++;
    else this.#counts.downlinksDropped++;
  }

  isListening(device: string): boolean {
    return this.#byDevice.get(device)?.isListening ?? false;
  }

  disconnect(device: string): void {
    this.#byDevice.get(device)?.socket.destroy();
  }

  connections(): number {
    return this.#byDevice.size;
  }

  counts(): BrokerCounts {
    return { ...this.#counts, pendingBytes: this.budget.bytes };
  }

  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    if (this.#counts.pendingFrames > 0) await this.#drained();
    // The last PUBACKs are written at the end of the turn in which their frames settled.
    await new Promise((resolve) => setImmediate(resolve));
    clearInterval(this.#sweep);
    // destroySoon flushes the last PUBACKs; a peer that takes nothing is cut off.
    for (const { socket } of this.#sockets) socket.destroySoon();
    const cut = setTimeout(() => {
      for (const { socket } of this.#sockets) socket.destroy();
    }, this.limits.closeGraceMs);
    await closed;
    clearTimeout(cut);
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
  }

  refused(connection: DeviceConnection, reason: ConnectionRefusal): void {
    this.#handlers.onRefusedConnection?.(reason, connection.device || null);
  }

  paused(): void {
    this.#counts.pauses++;
  }

  settled(pubacks: number): void {
    this.#counts.pubacks += pubacks;
    this.#counts.pendingFrames--;
    if (this.#counts.pendingFrames === 0) this.#onDrained?.();
  }

  async #drained(): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onDrained = resolve;
      late = setTimeout(resolve, this.limits.closeGraceMs);
    });
    clearTimeout(late);
  }

  #accept(socket: net.Socket): void {
    socket.setNoDelay(true);
    const connection = new DeviceConnection(socket, this);
    this.#sockets.add(connection);
    socket.once('close', () => {
      this.#sockets.delete(connection);
      if (this.#byDevice.get(connection.device) === connection) {
        this.#byDevice.delete(connection.device);
      }
    });
    this.#byClient.set(this.#aedes.handle(socket), connection);
  }

  #hooks(): AedesOptions {
    return {
      connectTimeout: this.limits.connectTimeoutMs,
      // MQTT 3.1 has no client identifier of a URN's length and no refusal of a subscription.
      maxClientsIdLength: 0,
      preConnect: (client, packet, callback) => {
        const connection = this.#connectionOf(client);
        connection.hasWill = packet.will !== undefined;
        connection.idleMsMax = (packet.keepalive ?? 0) * 1_500;
        // The sweep watches for silence instead: aedes would take our own backpressure for it.
        packet.keepalive = 0;
        packet.clean = true;
        callback(null, true);
      },
      authenticate: (client, username, password, done) => {
        const refused = this.#authenticate(client, username, password);
        if (refused === null) return done(null, true);
        const error = Object.assign(new Error(refused.reason), { returnCode: refused.returnCode });
        return done(error as Parameters<typeof done>[0], null);
      },
      authorizePublish: (client, packet, callback) => {
        if (client === null) return callback(new Error('no client'));
        const connection = this.#connectionOf(client);
        if (packet.topic !== connection.upTopic) {
          connection.refuse('foreign_topic');
          return callback(new Error('foreign topic'));
        }
        this.#counts.frames++;
        this.#counts.pendingFrames++;
        const { messageId: packetId = 0, length: bytes = 0 } = packet;
        const payload = packet.payload as Buffer;
        // `callback` is never called: it would make aedes write a PUBACK and route the message.
        return connection.take({ packetId, bytes, payload }, this.#onFrame);
      },
      authorizeSubscribe: (client, subscription, callback) => {
        if (subscription.topic === this.#connectionOf(client).downTopic) {
          return callback(null, subscription);
        }
        this.#counts.subscriptionsRefused++;
        return callback(null, null);
      },
    };
  }

  #authenticate(
    client: Client,
    username: string | undefined,
    password: Uint8Array | undefined,
  ): { reason: ConnectionRefusal; returnCode: number } | null {
    const connection = this.#connectionOf(client);
    const refuse = (reason: ConnectionRefusal, returnCode: number) => {
      connection.refusal = reason;
      this.refused(connection, reason);
      return { reason, returnCode };
    };
    if (connection.hasWill) return refuse('will', 5);
    if (username === undefined || password === undefined) return refuse('bad_credentials', 4);
    const proved = this.#handlers.authenticate(client.id, username, password);
    if (proved === null) return refuse('bad_credentials', 4);
    const { device } = proved;
    // One identifier for session, topic and credential; a device can only take over itself.
    if (device !== client.id || !isDeviceUrn(device)) return refuse('client_id', 2);
    this.#byDevice.get(device)?.socket.destroy();
    connection.identify({ device, up: topicOf(device, 'up'), down: topicOf(device, 'down') });
    this.#byDevice.set(device, connection);
    return null;
  }

  #watch(): void {
    const aedes = this.#aedes;
    aedes.on('clientReady', (client) => this.#connectionOf(client).open());
    aedes.on('ack', (_packet, client) => this.#connectionOf(client).downAcked());
    aedes.on('subscribe', (subscriptions, client) => {
      const connection = this.#connectionOf(client);
      const own = subscriptions.find(({ topic }) => topic === connection.downTopic);
      if (own === undefined || (own.qos as number) === 128) return;
      connection.listen(own.qos === 0 ? 0 : 1);
      if (connection.isReady) this.#handlers.onSubscribed?.(connection.device);
    });
    aedes.on('unsubscribe', (topics, client) => {
      const connection = this.#connectionOf(client);
      if (topics.includes(connection.downTopic)) connection.listen(null);
    });
    const failed = (client: Client, error: Error) => {
      const connection = this.#connectionOf(client);
      // An error with a `code` is the network's; the rest is what the device sent or didn't.
      if (!('code' in error)) connection.refuse('protocol');
    };
    aedes.on('connectionError', failed);
    aedes.on('clientError', failed);
  }

  #connectionOf(client: Client): DeviceConnection {
    const connection = this.#byClient.get(client);
    if (connection === undefined) throw new Error('aedes names a client that was never accepted');
    return connection;
  }

  #sweepConnections(): void {
    this.nowMs = performance.now();
    for (const connection of this.#sockets) {
      if (connection.isWaitingForUs) {
        connection.lastReadMs = this.nowMs;
        continue;
      }
      const asked = connection.idleMsMax || Number.POSITIVE_INFINITY;
      const silentMs = this.nowMs - connection.lastReadMs;
      if (silentMs > Math.min(asked, this.limits.idleMsMax)) connection.refuse('idle');
      const since = connection.packetSinceMs;
      if (since >= 0 && this.nowMs - since > this.limits.packetMsMax) connection.refuse('slow');
    }
  }
}
