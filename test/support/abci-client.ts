// The engine's end of an ABCI connection, byte by byte where a test wants that.
import net from 'node:net';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { FrameParser, frameOf } from '../../gateway/ledger/cometbft/framing.ts';
import {
  RequestSchema,
  type Response,
  ResponseSchema,
} from '../../gateway/ledger/cometbft/proto/tendermint/abci/types_pb.ts';

export type RequestValue = NonNullable<MessageInitShape<typeof RequestSchema>['value']>;

export class AbciClient {
  readonly #socket: net.Socket;
  readonly #parser = new FrameParser();
  readonly #waiting: ((response: Response) => void)[] = [];
  /** Every response, in the order it came. */
  readonly responses: Response[] = [];
  readonly closed: Promise<void>;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const messages = this.#parser.push(chunk);
      if (!messages.ok) throw new Error(messages.detail);
      for (const message of messages.value) {
        const response = fromBinary(ResponseSchema, message);
        this.responses.push(response);
        this.#waiting.shift()?.(response);
      }
    });
  }

  static connect(path: string): Promise<AbciClient> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(path);
      socket.once('error', reject);
      socket.once('connect', () => resolve(new AbciClient(socket)));
    });
  }

  /** Resolves with the next response that nobody waits for yet. */
  ask(value: RequestValue): Promise<Response> {
    this.write(frameFor(value));
    return this.next();
  }

  next(): Promise<Response> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Resolves when the kernel has them: two writes are then two reads, mostly. */
  flush(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, () => setImmediate(resolve));
    });
  }

  end(): void {
    this.#socket.destroy();
  }
}

export function frameFor(value: RequestValue): Uint8Array {
  return frameOf(toBinary(RequestSchema, create(RequestSchema, { value })));
}
