import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { failure, failureOf, type PeerFailure } from './peer-failure.ts';

export interface PeerCall {
  readonly method: 'GET' | 'POST';
  /** Begins with `/`. */
  readonly path: string;
  readonly body?: Uint8Array;
  readonly contentType?: string;
  /** From the call to the last byte of the answer. */
  readonly requestTimeoutMs?: number;
  readonly answerBytesMax?: number;
  readonly signal?: AbortSignal;
}

/** Any HTTP status is an answer; what `status` means is the caller's to know. */
export type PeerAnswer =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: Uint8Array;
    }
  | PeerFailure;

const REQUEST_TIMEOUT_MS = 15_000;
const ANSWER_BYTES_MAX = 1_048_576;

/**
 * One HTTPS request and its whole answer. `stale` = a kept-alive connection was closed by the other
 * side as we wrote to it; the request may be made again on a new one.
 */
export async function exchange(
  call: PeerCall,
  transport: RequestOptions,
): Promise<PeerAnswer | 'stale'> {
  const timeoutMs = call.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const cut = new AbortController();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    cut.abort();
  }, timeoutMs);
  // Not AbortSignal.any: in Node 20 each call would leave something on a signal that lives long.
  const giveUp = () => cut.abort();
  call.signal?.addEventListener('abort', giveUp);
  try {
    if (call.signal?.aborted) giveUp();
    const answered = await send(call, { ...transport, signal: cut.signal });
    return answered === 'stale' ? answered : await readAnswer(answered, call.answerBytesMax);
  } catch (error) {
    if (isLate) return failure('timeout', `no answer within ${timeoutMs} ms`);
    if (cut.signal.aborted) return failure('aborted', 'the call was given up');
    return failureOf(error);
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', giveUp);
  }
}

function send(call: PeerCall, transport: RequestOptions): Promise<IncomingMessage | 'stale'> {
  const { method, path, body, contentType } = call;
  return new Promise((resolve, reject) => {
    const headers = {
      'content-length': body?.length ?? 0,
      ...(contentType !== undefined && { 'content-type': contentType }),
    };
    const outgoing = request({ ...transport, method, path, headers });
    outgoing.once('response', resolve);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (outgoing.reusedSocket && error.code === 'ECONNRESET') resolve('stale');
      else reject(error);
    });
    outgoing.end(body);
  });
}

async function readAnswer(
  response: IncomingMessage,
  bytesMax = ANSWER_BYTES_MAX,
): Promise<PeerAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop destroys the connection: what is left of the answer is not read.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bytesMax) return failure('too_large', `an answer of more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  const body = new Uint8Array(Buffer.concat(chunks));
  return { ok: true, status: response.statusCode ?? 0, headers: response.headers, body };
}
