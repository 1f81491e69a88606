// The folder an engine runs in (`cometbft --home`): configuration, genesis, keys, vote state.

/** @module engine-home */
import type { KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { fail, ok, type Result } from '@truegrain/device-sdk/formats/result.js';
import { syncPath, writeDurably } from '../../store/durable-files.ts';
import { configToml, type EngineSettings } from './engine-config.ts';
import { privateKeyJson, publicBytes, publicKeyJson, validatorAddress } from './engine-keys.ts';

export interface EngineHome {
  readonly root: string;
  readonly abciSocket: string;
  readonly rpcSocket: string;
}

export interface GenesisValidator {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly power: number;
  readonly name: string;
}

/** The same bytes on every member, or they are on different chains. */
export interface EngineGenesis {
  /** At most 50 characters. */
  readonly chainId: string;
  readonly timeMs: number;
  readonly initialHeight?: number;
  readonly validators: readonly GenesisValidator[];
  readonly appHash: Uint8Array;
  /** JSON; reaches the application as bytes in InitChain. */
  readonly appState: unknown;
}

/** sun_path has 104 bytes with its zero on the system that allows least. */
const SOCKET_PATH_BYTES_MAX = 103;

/** CometBFT types/genesis.go, MaxChainIDLen. */
const CHAIN_ID_CHARS_MAX = 50;

const BLOCK_BYTES_MAX = 4_194_304;
const EVIDENCE_BYTES_MAX = 1_048_576;
const EVIDENCE_AGE_BLOCKS = 100_000;
const EVIDENCE_AGE_NS = 30n * 24n * 3600n * 1_000_000_000n;

const VOTE_STATE = 'priv_validator_state.json';

/** No vote of this height comes after it: int32 rounds, step 3 is the precommit (privval/file.go). */
const LAST_ROUND = 2 ** 31 - 1;
const LAST_STEP = 3;

export function engineHome(folder: string): Result<EngineHome, 'socket_path'> {
  const root = resolve(folder);
  const home = {
    root,
    abciSocket: join(root, 'abci.sock'),
    rpcSocket: join(root, 'rpc.sock'),
  };
  if (Buffer.byteLength(home.abciSocket) <= SOCKET_PATH_BYTES_MAX) return ok(home);
  return fail(
    'socket_path',
    `${home.abciSocket} is too long for a socket (${SOCKET_PATH_BYTES_MAX} bytes); move the data folder`,
  );
}

/**
 * Writes everything the next start reads; again before each start, with what holds then. Each file
 * is replaced whole, so a crash leaves a mixture of old and new ones that the next call repairs.
 * Vote state alone is the engine's own and is only made where it is missing: then nothing at or
 * below `voteFloor` is ever signed, because a member whose folder was wiped may have voted there.
 */
export function writeEngineHome(
  home: EngineHome,
  content: {
    settings: EngineSettings;
    genesis: EngineGenesis;
    /** The member's node key: votes. */
    consensusKey: KeyObject;
    p2pKey: KeyObject;
    /** A height; 0 before the first start of a new alliance. */
    voteFloor: number;
  },
): void {
  const config = join(home.root, 'config');
  const data = join(home.root, 'data');
  for (const folder of [config, data]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeDurably(join(config, 'config.toml'), configToml(content.settings, home));
  writeDurably(join(config, 'genesis.json'), json(genesisDoc(content.genesis)));
  writeDurably(join(config, 'node_key.json'), json({ priv_key: privateKeyJson(content.p2pKey) }));
  writeDurably(join(config, 'priv_validator_key.json'), json(validatorKey(content.consensusKey)));
  const votes = join(data, VOTE_STATE);
  if (!existsSync(votes)) writeDurably(votes, json(voteState(content.voteFloor)));
  // The vote state must not be lost with the name of its folder.
  syncPath(home.root);
  syncPath(dirname(home.root));
}

/** False after a wipe: the member may have voted, and does not know where. */
export function hasVoteState(home: EngineHome): boolean {
  return existsSync(join(home.root, 'data', VOTE_STATE));
}

/** Blocks, state and its log go; where this node voted stays, so that it votes nowhere twice. */
export function forgetBlocks(home: EngineHome): void {
  const data = join(home.root, 'data');
  if (!existsSync(data)) return;
  for (const name of readdirSync(data)) {
    if (name !== VOTE_STATE) rmSync(join(data, name), { recursive: true });
  }
  syncPath(data);
}

function genesisDoc(genesis: EngineGenesis) {
  if (genesis.chainId.length > CHAIN_ID_CHARS_MAX) {
    throw new RangeError(`a chain id has at most ${CHAIN_ID_CHARS_MAX} characters`);
  }
  return {
    genesis_time: new Date(genesis.timeMs).toISOString(),
    chain_id: genesis.chainId,
    initial_height: String(genesis.initialHeight ?? 1),
    consensus_params: {
      block: { max_bytes: String(BLOCK_BYTES_MAX), max_gas: '-1' },
      evidence: {
        max_age_num_blocks: String(EVIDENCE_AGE_BLOCKS),
        max_age_duration: String(EVIDENCE_AGE_NS),
        max_bytes: String(EVIDENCE_BYTES_MAX),
      },
      validator: { pub_key_types: ['ed25519'] },
      version: { app: '0' },
      abci: { vote_extensions_enable_height: '0' },
    },
    validators: genesis.validators.map(({ publicKey, power, name }) => ({
      address: validatorAddress(publicKey),
      pub_key: publicKeyJson(publicKey),
      power: String(power),
      name,
    })),
    app_hash: toHex(genesis.appHash).toUpperCase(),
    app_state: genesis.appState,
  };
}

function validatorKey(key: KeyObject) {
  const publicKey = publicBytes(key);
  return {
    address: validatorAddress(publicKey),
    pub_key: publicKeyJson(publicKey),
    priv_key: privateKeyJson(key),
  };
}

function voteState(floor: number) {
  if (floor === 0) return { height: '0', round: 0, step: 0 };
  return { height: String(floor), round: LAST_ROUND, step: LAST_STEP };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
