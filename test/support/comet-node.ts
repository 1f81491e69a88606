// One real engine with a counter behind it, in a folder and on ports of its own.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AbciServer } from '../../gateway/ledger/cometbft/abci-server.ts';
import {
  Engine,
  type EngineDown,
  type EngineLimits,
} from '../../gateway/ledger/cometbft/engine.ts';
import type { EnginePeer, EngineSettings } from '../../gateway/ledger/cometbft/engine-config.ts';
import {
  type EngineGenesis,
  type EngineHome,
  engineHome,
  writeEngineHome,
} from '../../gateway/ledger/cometbft/engine-home.ts';
import { p2pNodeId, publicBytes } from '../../gateway/ledger/cometbft/engine-keys.ts';
import type { EngineLogLine } from '../../gateway/ledger/cometbft/engine-log.ts';
import { EngineRpc } from '../../gateway/ledger/cometbft/engine-rpc.ts';
import { CometCounter, GENESIS_HASH } from './comet-counter.ts';
import { engineFile } from './engine-file.ts';
import { freeBlock } from './port-block.ts';

/** A loaded machine; a test that hits it has failed. */
const WAIT_MS = 90_000;
const POLL_MS = 25;

export class CometNode {
  readonly name: string;
  readonly home: EngineHome;
  readonly app = new CometCounter();
  readonly rpc: EngineRpc;
  readonly engine: Engine;
  readonly consensusKey: KeyObject = generateKeyPairSync('ed25519').privateKey;
  readonly p2pKey: KeyObject = generateKeyPairSync('ed25519').privateKey;
  readonly address: string;
  readonly downs: EngineDown[] = [];
  readonly log: EngineLogLine[] = [];
  readonly fatal: Error[] = [];
  hasWork = false;
  verdict: 'restart' | 'stay_down' = 'restart';
  genesis: EngineGenesis;
  peers: readonly EnginePeer[] = [];
  voteFloor = 0;
  logLevel: 'error' | 'info' = 'error';
  #server: AbciServer | null = null;

  constructor(name: string, port: number, limits: Partial<EngineLimits> = {}) {
    this.name = name;
    this.address = `127.0.0.1:${port}`;
    const home = engineHome(mkdtempSync(join(tmpdir(), 'truegrain-comet-')));
    if (!home.ok) throw new Error(home.detail);
    this.home = home.value;
    this.rpc = new EngineRpc(this.home.rpcSocket);
    this.genesis = genesisOf([this]);
    this.engine = new Engine({
      binary: engineFile,
      home: this.home,
      rpc: this.rpc,
      hasWork: () => this.hasWork,
      activity: () => this.#server?.requestsAnswered ?? 0,
      onLog: (line) => this.log.push(line),
      onDown: (down) => this.#onDown(down),
      limits: { backoffMinMs: 50, watchEveryMs: 100, ...limits },
    });
  }

  get nodeId(): string {
    return p2pNodeId(publicBytes(this.p2pKey));
  }

  get asPeer(): EnginePeer {
    return { nodeId: this.nodeId, address: this.address };
  }

  async start(): Promise<void> {
    await this.listen();
    this.writeHome();
    await this.engine.start();
  }

  writeHome(): void {
    const settings: EngineSettings = {
      moniker: this.name,
      p2pListen: this.address,
      peers: this.peers,
      loopback: true,
      logLevel: this.logLevel,
    };
    const { genesis, consensusKey, p2pKey, voteFloor } = this;
    writeEngineHome(this.home, { settings, genesis, consensusKey, p2pKey, voteFloor });
  }

  async listen(): Promise<void> {
    this.#server = await AbciServer.listen({
      socketPath: this.home.abciSocket,
      application: this.app,
      onFatal: (error) => {
        this.fatal.push(error);
        this.engine.applicationFailed(error);
      },
      onRefused: ({ code }) => this.fatal.push(new Error(code)),
    });
  }

  async closeServer(): Promise<void> {
    await this.#server?.close();
    this.#server = null;
  }

  /** As the process would after its end: a new server on what was durable. */
  async #onDown(down: EngineDown): Promise<'restart' | 'stay_down'> {
    const { verdict } = this;
    this.downs.push(down);
    await this.closeServer();
    this.app.forget();
    if (verdict === 'restart') await this.listen();
    return verdict;
  }

  async height(): Promise<number> {
    const status = await this.rpc.status();
    return status.ok ? status.value.height : -1;
  }

  async reach(height: number): Promise<void> {
    await until(`${this.name} at height ${height}`, async () => (await this.height()) >= height);
  }

  /** Retried while the engine is not there; resolves when the counter has it. */
  async commit(text: string): Promise<void> {
    await until(`${text} sent to ${this.name}`, async () => {
      const taken = await this.rpc.broadcastTx(Buffer.from(text));
      return taken.ok || taken.code === 'duplicate';
    });
    await this.has(text);
  }

  async has(text: string): Promise<void> {
    await until(`${this.name} has ${text}`, () => this.app.durable.txs.includes(text));
  }

  voteState(): { height: string; round: number; step: number } {
    return JSON.parse(readFileSync(join(this.home.root, 'data/priv_validator_state.json'), 'utf8'));
  }

  async remove(): Promise<void> {
    this.verdict = 'stay_down';
    await this.engine.stop();
    this.rpc.close();
    await this.closeServer();
    rmSync(this.home.root, { recursive: true, force: true });
  }
}

/** Nodes that vote together and know each other; not started. */
export async function cometNodes(count: number, limits?: Partial<EngineLimits>) {
  const first = await freeBlock(count);
  const nodes = Array.from({ length: count }, (_, i) => new CometNode(`n${i}`, first + i, limits));
  const genesis = genesisOf(nodes);
  for (const node of nodes) {
    node.genesis = genesis;
    node.peers = nodes.filter((other) => other !== node).map((other) => other.asPeer);
  }
  return nodes;
}

export function genesisOf(voters: readonly CometNode[]): EngineGenesis {
  return {
    chainId: 'truegrain-test',
    timeMs: Date.now() - 1_000,
    validators: voters.map(({ consensusKey, name }) => ({
      publicKey: publicBytes(consensusKey),
      power: 1,
      name,
    })),
    appHash: GENESIS_HASH,
    appState: { founded: true },
  };
}

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it never came to that: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
