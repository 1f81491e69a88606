// One device's socket as aedes sees it: what it may read, how many frames are in flight, the order
// of its PUBACKs, and its downlink.

/** @module device-connection */
import type { Socket } from 'node:net';
import { FRAME_BYTES_MAX } from '@truegrain/device-sdk/formats/frame.js';
import type { ConnectionRefusal } from './broker.ts';
import type { PendingBudget } from './pending-budget.ts';
import { Pubacks } from './pubacks.ts';
import { isPublish, PacketScanner, packetType, type Verdict } from './size-guard.ts';

export interface ConnectionLimits {
  /** Frames of one device between socket and COMMIT; the next one stays in the socket. */
  windowFramesMax: number;
  /** Answers written and not yet PUBACKed by the device. */
  downUnackedMax: number;
  /** Bytes waiting in the socket's write buffer; above, nothing is read and no answer is added. */
  writeBufferBytesMax: number;
}

/** What all connections of one broker share. */
export interface ConnectionHost {
  readonly limits: ConnectionLimits;
  readonly budget: PendingBudget;
  readonly closing: boolean;
  /** Coarse monotonic time, advanced by the broker's sweep. */
  readonly nowMs: number;
  refused(connection: DeviceConnection, reason: ConnectionRefusal): void;
  paused(): void;
  settled(pubacks: number): void;
}

/** Generous for a URN, its repetition as user name, and a 43-character password. */
const connectBytesMax = 2_048;
const subscribeBytesMax = 1_024;
const topicBytesMax = 1_024;

export class DeviceConnection {
  readonly socket: Socket;
  readonly #host: ConnectionHost;
  readonly #scanner: PacketScanner;
  readonly #pubacks: Pubacks;
  readonly #readSocket: (size?: number) => Buffer | null;
  readonly #wake = (): void => this.#kick(1);

  /** Set by `identify`; empty before. */
  device = '';
  upTopic = '';
  downTopic = '';
  hasWill = false;
  /** 1.5 times the keep-alive the device asked for (§3.1.2.10); 0 = none asked. */
  idleMsMax = 0;
  refusal: ConnectionRefusal | null = null;
  lastReadMs: number;
  packetSinceMs = -1;

