import net from 'node:net';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { type Downlink, parseDownlink } from '@truegrain/device-sdk/formats/downlink.js';
import { topicOf } from '@truegrain/device-sdk/formats/topic.js';
import {
  type ControlPacket,
  connectPacket,
  PacketSplitter,
  publishPacket,
  subscribePacket,
} from './mqtt-wire.ts';

export interface LinkTarget {
  readonly host: string;
  readonly port: number;
  readonly device: string;
  readonly password: string;
}

/** The peer closed the connection, or did not answer in time. */
export class LinkError extends Error {}

const ANSWER_MS_MAX = 10_000;

/** One MQTT connection of one device, with every answer the gateway ever gave on it. */
export class DeviceLink {
  readonly #device: string;
  readonly #socket: net.Socket;
  readonly #splitter = new PacketSplitter();
  readonly #answers = new Map<string, Downlink[]>();
  readonly #acked = new Set<number>();
  #returnCode: number | null = null;
  #subscribed = false;
  #closed = false;
  #nextPacketId = 0;
  #waiting: (() => void)[] = [];

  private constructor(target: LinkTarget) {
    this.#device = target.device;
    this.#socket = net.connect({ host: target.host, port: target.port, noDelay: true });
    this.#socket.on('data', (chunk) => {
      for (const one of this.#splitter.push(chunk)) this.#take(one);
      this.#wake();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** Connected and listening; throws LinkError where the gateway refuses the credential. */
  static async open(target: LinkTarget): Promise<DeviceLink> {
    const link = new DeviceLink(target);
    const { device, password } = target;
    link.raw(connectPacket({ clientId: device, username: device, password }));
    await link.#until(() => link.#returnCode !== null);
    if (link.#returnCode !== 0) {
      link.cut();
      throw new LinkError(`CONNECT refused with ${link.#returnCode}`);
    }
    link.raw(subscribePacket(link.#packetId(), topicOf(device, 'down')));
    await link.#until(() => link.#subscribed);
    return link;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  raw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Resolves with the PUBACK, which the gateway sends after COMMIT. */
  async publish(payload: Uint8Array, topic = topicOf(this.#device, 'up')): Promise<void> {
    const packetId = this.#packetId();
    this.raw(publishPacket(topic, packetId, payload));
    await this.#until(() => this.#acked.has(packetId));
  }

  /** The receipt or refusal of a statement, whenever it comes. */
  async answerOf(id: Uint8Array): Promise<Exclude<Downlink, { kind: 'accepted' }>> {
    const key = toHex(id);
    const final = () => this.#answers.get(key)?.find(({ kind }) => kind !== 'accepted');
    await this.#until(() => final() !== undefined);
    return final() as Exclude<Downlink, { kind: 'accepted' }>;
  }

  /** The receipt alone, whatever refusals of changed copies come before it. */
  async receiptOf(id: Uint8Array): Promise<Uint8Array> {
    const found = () => this.#answers.get(toHex(id))?.find(({ kind }) => kind === 'receipt');
    await this.#until(() => found() !== undefined);
    const answer = found();
    return answer?.kind === 'receipt' ? answer.receipt : new Uint8Array();
  }

  /** Forgets earlier answers about this statement, so that the next one is awaited. */
  forget(id: Uint8Array): void {
    this.#answers.delete(toHex(id));
  }

  async untilClosed(): Promise<void> {
    await this.#until(() => this.#closed);
  }

  cut(): void {
    this.#socket.destroy();
  }

  #packetId(): number {
    this.#nextPacketId = (this.#nextPacketId % 65_535) + 1;
    return this.#nextPacketId;
  }

  #take({ first, body }: ControlPacket): void {
    const type = first >> 4;
    if (type === 2) this.#returnCode = body[1] ?? 255;
    else if (type === 4) this.#acked.add(packetIdOf(body, 0));
    else if (type === 9) this.#subscribed = body[2] !== 128;
    else if (type === 3) this.#takeDownlink(first, body);
  }

  #takeDownlink(first: number, body: Uint8Array): void {
    const topicEnd = 2 + packetIdOf(body, 0);
    const acknowledged = ((first >> 1) & 3) > 0;
    if (acknowledged) {
      this.raw(Uint8Array.of(0x40, 2, ...body.subarray(topicEnd, topicEnd + 2)));
    }
    const parsed = parseDownlink(body.subarray(acknowledged ? topicEnd + 2 : topicEnd));
    if (!parsed.ok) return;
    const key = toHex(parsed.value.id);
    this.#answers.set(key, [...(this.#answers.get(key) ?? []), parsed.value]);
  }

  async #until(condition: () => boolean): Promise<void> {
    const giveUp = AbortSignal.timeout(ANSWER_MS_MAX);
    giveUp.addEventListener('abort', () => this.#wake());
    while (!condition()) {
      if (this.#closed) throw new LinkError('the gateway closed the connection');
      if (giveUp.aborted) throw new LinkError(`no answer within ${ANSWER_MS_MAX} ms`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

function packetIdOf(body: Uint8Array, at: number): number {
  return ((body[at] ?? 0) << 8) | (body[at + 1] ?? 0);
}
