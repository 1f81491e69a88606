// The socket the engine connects to, four times. Each connection gets one response per request, in
// order; the engine ends itself on any mismatch.

/** @module abci-server */
import { chmodSync, rmSync } from 'node:fs';
import net from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { fail, ok, type Refused, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { AbciApplication } from './application.ts';
import { answerTo } from './dispatch.ts';
import { FrameParser, type FrameRefusalCode, frameOf } from './framing.ts';
import { type Request, RequestSchema, ResponseSchema } from './proto/tendermint/abci/types_pb.ts';

/** Four of the engine, and four of the one before it that is not gone yet. */
const CONNECTIONS_MAX = 8;

export type AbciRefusalCode = FrameRefusalCode | 'message_malformed';

export interface AbciServerOptions {
  readonly socketPath: string;
  readonly application: AbciApplication;
  /** A handler threw. The engine has been told; nothing is answered from now on. Called once. */
  onFatal(error: Error): void;
  /** Bytes that no engine sends; that connection is closed, and an engine then ends itself. */
  onRefused(refusal: Refused<AbciRefusalCode>): void;
  readonly frameBytesMax?: number;
}

export class AbciServer {
  readonly #options: AbciServerOptions;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #ended = false;
  #requests = 0;

  private constructor(options: AbciServerOptions) {
    this.#options = options;
    this.#server = net.createServer((socket) => void this.#serve(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /**
   * Resolves when the engine can connect. A socket left by a killed process is replaced: the folder
   * belongs to this process alone (store/lock.ts).
   */
  static async listen(options: AbciServerOptions): Promise<AbciServer> {
    const abci = new AbciServer(options);
    rmSync(options.socketPath, { force: true });
    await new Promise<void>((resolve, reject) => {
      abci.#server.once('error', reject).listen(options.socketPath, resolve);
    });
    chmodSync(options.socketPath, 0o600);
    return abci;
  }

  /** Grows with each request answered: the engine is alive, whatever its RPC says. */
  get requestsAnswered(): number {
    return this.#requests;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    this.#ended = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(socket: net.Socket): Promise<void> {
    this.#sockets.add(socket);
    const parser = new FrameParser(this.#options.frameBytesMax);
    try {
      // While one request is handled nothing more is read: the rest waits in the socket.
      for await (const chunk of socket) {
        const messages = parser.push(chunk);
        if (!messages.ok) return this.#options.onRefused(messages);
        for (const message of messages.value) {
          if (this.#ended) return;
          const request = requestOf(message);
          if (!request.ok) return this.#options.onRefused(request);
          await this.#answer(request.value, socket);
        }
      }
    } catch {
      // The connection broke: its engine is gone or going, which engine.ts sees.
    } finally {
      socket.destroy();
      this.#sockets.delete(socket);
    }
  }

  async #answer(request: Request, socket: net.Socket): Promise<void> {
    let frame: Uint8Array;
    try {
      const value = await answerTo(request, this.#options.application);
      frame = frameOf(toBinary(ResponseSchema, create(ResponseSchema, { value })));
    } catch (error) {
      await this.#fail(error, socket);
      return;
    }
    if (this.#ended) return;
    await write(socket, frame);
    this.#requests++;
  }

  /** The other connections are cut first: none is to answer from a state that is half changed. */
  async #fail(thrown: unknown, socket: net.Socket): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    for (const other of this.#sockets) if (other !== socket) other.destroy();
    const error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
    const value = { case: 'exception', value: { error: error.message } } as const;
    await write(socket, frameOf(toBinary(ResponseSchema, create(ResponseSchema, { value }))));
    this.#options.onFatal(error);
  }
}

function requestOf(message: Uint8Array): Result<Request, 'message_malformed'> {
  try {
    return ok(fromBinary(RequestSchema, message));
  } catch (error) {
    return fail('message_malformed', (error as Error).message);
  }
}

/** Resolves when the kernel has it, or the connection is gone. */
function write(socket: net.Socket, frame: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    socket.write(frame, () => resolve());
  });
}
