// What the engine asks over its four connections. Each gets one response per request, in order; the
// engine ends itself on any mismatch.

/** @module abci-server */
import { Worker } from 'node:worker_threads';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { fail, ok, type Refused, type Result } from '@truegrain/device-sdk/formats/result.js';
import type { AbciSocketData, FromSocket, ToSocket } from './abci-socket.ts';
import type { AbciApplication } from './application.ts';
import { answerTo } from './dispatch.ts';
import { type FrameRefusalCode, frameOf } from './framing.ts';
import { type Request, RequestSchema, ResponseSchema } from './proto/tendermint/abci/types_pb.ts';

export type AbciRefusalCode = FrameRefusalCode | 'message_malformed';

export interface AbciServerOptions {
  readonly socketPath: string;
  readonly application: AbciApplication;
  /** A handler threw. The engine is being told; nothing else is answered from now on. Called once. */
  onFatal(error: Error): void;
  /** Bytes that no engine sends; that connection is closed, and an engine then ends itself. */
  onRefused(refusal: Refused<AbciRefusalCode>): void;
  readonly frameBytesMax?: number;
}

/** One of the engine's, as the thread tells of it. */
interface Connection {
  readonly id: number;
  /** Read and not handled, oldest first. */
  readonly waiting: Uint8Array[];
  isOpen: boolean;
  isBusy: boolean;
  /** Resolves when it is closed, all it had sent before was seen, and no handler runs for it. */
  readonly ended: Promise<void>;
  readonly onEnded: () => void;
}

export class AbciServer {
  readonly #options: AbciServerOptions;
  readonly #thread: Worker;
  readonly #connections = new Map<number, Connection>();
  /** Of connections that have not ended. */
  readonly #serving = new Set<Promise<void>>();
  #ended = false;
  #requests = 0;

  private constructor(options: AbciServerOptions, thread: Worker) {
    this.#options = options;
    this.#thread = thread;
    thread.on('message', (message: FromSocket) => this.#onMessage(message));
  }

  /** Resolves when the engine can connect. */
  static async listen(options: AbciServerOptions): Promise<AbciServer> {
    const { socketPath: path, frameBytesMax } = options;
    // Node 20 runs no TypeScript in threads: from sources, the built worker next door is used.
    const fromSource = import.meta.url.endsWith('.ts');
    const file = fromSource ? '../../dist/ledger/cometbft/abci-socket.js' : './abci-socket.js';
    const workerData: AbciSocketData = { path, frameBytesMax };
    const thread = new Worker(new URL(file, import.meta.url), { execArgv: [], workerData });
    const server = new AbciServer(options, thread);
    const first = await new Promise<FromSocket>((resolve, reject) => {
      thread.once('error', reject).once('message', resolve);
    });
    thread.removeAllListeners('error').on('error', (error) => options.onFatal(error));
    if (first.kind !== 'failed') return server;
    await server.close();
    throw new Error(`the engine's socket ${path}: ${first.detail}`);
  }

  /** Grows with each request answered: the engine is alive, whatever its RPC says. */
  get requestsAnswered(): number {
    return this.#requests;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Resolves when no handler runs for a connection that is there now: after an engine's end, before
   * the application forgets what was undecided.
   */
  async idle(): Promise<void> {
    await Promise.all(this.#serving);
  }

  /** Resolves when no handler runs any more. Not to be awaited from within one. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#thread.terminate();
    // The thread tells of nothing any more.
    for (const id of [...this.#connections.keys()]) this.#onClosed(id);
    await this.idle();
  }

  #onMessage(message: FromSocket): void {
    switch (message.kind) {
      case 'opened':
        this.#onOpened(message.id);
        return;
      case 'closed':
        this.#onClosed(message.id);
        return;
      case 'refused':
        if (!this.#ended) this.#options.onRefused(message.refusal);
        return;
      case 'message':
        this.#onRequest(message.id, message.message);
        return;
      // Told before this object was made.
      case 'listening':
      case 'failed':
    }
  }

  #onOpened(id: number): void {
    if (this.#ended) {
      this.#post({ kind: 'close', id });
      return;
    }
    const connection = newConnection(id);
    this.#connections.set(id, connection);
    const serving = connection.ended.then(() => {
      this.#serving.delete(serving);
    });
    this.#serving.add(serving);
  }

  #onClosed(id: number): void {
    const connection = this.#connections.get(id);
    if (!connection) return;
    connection.isOpen = false;
    this.#connections.delete(id);
    if (!connection.isBusy) connection.onEnded();
  }

  #onRequest(id: number, message: Uint8Array): void {
    const connection = this.#connections.get(id);
    if (!connection) return;
    connection.waiting.push(message);
    if (connection.isBusy) return;
    connection.isBusy = true;
    void this.#answerAll(connection);
  }

  /** One request at a time, until none waits or the connection ends. */
  async #answerAll(connection: Connection): Promise<void> {
    const end = await this.#answerWaiting(connection);
    if (end !== null) connection.isBusy = false;
    const isGone = !this.#connections.has(connection.id);
    if (isGone && !connection.isBusy) connection.onEnded();
    if (end instanceof Error) this.#options.onFatal(end);
    else if (end !== null) this.#options.onRefused(end);
  }

  async #answerWaiting(connection: Connection): Promise<Error | Refused<AbciRefusalCode> | null> {
    for (;;) {
      const message = connection.waiting.shift();
      if (message === undefined || this.#ended || !connection.isOpen) {
        // At once: what comes before the caller goes on begins anew.
        connection.isBusy = false;
        return null;
      }
      const request = requestOf(message);
      if (!request.ok) {
        connection.isOpen = false;
        this.#post({ kind: 'close', id: connection.id });
        return request;
      }
      const error = await this.#answer(request.value, connection);
      if (error !== null) return error;
    }
  }

  async #answer(request: Request, connection: Connection): Promise<Error | null> {
    let frame: Uint8Array;
    try {
      const value = await answerTo(request, this.#options.application);
      frame = frameOf(toBinary(ResponseSchema, create(ResponseSchema, { value })));
    } catch (error) {
      return this.#fail(error, connection);
    }
    if (this.#ended) return null;
    this.#post({ kind: 'answer', id: connection.id, frame, isLast: false });
    this.#requests++;
    return null;
  }

  /** The other connections are cut first: none is to answer from a state that is half changed. */
  #fail(thrown: unknown, { id }: Connection): Error | null {
    if (this.#ended) return null;
    this.#ended = true;
    for (const other of this.#connections.keys()) {
      if (other !== id) this.#post({ kind: 'close', id: other });
    }
    const error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
    const value = { case: 'exception', value: { error: error.message } } as const;
    const frame = frameOf(toBinary(ResponseSchema, create(ResponseSchema, { value })));
    this.#post({ kind: 'answer', id, frame, isLast: true });
    return error;
  }

  #post(message: ToSocket): void {
    this.#thread.postMessage(message);
  }
}

function newConnection(id: number): Connection {
  let onEnded = () => {};
  const ended = new Promise<void>((resolve) => {
    onEnded = resolve;
  });
  return { id, waiting: [], isOpen: true, isBusy: false, ended, onEnded };
}

function requestOf(message: Uint8Array): Result<Request, 'message_malformed'> {
  try {
    return ok(fromBinary(RequestSchema, message));
  } catch (error) {
    return fail('message_malformed', (error as Error).message);
  }
}
