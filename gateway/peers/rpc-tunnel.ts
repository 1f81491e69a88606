// The engine's light client speaks plain HTTP to whom it is told; this carries it over mutual TLS.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromUtf8 } from '@truegrain/device-sdk/formats/bytes.js';
import type { Peer } from './directory.ts';
import type { PeerClient } from './peer-client.ts';
import { type ParsedRpc, parseRpcRequest, type RpcRequest, rpcFailure } from './rpc-request.ts';

export interface TunnelOptions {
  readonly client: PeerClient;
  /** Whom it leads to, as the directory has it now; null once that is no member any more. */
  readonly peer: () => Peer | null;
  readonly requestTimeoutMs?: number;
}

export interface RpcTunnel {
  /** `http://127.0.0.1:port`, one of `statesync.rpc_servers`. */
  readonly url: string;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 15_000;
const REQUEST_BYTES_MAX = 4_096;
/** A block of 4 MiB is 6 MiB in base64. */
const ANSWER_BYTES_MAX = 16 * 1_048_576;

/**
 * Open to every process of this machine, as whatever listens on loopback is; so nothing passes but
 * the methods that read.
 */
export async function openTunnel(options: TunnelOptions): Promise<RpcTunnel> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A page in a browser can't send this type to another origin without asking first. */
const JSON_TYPE = /^application\/json\b/;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: TunnelOptions,
): Promise<void> {
  const { method, url, headers } = request;
  if (method !== 'POST' || url !== '/') return send(response, 404, 'POST / takes JSON-RPC\n');
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) return send(response, 415, 'JSON only\n');
  const body = await readBody(request);
  if (body === null) return send(response, 413, 'too large\n');
  const parsed = parseBody(body);
  if (!parsed.ok) return send(response, 200, JSON.stringify(parsed.answer));
  const hungUp = new AbortController();
  response.once('close', () => hungUp.abort());
  send(response, 200, await forward(parsed.value, options, hungUp.signal));
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Read to its end all the same: else the answer is lost with the connection.
    if (length <= REQUEST_BYTES_MAX) chunks.push(chunk);
  }
  return length > REQUEST_BYTES_MAX ? null : Buffer.concat(chunks);
}

function parseBody(body: Buffer): ParsedRpc {
  try {
    return parseRpcRequest(JSON.parse(fromUtf8(body) ?? ''));
  } catch {
    return parseRpcRequest(null);
  }
}

async function forward(
  request: RpcRequest,
  { client, peer: peerNow, requestTimeoutMs = REQUEST_TIMEOUT_MS }: TunnelOptions,
  signal: AbortSignal,
): Promise<string | Uint8Array> {
  const failed = (why: string) => JSON.stringify(rpcFailure(request.id, why));
  const peer = peerNow();
  if (peer === null) return failed('that member is none any more');
  const answered = await client.request(peer, {
    method: 'POST',
    path: '/rpc',
    body: Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...request })),
    contentType: 'application/json',
    requestTimeoutMs,
    answerBytesMax: ANSWER_BYTES_MAX,
    signal,
  });
  // The light client tries again, later and later, where it reads these two words.
  if (!answered.ok && answered.code === 'timeout')
    return failed(`Timeout exceeded at ${peer.name}`);
  if (!answered.ok) return failed(`${peer.name}: ${answered.code}: ${answered.detail}`);
  if (answered.status !== 200) return failed(`${peer.name} answers HTTP ${answered.status}`);
  return answered.body;
}

function send(response: ServerResponse, status: number, body: string | Uint8Array): void {
  const type = status === 200 ? 'application/json' : 'text/plain; charset=utf-8';
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
