// Keeps the engine connected to the members. By itself it gives up on a peer for hours: its pause
// between two dials grows to 3^10 s (p2p/switch.go, reconnectToPeer), and a name that could not be
// resolved when it started is never tried again.

/** @module peering */
import type { EnginePeer } from './engine-config.ts';
import type { EngineRpc } from './engine-rpc.ts';

const LOOK_EVERY_MS = 15_000;

export class Peering {
  readonly #rpc: EngineRpc;
  readonly #peers: () => readonly EnginePeer[];
  readonly #timer: NodeJS.Timeout;
  #connected: ReadonlySet<string> = new Set();

  /** `peers`: whom to be connected to now; a member that was admitted since is dialled too. */
  constructor(options: {
    rpc: EngineRpc;
    peers: () => readonly EnginePeer[];
    lookEveryMs?: number;
  }) {
    this.#rpc = options.rpc;
    this.#peers = options.peers;
    const everyMs = options.lookEveryMs ?? LOOK_EVERY_MS;
    this.#timer = setInterval(() => void this.#look(), everyMs);
    this.#timer.unref();
  }

  /** Node ids, as of the last look. */
  get connected(): ReadonlySet<string> {
    return this.#connected;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const answer = await this.#rpc.peers();
    this.#connected = new Set(answer.ok ? answer.value.map(({ nodeId }) => nodeId) : []);
    const peers = this.#peers();
    if (!answer.ok || peers.every(({ nodeId }) => this.#connected.has(nodeId))) return;
    // All of them: the call replaces the engine's list of persistent peers.
    await this.#rpc.dialPeers(peers);
  }
}
