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
  readonly #serving = new Map<net.Socket, Promise<void>>();
  #ended = false;
  #requests = 0;

  private constructor(options: AbciServerOptions) {
    this.#options = options;
    this.#server = net.createServer((socket) => {
      this.#serving.set(socket, this.#serve(socket));
    });
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
    return this.#serving.size;
  }

  /**
   * Resolves when no handler runs for a connection that is there now: after an engine's end, before
   * the application forgets what was undecided.
   */
  async idle(): Promise<void> {
    await Promise.all(this.#serving.values());
  }

  /** Resolves when no handler runs any more. Not to be awaited from within one. */
  async close(): Promise<void> {
    this.#ended = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#serving.keys()) socket.destroy();
    await closed;
    await this.idle();
  }

  async #serve(socket: net.Socket): Promise<void> {
    const end = await this.#answerAll(socket);
    socket.destroy();
    this.#serving.delete(socket);
    if (end instanceof Error) this.#options.onFatal(end);
    else if (end !== null) this.#options.onRefused(end);
  }

  /** Until the connection ends; null where its engine did that. */
  async #answerAll(socket: net.Socket): Promise<Error | Refused<AbciRefusalCode> | null> {
    const parser = new FrameParser(this.#options.frameBytesMax);
    try {
      // While one request is handled nothing more is read: the rest waits in the socket.
      for await (const chunk of socket) {
        const messages = parser.push(chunk);
        if (!messages.ok) return messages;
        for (const message of messages.value) {
          const request = requestOf(message);
          if (!request.ok) return request;
          const error = await this.#answer(request.value, socket);
          if (error !== null) return error;
          if (this.#ended || socket.destroyed) return null;
        }
      }
    } catch {
      // The connection broke: its engine is gone or going, which engine.ts sees.
    }
    return null;
  }

  async #answer(request: Request, socket: net.Socket): Promise<Error | null> {
    let frame: Uint8Array;
    try {
      const value = await answerTo(request, this.#options.application);
      frame = frameOf(toBinary(ResponseSchema, create(ResponseSchema, { value })));
    } catch (error) {
      return this.#fail(error, socket);
    }
    if (this.#ended) return null;
    await write(socket, frame);
    this.#requests++;
    return null;
  }

  /** The other connections are cut first: none is to answer from a state that is half changed. */
  async #fail(thrown: unknown, socket: net.Socket): Promise<Error | null> {
    if (this.#ended) return null;
    this.#ended = true;
    for (const other of this.#serving.keys()) if (other !== socket) other.destroy();
    const error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
    const value = { case: 'exception', value: { error: error.message } } as const;
    await write(socket, frameOf(toBinary(ResponseSchema, create(ResponseSchema, { value }))));
    return error;
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
