// The thread that holds the engine's socket, so that an engine is never kept waiting with its write:
// v0.38's client flushes after 20 ns (abci/client/socket_client.go, flushThrottleMS without a unit),
// and while a message of more than the kernel's 208 KiB is not taken, its timer fires over and over
// and burns two thirds of what the engine burns in all (measured at 1 MiB blocks, 2026-11-28).

/** @module abci-socket */
import { chmodSync, rmSync } from 'node:fs';
import net from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { Refused } from '@truegrain/device-sdk/formats/result.js';
import { FrameParser, type FrameRefusalCode } from './framing.ts';

/** Four of the engine, and four of the one before it that is not gone yet. */
const CONNECTIONS_MAX = 8;

/** Read ahead and not answered, of one connection: beyond it the engine waits after all. */
const UNANSWERED_BYTES_MAX = 16 * 1024 * 1024;

export interface AbciSocketData {
  readonly path: string;
  readonly frameBytesMax: number | undefined;
}

export type FromSocket =
  | { readonly kind: 'listening' }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'opened' | 'closed'; readonly id: number }
  | { readonly kind: 'message'; readonly id: number; readonly message: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'refused'; readonly id: number; readonly refusal: Refused<FrameRefusalCode> };

export type ToSocket =
  /** The last one ends the connection once the kernel has it. */
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly frame: Uint8Array;
      readonly isLast: boolean;
    }
  | { readonly kind: 'close'; readonly id: number };

const port = parentPort;
if (!port) throw new Error('abci-socket runs as a worker thread');

const connections = new Map<number, Connection>();
let opened = 0;

class Connection {
  readonly #socket: net.Socket;
  readonly #parser: FrameParser;
  /** Lengths of what was read and not answered, oldest first. */
  readonly #unanswered: number[] = [];
  #unansweredBytes = 0;
  readonly #id: number;

  constructor(socket: net.Socket, { id, bytesMax }: { id: number; bytesMax: number | undefined }) {
    this.#socket = socket;
    this.#parser = new FrameParser(bytesMax);
    this.#id = id;
    socket.on('data', (chunk) => this.#onData(chunk));
    // What broke a connection is its engine's end, which engine.ts sees.
    socket.on('error', () => {});
    socket.on('close', () => {
      connections.delete(id);
      post({ kind: 'closed', id });
    });
  }

  answer(frame: Uint8Array, isLast: boolean): void {
    this.#unansweredBytes -= this.#unanswered.shift() ?? 0;
    if (this.#unansweredBytes < UNANSWERED_BYTES_MAX) this.#socket.resume();
    if (isLast) this.#socket.end(frame, () => this.#socket.destroy());
    else this.#socket.write(frame);
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Uint8Array): void {
    const id = this.#id;
    const messages = this.#parser.push(chunk);
    if (!messages.ok) {
      post({ kind: 'refused', id, refusal: messages });
      this.#socket.destroy();
      return;
    }
    for (const message of messages.value) {
      this.#unanswered.push(message.length);
      this.#unansweredBytes += message.length;
      post({ kind: 'message', id, message }, [message.buffer]);
    }
    if (this.#unansweredBytes >= UNANSWERED_BYTES_MAX) this.#socket.pause();
  }
}

function post(message: FromSocket, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

const { path, frameBytesMax } = workerData as AbciSocketData;
const server = net.createServer((socket) => {
  opened += 1;
  const id = opened;
  connections.set(id, new Connection(socket, { id, bytesMax: frameBytesMax }));
  post({ kind: 'opened', id });
});
server.maxConnections = CONNECTIONS_MAX;
// A socket left by a killed process is replaced: the folder belongs to this process alone
// (store/lock.ts).
rmSync(path, { force: true });
server.once('error', (error) => post({ kind: 'failed', detail: error.message }));
server.listen(path, () => {
  chmodSync(path, 0o600);
  post({ kind: 'listening' });
});

port.on('message', (message: ToSocket) => {
  const connection = connections.get(message.id);
  if (message.kind === 'close') connection?.close();
  else connection?.answer(message.frame, message.isLast);
});
