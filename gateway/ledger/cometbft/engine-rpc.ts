// What the gateway asks its engine (CometBFT v0.38 rpc/core).

/** @module engine-rpc */
import { fail, ok, type Refused, type Result } from '@truegrain/device-sdk/formats/result.js';
import { type EnginePeer, peerAddresses, TX_BYTES_MAX } from './engine-config.ts';
import { JsonRpc, type RpcCode } from './json-rpc.ts';

export interface EngineStatus {
  readonly height: number;
  readonly appHash: Uint8Array;
  readonly blockTimeMs: number;
  readonly earliestHeight: number;
  readonly catchingUp: boolean;
  readonly nodeId: string;
  /** Of this node's consensus key; 0 where it is no validator. */
  readonly votingPower: number;
}

export interface EngineHeader {
  readonly height: number;
  /** Upper hex, as `trust_hash` takes it. */
  readonly hash: string;
  /** After the block before this one. */
  readonly appHash: Uint8Array;
  readonly timeMs: number;
}

export interface EngineValidator {
  /** As `validatorAddress` makes it. */
  readonly address: string;
  readonly publicKey: Uint8Array;
  readonly power: number;
}

export interface ConnectedPeer {
  readonly nodeId: string;
  readonly moniker: string;
  readonly remoteIp: string;
}

/**
 * `duplicate`: pending, or committed lately. `rejected`: by CheckTx, with its code and codespace.
 * `engine_error`: anything else the engine says, the application being gone among it.
 */
export type TxCode = 'mempool_full' | 'too_large' | 'duplicate' | 'rejected' | RpcCode;

export type TxRefused = Refused<TxCode> & {
  readonly appCode: number;
  readonly codespace: string;
};

/** Upper hex SHA-256 of the transaction. */
export type TxTaken = { readonly ok: true; readonly value: string };

export class EngineRpc {
  readonly #rpc: JsonRpc;

  constructor(socketPath: string) {
    this.#rpc = new JsonRpc(socketPath);
  }

  /** Any method, answered as the engine writes it. */
  call(
    method: string,
    params?: Readonly<Record<string, unknown>>,
    timeoutMs?: number,
  ): Promise<Result<unknown, RpcCode>> {
    return this.#rpc.call(method, params, timeoutMs);
  }

  async status(timeoutMs?: number): Promise<Result<EngineStatus, RpcCode>> {
    const answer = await this.#rpc.call('status', {}, timeoutMs);
    return answer.ok ? ok(statusOf(answer.value as StatusJson)) : answer;
  }

  /** In the mempool when ok; it is in no block yet and may never be. */
  async broadcastTx(tx: Uint8Array): Promise<TxTaken | TxRefused> {
    // Said here: the RPC server closes the connection on a body that is too long for it.
    if (tx.length > TX_BYTES_MAX) {
      return refused(fail('too_large', `${tx.length} bytes; at most ${TX_BYTES_MAX}`));
    }
    const params = { tx: Buffer.from(tx).toString('base64') };
    const answer = await this.#rpc.call('broadcast_tx_sync', params);
    if (!answer.ok) {
      const code = answer.code === 'engine_error' ? txCodeOf(answer.detail) : answer.code;
      return refused(fail(code, answer.detail));
    }
    const { code, log, codespace, hash } = answer.value as BroadcastJson;
    return code === 0 ? ok(hash) : refused(fail('rejected', log), { appCode: code, codespace });
  }

  /** The newest block, or that of a height, by the commit that a light client trusts. */
  async header(height?: number): Promise<Result<EngineHeader, RpcCode>> {
    const answer = await this.#rpc.call('commit', atHeight(height));
    return answer.ok ? ok(headerOf(answer.value as CommitJson)) : answer;
  }

  /** Who votes at a height; at most the first hundred. */
  async validators(height?: number): Promise<Result<EngineValidator[], RpcCode>> {
    const params = { ...atHeight(height), page: '1', per_page: '100' };
    const answer = await this.#rpc.call('validators', params);
    if (!answer.ok) return answer;
    return ok(
      (answer.value as ValidatorsJson).validators.map(({ address, pub_key, voting_power }) => ({
        address,
        publicKey: bytesOf(pub_key.value, 'base64'),
        power: Number(voting_power),
      })),
    );
  }

