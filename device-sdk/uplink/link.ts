/**
 * One MQTT 3.1.1 connection from CONNECT to its end. mqtt.js is used as a codec with keepalive and
 * nothing more: it never reconnects, never stores, never publishes while offline, because its own
 * queue loses QoS 1 publishes on a disconnect during replay (mqttjs/MQTT.js#2015).
 *
 * @module link
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { IClientOptions, MqttClient } from 'mqtt';
import { fail, ok, type Result } from '../formats/result.ts';

export interface LinkTls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
}

export interface LinkOptions {
  /** `mqtt://` or `mqtts://`. */
  readonly url: string;
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
  readonly keepaliveS?: number;
  readonly connectTimeoutMs?: number;
  readonly tls?: LinkTls;
  /** Subscribed and granted before `openLink` resolves: no answer can be missed. */
  readonly downTopic: string;
  readonly upTopic: string;
  readonly onDown: (payload: Uint8Array) => void;
}

export interface Link {
  /** Resolves with the reason when the connection is over; never rejects. */
  readonly ended: Promise<string>;
  /** `onPuback` says only that the broker has it. */
  publish(frame: Uint8Array, onPuback: () => void): void;
  /** DISCONNECT and close; frames in flight stay in the queue. */
  close(reason: string): void;
}

export type LinkRefusal =
  | 'unreachable'
  /** CONNACK with a return code: credentials or client id. */
  | 'refused'
  /** SUBACK 0x80: not our downlink topic, says the broker. */
  | 'subscribe_refused';

const REFUSED_QOS = 128;

export async function openLink(
  options: LinkOptions,
  signal: AbortSignal,
): Promise<Result<Link, LinkRefusal>> {
  let endReason = 'closed by the peer';
  // Loaded with the first connection: the boot record is signed and queued before that.
  const client = await newClient(options, (error) => {
    endReason = error.message;
  });
  if (signal.aborted) {
    client.end(true);
    return fail('unreachable', 'stopped');
  }
  let isOver = false;
  const ended = new Promise<string>((resolve) => {
    client.on('close', () => {
      isOver = true;
      client.removeAllListeners('message');
      resolve(endReason);
    });
  });
  const close = (reason: string) => {
    if (!isOver) endReason = reason;
    client.end(true);
  };
  let refusal: LinkRefusal = 'unreachable';
  client.on('error', (error) => {
    // mqtt.js gives CONNACK return codes as numbers and socket errors as strings.
    if (typeof (error as { code?: unknown }).code === 'number') refusal = 'refused';
    endReason = error.message || String((error as { code?: unknown }).code);
  });
  const abort = () => close('stopped');
  signal.addEventListener('abort', abort, { once: true });
  void ended.then(() => signal.removeEventListener('abort', abort));
  client.on('message', (topic, payload) => {
    if (topic === options.downTopic) options.onDown(payload);
  });
  const connected = await Promise.race([
    new Promise<boolean>((resolve) => client.once('connect', () => resolve(true))),
    ended.then(() => false),
  ]);
  if (!connected) {
    client.end(true);
    return fail(refusal, endReason);
  }
  const granted = await Promise.race([
    subscribe(client, options.downTopic),
    ended.then(() => `connection lost: ${endReason}`),
  ]);
  if (granted !== null) {
    close(granted);
    return fail(isOver ? 'unreachable' : 'subscribe_refused', granted);
  }
  return ok({ ended, close, publish: publisher(client, options.upTopic) });
}

/**
 * The client class alone: `mqtt` itself also loads WebSockets and SOCKS, 150 KB and 3 MB of memory
 * that no device uses.
 */
async function newClient(
  options: LinkOptions,
  onSocketError: (error: Error) => void,
): Promise<MqttClient> {
  const { default: imported } = await import('mqtt/lib/client');
  // CommonJS: Node gives `module.exports`, whose own `default` is the class; some loaders the class.
  const Client = typeof imported === 'function' ? imported : imported.default;
  const open = () => {
    const socket = openSocket(options);
    socket.once('error', onSocketError);
    return socket;
  };
  return new Client(open, clientOptions(options));
}

const PORTS: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883 };

function openSocket({ url, tls }: LinkOptions): Socket {
  const { protocol, hostname, port: given } = new URL(url);
  // A URL has an IPv6 address in brackets.
  const host = hostname.replace(/^\[|\]$/g, '');
  const port = given === '' ? (PORTS[protocol] ?? 1883) : Number(given);
  if (protocol !== 'mqtts:') return connectTcp({ host, port, noDelay: true });
  const name = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({
    ...name,
    ...tls,
    host,
    port,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
  });
}

function clientOptions(options: LinkOptions): IClientOptions {
  return {
    protocolVersion: 4,
    clean: true,
    clientId: options.clientId,
    username: options.username,
    password: options.password,
    keepalive: options.keepaliveS ?? 30,
    connectTimeout: options.connectTimeoutMs ?? 15_000,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // Node's own timers; the default starts a worker.
    timerVariant: 'native',
  };
}

function subscribe(client: MqttClient, topic: string): Promise<string | null> {
  return new Promise((resolve) => {
    client.subscribe(topic, { qos: 1 }, (error, granted) => {
      if (error) resolve(error.message);
      else if (granted?.some(({ qos }) => (qos as number) === REFUSED_QOS)) {
        resolve(`subscription to ${topic} refused`);
      } else resolve(null);
    });
  });
}

function publisher(client: MqttClient, topic: string): Link['publish'] {
  return (frame, onPuback) => {
    const payload = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
    client.publish(topic, payload, { qos: 1 }, (error) => {
      if (!error) onPuback();
    });
  };
}
