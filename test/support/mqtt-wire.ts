// MQTT 3.1.1 packets by hand and a socket that speaks them, so that tests and benches see exactly
// what is on the wire and when.
import net from 'node:net';
import { encodePublish } from '../../gateway/ingest/device-connection.ts';

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}

export function packet(first: number, ...body: Uint8Array[]): Buffer {
  const bytes = Buffer.concat(body);
  return Buffer.concat([fixedHeader(first, bytes.length), bytes]);
}

export function fixedHeader(first: number, length: number): Buffer {
  const header = [first];
  let rest = length;
  do {
    const low = rest & 127;
    rest >>>= 7;
    header.push(rest > 0 ? low | 128 : low);
  } while (rest > 0);
  return Buffer.from(header);
}

export interface ConnectFields {
  clientId: string;
  username?: string;
  password?: string;
  version?: number;
  keepalive?: number;
  will?: boolean;
}

export function connectPacket(fields: ConnectFields): Buffer {
  const { clientId, username = clientId, password = 'secret', version = 4 } = fields;
  const flags = 0x80 | 0x40 | 0x02 | (fields.will ? 0x04 : 0);
  const keepalive = fields.keepalive ?? 60;
  return packet(
    0x10,
    text('MQTT'),
    Buffer.from([version, flags, keepalive >> 8, keepalive & 255]),
    version === 5 ? Buffer.from([0]) : Buffer.alloc(0),
    text(clientId),
    fields.will ? Buffer.concat([text('tg/1/x/up'), text('gone')]) : Buffer.alloc(0),
    text(username),
    text(password),
  );
}

export function publishPacket(topic: string, packetId: number, payload: Uint8Array): Buffer {
  return encodePublish(Buffer.from(topic), packetId, payload);
}

export function subscribePacket(packetId: number, ...topics: string[]): Buffer {
  const filters = topics.map((topic) => Buffer.concat([text(topic), Buffer.from([1])]));
  return packet(0x82, Buffer.from([packetId >> 8, packetId & 255]), ...filters);
}

export interface Received {
  first: number;
  body: Buffer;
}

/** A raw connection that splits what it receives into control packets. */
export class WireClient {
  readonly socket: net.Socket;
  readonly received: Received[] = [];
  closed = false;
  #rest: Buffer = Buffer.alloc(0);
  #waiting: (() => void)[] = [];

  constructor(port: number) {
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
      this.#notify();
    });
  }

  static async open(port: number, fields: ConnectFields): Promise<WireClient> {
    const client = new WireClient(port);
    client.socket.write(connectPacket(fields));
    await client.until(() => client.of(0x20).length === 1);
    return client;
  }

  of(first: number): Buffer[] {
    return this.received.filter((one) => one.first === first).map(({ body }) => body);
  }

  get pubacked(): number[] {
    return this.of(0x40).map((body) => body.readUInt16BE(0));
  }

  /** Resolves when the condition holds; rejects when the socket closes before. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.closed) throw new Error('connection closed');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async untilClosed(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #take(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let end = packetEnd(this.#rest); end > 0; end = packetEnd(this.#rest)) {
      const whole = this.#rest.subarray(0, end);
      const bodyAt = whole.findIndex((byte, at) => at > 0 && byte < 128) + 1;
      this.received.push({ first: whole[0] as number, body: whole.subarray(bodyAt) });
      this.#rest = this.#rest.subarray(end);
    }
    this.#notify();
  }

  #notify(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

/** Where the first packet ends; 0 while it is incomplete. */
function packetEnd(bytes: Uint8Array): number {
  let length = 0;
  for (let at = 1, shift = 0; at < bytes.length; at++, shift += 7) {
    const byte = bytes[at] as number;
    length += (byte & 127) << shift;
    if (byte < 128) return at + 1 + length <= bytes.length ? at + 1 + length : 0;
  }
  return 0;
}
