// The read-only part of the engine's JSON-RPC 2.0 that members answer each other: what a light
// client asks while it syncs state (CometBFT v0.38 light/provider/http, statesync/stateprovider.go),
// and the headers by which a member compares chains. Sent as POST, one request each.

/** Names of the parameters of each method. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  status: [],
  commit: ['height'],
  validators: ['height', 'page', 'per_page'],
  consensus_params: ['height'],
  header: ['height'],
  block: ['height'],
};

export type RpcId = number | string;

export interface RpcRequest {
  readonly id: RpcId;
  readonly method: string;
  /** As they came: the engine's client writes 64-bit integers as decimal texts. */
  readonly params: Readonly<Record<string, string | number>>;
}

/** JSON-RPC 2.0 §5.1; `data` is text, as the engine's client takes nothing else. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: string;
}

export type RpcAnswer = { readonly jsonrpc: '2.0'; readonly id: RpcId | null } & (
  | { readonly result: unknown }
  | { readonly error: RpcError }
);

export type ParsedRpc =
  | { readonly ok: true; readonly value: RpcRequest }
  | { readonly ok: false; readonly answer: RpcAnswer };

export function parseRpcRequest(body: unknown): ParsedRpc {
  if (!isRecord(body)) return refused(null, -32600, 'one request as a JSON object');
  const { jsonrpc, id, method, params = {} } = body;
  if (!isId(id)) return refused(null, -32600, 'the id is an integer or a short text');
  if (jsonrpc !== '2.0') return refused(id, -32600, 'jsonrpc is not 2.0');
  const names = typeof method === 'string' && Object.hasOwn(METHODS, method) && METHODS[method];
  if (!names || typeof method !== 'string') return refused(id, -32601, 'not answered to members');
  if (!isRecord(params)) return refused(id, -32602, 'the parameters are named');
  const checked: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(params)) {
    if (!names.includes(name)) return refused(id, -32602, `${method} takes no such parameter`);
    if (!isCount(value)) return refused(id, -32602, `${name} is no count`);
    checked[name] = value;
  }
  return { ok: true, value: { id, method, params: checked } };
}

const MESSAGES: Readonly<Record<number, string>> = {
  [-32600]: 'Invalid Request',
  [-32601]: 'Method not found',
  [-32602]: 'Invalid params',
  [-32603]: 'Internal error',
};

function refused(id: RpcId | null, code: number, data: string): ParsedRpc {
  return { ok: false, answer: rpcError(id, code, data) };
}

function rpcError(id: RpcId | null, code: number, data: string): RpcAnswer {
  return { jsonrpc: '2.0', id, error: { code, message: MESSAGES[code] ?? 'Error', data } };
}

/** The request was in order, and could not be answered. */
export function rpcFailure(id: RpcId, data: string): RpcAnswer {
  return rpcError(id, -32603, data);
}

const ID_CHARS_MAX = 100;
const DECIMAL = /^\d{1,19}$/;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isId(value: unknown): value is RpcId {
  if (typeof value === 'string') return value.length <= ID_CHARS_MAX;
  return Number.isSafeInteger(value);
}

function isCount(value: unknown): value is string | number {
  if (typeof value === 'string') return DECIMAL.test(value);
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