  /** The transactions of a block. */
  async blockTxs(height: number): Promise<Result<Uint8Array[], RpcCode>> {
    const answer = await this.#rpc.call('block', atHeight(height));
    if (!answer.ok) return answer;
    const { txs } = (answer.value as BlockJson).block.data;
    return ok((txs ?? []).map((tx) => bytesOf(tx, 'base64')));
  }

  async peers(): Promise<Result<ConnectedPeer[], RpcCode>> {
    const answer = await this.#rpc.call('net_info');
    if (!answer.ok) return answer;
    return ok(
      (answer.value as NetInfoJson).peers.map(({ node_info, remote_ip }) => ({
        nodeId: node_info.id,
        moniker: node_info.moniker,
        remoteIp: remote_ip,
      })),
    );
  }

  /** From now on these are the persistent peers; those not connected are dialled. */
  async dialPeers(peers: readonly EnginePeer[]): Promise<Result<null, RpcCode>> {
    const addresses = peerAddresses(peers);
    if (addresses.length === 0) return ok(null);
    const flags = { persistent: true, unconditional: false, private: false };
    const answer = await this.#rpc.call('dial_peers', { peers: addresses, ...flags });
    return answer.ok ? ok(null) : answer;
  }

  /** Transactions in the mempool. */
  async pendingTxs(): Promise<Result<number, RpcCode>> {
    const answer = await this.#rpc.call('num_unconfirmed_txs');
    return answer.ok ? ok(Number((answer.value as { n_txs: string }).n_txs)) : answer;
  }

  close(): void {
    this.#rpc.close();
  }
}

interface StatusJson {
  node_info: { id: string };
  sync_info: {
    latest_block_height: string;
    latest_app_hash: string;
    latest_block_time: string;
    earliest_block_height: string;
    catching_up: boolean;
  };
  validator_info: { voting_power: string };
}

interface BroadcastJson {
  code: number;
  log: string;
  codespace: string;
  hash: string;
}

interface NetInfoJson {
  peers: { node_info: { id: string; moniker: string }; remote_ip: string }[];
}

interface CommitJson {
  signed_header: {
    header: { height: string; app_hash: string; time: string };
    commit: { block_id: { hash: string } };
  };
}

interface ValidatorsJson {
  validators: { address: string; pub_key: { value: string }; voting_power: string }[];
}

interface BlockJson {
  block: { data: { txs: string[] | null } };
}

function headerOf({ signed_header: { header, commit } }: CommitJson): EngineHeader {
  return {
    height: Number(header.height),
    hash: commit.block_id.hash,
    appHash: bytesOf(header.app_hash, 'hex'),
    timeMs: Date.parse(header.time),
  };
}

function statusOf({ node_info, sync_info, validator_info }: StatusJson): EngineStatus {
  return {
    height: Number(sync_info.latest_block_height),
    appHash: bytesOf(sync_info.latest_app_hash, 'hex'),
    blockTimeMs: Date.parse(sync_info.latest_block_time),
    earliestHeight: Number(sync_info.earliest_block_height),
    catchingUp: sync_info.catching_up,
    nodeId: node_info.id,
    votingPower: Number(validator_info.voting_power),
  };
}

/** mempool/errors.go and types/mempool.go, v0.38.26: there is no other sign than the words. */
function txCodeOf(detail: string): TxCode {
  if (/tx already exists in cache/.test(detail)) return 'duplicate';
  if (/mempool is full|mempool is still rechecking/.test(detail)) return 'mempool_full';
  if (/tx too large|tx size is too big|request body too large/i.test(detail)) return 'too_large';
  return 'engine_error';
}

function refused(
  refusal: Refused<TxCode>,
  { appCode, codespace } = { appCode: 0, codespace: '' },
): TxRefused {
  return { ...refusal, appCode, codespace };
}

function atHeight(height: number | undefined): Record<string, string> {
  return height === undefined ? {} : { height: String(height) };
}

function bytesOf(text: string, encoding: 'hex' | 'base64'): Uint8Array {
  return new Uint8Array(Buffer.from(text, encoding));
}
