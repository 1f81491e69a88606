// JSON-RPC 2.0 over HTTP/1.1 on the engine's unix socket.

/** @module json-rpc */
import http from 'node:http';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';

/** `engine_error`: the engine answered that it can't; `unreachable`: it did not answer. */
export type RpcCode = 'unreachable' | 'engine_error';

const ANSWER_TIMEOUT_MS = 10_000;
/** A block of 4 MiB is 6 MiB in base64. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const CONNECTIONS_MAX = 16;

interface RpcAnswer {
  readonly result?: unknown;
  readonly error?: { readonly message?: string; readonly data?: unknown };
}

export class JsonRpc {
  readonly #socketPath: string;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** The `result` as the engine wrote it: its 64-bit integers are decimal texts. */
  async call(
    method: string,
    params: Readonly<Record<string, unknown>> = {},
    timeoutMs = ANSWER_TIMEOUT_MS,
  ): Promise<Result<unknown, RpcCode>> {
    let answer: RpcAnswer;
    try {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
      answer = JSON.parse(await this.#post(body, timeoutMs)) as RpcAnswer;
    } catch (error) {
      return fail('unreachable', `${method}: ${(error as Error).message}`);
    }
    if (answer.error === undefined) return ok(answer.result);
    const { data, message } = answer.error;
    return fail('engine_error', typeof data === 'string' && data ? data : String(message));
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(body: string, timeoutMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = http.request({
        socketPath: this.#socketPath,
        agent: this.#agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        // Until the whole answer is there: a hung engine still accepts connections.
        signal: AbortSignal.timeout(timeoutMs),
      });
      request.once('error', reject);
      request.once('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) {
            response.destroy(new Error(`an answer of more than ${ANSWER_BYTES_MAX} bytes`));
          }
          chunks.push(chunk);
        });
        response.once('error', reject);
        response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      });
      request.end(body);
    });
  }
}