  #ready = false;
  #connectSeen = false;
  #closed = false;
  #held: Buffer | null = null;
  #starved = false;
  #kicks = 0;
  #inFlight = 0;
  #bytesUnhanded = 0;
  #publishBytesMax = FRAME_BYTES_MAX + topicBytesMax;
  #downQos: 0 | 1 | null = null;
  #downPacketId = 0;
  #downUnacked = 0;
  #downTopicBytes: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, host: ConnectionHost) {
    this.socket = socket;
    this.#host = host;
    this.lastReadMs = host.nowMs;
    this.#pubacks = new Pubacks(socket);
    this.#scanner = new PacketScanner(
      { connectBytesMax, subscribeBytesMax, publishBytesMax: FRAME_BYTES_MAX + topicBytesMax },
      (first, length) => this.#admit(first, length),
    );
    this.#readSocket = socket.read.bind(socket);
    // aedes pulls with read(null) on 'readable'. Replacing `read` on this one socket puts the guard
    // in front of the parser without a stream in between, so no byte is copied on either side.
    socket.read = (size?: number) => (size === 0 ? this.#readSocket(0) : this.#read());
    socket.on('drain', this.#wake);
    socket.once('close', () => this.#close());
  }

  identify(topics: { device: string; up: string; down: string }): void {
    this.device = topics.device;
    this.upTopic = topics.up;
    this.downTopic = topics.down;
    this.#downTopicBytes = Buffer.from(topics.down);
    // Topic with its length, packet identifier, frame: exact from here on.
    this.#publishBytesMax = 2 + Buffer.byteLength(topics.up) + 2 + FRAME_BYTES_MAX;
  }

  /** CONNACK is written: what the device sent behind its CONNECT may come in now. */
  open(): void {
    this.#ready = true;
    this.#kick(1);
  }

  get isReady(): boolean {
    return this.#ready && !this.#closed;
  }

  /** Left unread by our own choice, or waiting for us: such silence is not the device's. */
  get isWaitingForUs(): boolean {
    return this.#starved || this.#inFlight > 0;
  }

  refuse(reason: ConnectionRefusal): void {
    if (this.refusal !== null) return;
    this.refusal = reason;
    this.#host.refused(this, reason);
    this.socket.destroy();
  }

  /** Hands one frame on; `done` gives its bytes back and makes its PUBACK due. */
  take(
    frame: { packetId: number; bytes: number; payload: Uint8Array },
    onFrame: (device: string, payload: Uint8Array, done: () => void) => void,
  ): void {
    const { packetId, bytes, payload } = frame;
    this.#bytesUnhanded -= bytes;
    const owed = this.#pubacks.expect(packetId);
    // aedes reads on once every packet of the last chunk is finished, and counts down on 'readable'
    // just so. One count per frame, now: the window decides how many frames are in flight, not the
    // cut of TCP segments. The PUBACK is ours (pubacks.ts), so aedes counts none for it.
    this.#kick(1);
    onFrame(this.device, payload, () => {
      if (owed.settled) return;
      this.#host.budget.release(bytes);
      const sent = this.#pubacks.settle(owed);
      this.#inFlight -= sent;
      this.#host.settled(sent);
      if (this.#starved && sent > 0) this.#kick(1);
    });
  }

  listen(qos: 0 | 1 | null): void {
    this.#downQos = qos;
  }

  get isListening(): boolean {
    return this.#downQos !== null && this.isReady;
  }

  downAcked(): void {
    if (this.#downUnacked > 0) this.#downUnacked--;
  }

  /** Writes the PUBLISH itself, in one piece: no session, so nothing of it is remembered. */
  publishDown(payload: Uint8Array): boolean {
    const qos = this.#downQos;
    const { limits } = this.#host;
    if (qos === null || !this.isReady) return false;
    if (this.socket.writableLength > limits.writeBufferBytesMax) return false;
    if (qos === 1) {
      if (this.#downUnacked >= limits.downUnackedMax) return false;
      this.#downUnacked++;
      this.#downPacketId = (this.#downPacketId % 65_535) + 1;
    }
    if (this.socket.writableCorked === 0) {
      this.socket.cork();
      process.nextTick(uncork, this.socket);
    }
    const packetId = qos === 1 ? this.#downPacketId : null;
    this.socket.write(encodePublish(this.#downTopicBytes, packetId, payload));
    return true;
  }

  #read(): Buffer | null {
    const resumed = this.#held !== null;
    const chunk = this.#held ?? this.#readSocket();
    if (chunk === null || this.refusal !== null) return null;
    this.#held = null;
    this.lastReadMs = this.#host.nowMs;
    const packetsBefore = this.#scanner.packets;
    const { end, verdict } = this.#scanner.scan(chunk);
    // A body trickling in is no progress: its clock starts at its header.
    if (!this.#scanner.midPacket) this.packetSinceMs = -1;
    else if (this.packetSinceMs < 0 || this.#scanner.packets !== packetsBefore) {
      this.packetSinceMs = this.#host.nowMs;
    }
    if (verdict === 'pass') {
      this.#starved = false;
      // A resumed rest has not emptied the socket, so the socket owes us no 'readable'.
      if (resumed) this.#kick(1);
      return chunk;
    }
    if (verdict !== 'hold') {
      this.refuse(verdict);
      return null;
    }
    this.#held = chunk.subarray(end);
    if (!this.#starved) this.#host.paused();
    this.#starved = true;
    return end > 0 ? chunk.subarray(0, end) : null;
  }

  #admit(first: number, length: number): Verdict {
    if (first === packetType.connect) {
      if (this.#connectSeen) return 'protocol';
      this.#connectSeen = true;
      return 'pass';
    }
    if (!this.#connectSeen) return 'protocol';
    const { limits, budget, closing } = this.#host;
    if (!this.#ready || closing) return 'hold';
    if (this.socket.writableLength > limits.writeBufferBytesMax) return 'hold';
    if (!isPublish(first)) return 'pass';
    if (length > this.#publishBytesMax) return 'too_large';
    if (this.#inFlight >= limits.windowFramesMax) return 'hold';
    if (!budget.reserve(length)) {
      budget.wait(this.#wake);
      return 'hold';
    }
    this.#inFlight++;
    this.#bytesUnhanded += length;
    return 'pass';
  }

  /** Makes aedes look again, after the parser has returned: it must not be entered twice. */
  #kick(times: number): void {
    this.#kicks += times;
    if (this.#kicks > times) return;
    setImmediate(() => {
      const kicks = this.#kicks;
      this.#kicks = 0;
      for (let i = 0; i < kicks && !this.#closed; i++) this.socket.emit('readable');
    });
  }

  #close(): void {
    this.#closed = true;
    this.#held = null;
    this.#host.budget.forget(this.#wake);
    this.#host.budget.release(this.#bytesUnhanded);
    this.#bytesUnhanded = 0;
  }
}

function uncork(socket: Socket): void {
  socket.uncork();
}

/** PUBLISH of §3.3; `packetId` null is QoS 0. */
export function encodePublish(
  topic: Uint8Array,
  packetId: number | null,
  payload: Uint8Array,
): Buffer {
  const length = 2 + topic.length + (packetId === null ? 0 : 2) + payload.length;
  const packet = Buffer.allocUnsafe(length + 5);
  let at = 0;
  packet[at++] = packetId === null ? 0x30 : packetType.publish;
  let rest = length;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    packet[at++] = rest > 0 ? low | 0x80 : low;
  } while (rest > 0);
  at = packet.writeUInt16BE(topic.length, at);
  packet.set(topic, at);
  at += topic.length;
  if (packetId !== null) at = packet.writeUInt16BE(packetId, at);
  packet.set(payload, at);
  return packet.subarray(0, at + payload.length);
}
