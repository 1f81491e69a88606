// The own engine's chain for other members: `POST /rpc` on the members' door, read-only.
import type { Result } from '@truegrain/device-sdk/formats/result.js';
import type { PeerRoutes } from './peer-door.ts';
import { parseRpcRequest, type RpcAnswer, rpcFailure } from './rpc-request.ts';

/** The engine's RPC, answered as it writes it. */
export interface EngineRead {
  /** The detail of a refusal is the engine's own text: its light client decides by words in it. */
  call(method: string, params: Readonly<Record<string, unknown>>): Promise<Result<unknown, string>>;
}

const REQUEST_BYTES_MAX = 4_096;

export function rpcRoutes(engine: EngineRead): PeerRoutes {
  return (app, { limits }) => {
    app.post(
      '/rpc',
      {
        bodyLimit: REQUEST_BYTES_MAX,
        config: { rateLimit: { max: limits.rpcPerMinute, groupId: 'rpc' } },
      },
      async (request): Promise<RpcAnswer> => {
        const parsed = parseRpcRequest(request.body);
        if (!parsed.ok) return parsed.answer;
        const { id, method, params } = parsed.value;
        const answer = await engine.call(method, params);
        if (!answer.ok) return rpcFailure(id, answer.detail);
        return { jsonrpc: '2.0', id, result: answer.value };
      },
    );
  };
}
