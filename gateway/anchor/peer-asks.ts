import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { NoteKey, NoteSignature } from '@truegrain/device-sdk/formats/note.js';
import type { OwnLog } from './own-log.ts';
import { type Asked, WitnessClient, type WitnessPeer } from './witness-client.ts';

/** A peer's own node may take seconds to get there (it waits), and its size may move meanwhile. */
const ASK_TIMEOUT_MS = 10_000;
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 10_000;

export interface PeerTrouble {
  code: 'bad_cosignature' | 'bad_answer' | 'refused' | 'unreachable';
  member: string;
  text: string;
}

export interface Wanted {
  readonly size: number;
  /** The checkpoint with the lines it has so far. */
  text(): string;
  has(key: NoteKey): boolean;
}

/** What one peer last did, for a status page. */
export interface PeerStanding {
  name: string;
  /** Of the newest checkpoint it cosigned for this member. */
  size: number;
  trouble: PeerTrouble | null;
}

interface Turn {
  readonly peer: WitnessPeer;
  readonly client: WitnessClient;
  /** Cuts off the ask under way; null where there is none. */
  asking: AbortController | null;
  /** The wanted checkpoint to which it gave its answer. */
  answered: Wanted | null;
  retryMs: number;
  retryTimer: NodeJS.Timeout | null;
  standing: PeerStanding;
}

/** Asks every peer for its cosignature of the newest wanted checkpoint, one ask a peer at a time. */
export class PeerAsks {
  readonly #options: PeerAsksOptions;
  readonly #turns = new Map<string, Turn>();
  readonly #running = new Set<Promise<void>>();
  #wanted: Wanted | null = null;
  #closed = false;

  constructor(options: PeerAsksOptions) {
    this.#options = options;
  }

  want(wanted: Wanted): void {
    this.#wanted = wanted;
    const peers = this.#options.peers();
    for (const [id, turn] of this.#turns) {
      if (!peers.some((peer) => idOf(peer) === id)) this.#forget(id, turn);
    }
    for (const peer of peers) this.#start(this.#turnOf(peer));
  }

  /** Peers whose answer on the wanted checkpoint is still out; not those waiting for a retry. */
  pending(): NoteKey[] {
    const wanted = this.#wanted;
    if (!wanted) return [];
    const turns = [...this.#turns.values()].filter(
      ({ asking, answered, peer }) => asking && answered !== wanted && !wanted.has(peer.key),
    );
    return turns.map(({ peer }) => peer.key);
  }

  standing(): PeerStanding[] {
    return [...this.#turns.values()].map(({ standing }) => standing);
  }

  /** Cuts off what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const [id, turn] of this.#turns) this.#forget(id, turn);
    await Promise.all(this.#running);
  }

  #turnOf(peer: WitnessPeer): Turn {
    const known = this.#turns.get(idOf(peer));
    if (known) return known;
    const standing = { name: peer.name, size: 0, trouble: null };
    const client = new WitnessClient(peer, this.#options.log);
    const turn = { peer, client, asking: null, answered: null, retryTimer: null };
    const started = { ...turn, retryMs: RETRY_FIRST_MS, standing };
    this.#turns.set(idOf(peer), started);
    return started;
  }

  #forget(id: string, turn: Turn): void {
    if (turn.retryTimer) clearTimeout(turn.retryTimer);
    turn.asking?.abort(new Error('no longer asked'));
    this.#turns.delete(id);
  }

  #start(turn: Turn): void {
    if (turn.asking || turn.retryTimer || !this.#isOpen(turn)) return;
    const ask = new AbortController();
    turn.asking = ask;
    const run = this.#run(turn, ask)
      .catch((error: Error) => {
        this.#later(turn);
        this.#options.onFailure(error);
      })
      .finally(() => {
        turn.asking = null;
        this.#running.delete(run);
        // What was wanted while this ask came to its end.
        this.#start(turn);
        if (!this.#closed) this.#options.onChange();
      });
    this.#running.add(run);
  }

  #isOpen(turn: Turn): boolean {
    const wanted = this.#wanted;
    if (this.#closed || this.#turns.get(idOf(turn.peer)) !== turn) return false;
    return wanted !== null && turn.answered !== wanted && !wanted.has(turn.peer.key);
  }

  async #run(turn: Turn, ask: AbortController): Promise<void> {
    const wanted = this.#wanted;
    if (!wanted) return;
    const timer = setTimeout(
      () => ask.abort(new Error(`no answer within ${ASK_TIMEOUT_MS} ms`)),
      ASK_TIMEOUT_MS,
    );
    const checkpoint = { size: wanted.size, note: wanted.text() };
    const asked = await turn.client.ask(checkpoint, ask.signal);
    clearTimeout(timer);
    if (this.#turns.get(idOf(turn.peer)) !== turn) return;
    const trouble = this.#take(turn, wanted, asked);
    this.#note(turn, trouble);
    if (trouble) {
      this.#later(turn);
    } else {
      turn.answered = wanted;
      turn.retryMs = RETRY_FIRST_MS;
    }
  }

  #take({ peer, standing }: Turn, wanted: Wanted, asked: Asked): PeerTrouble | null {
    const member = peer.name;
    switch (asked.kind) {
      case 'lines': {
        const own = asked.signatures.filter(
          ({ name, keyId }) => name === peer.key.name && equal(keyId, peer.key.keyId),
        );
        const good = own.filter((signature) => this.#options.onLine(wanted, peer.key, signature));
        if (good.length > 0) standing.size = Math.max(standing.size, wanted.size);
        if (good.length > 0 && good.length === own.length) return null;
        const text = `its answer for size ${wanted.size} has ${own.length} lines under its key, of which ${good.length} verify`;
        return { code: 'bad_cosignature', member, text };
      }
      case 'ahead':
        this.#options.onAhead(wanted, peer.key, asked.size);
        return null;
      case 'unavailable':
        return { code: 'unreachable', member, text: asked.detail };
      case 'refused':
        return { code: 'refused', member, text: asked.detail };
      case 'malformed':
        return { code: 'bad_answer', member, text: asked.detail };
    }
  }

  /** Each kind of trouble is told once, until the peer has answered well again. */
  #note({ standing }: Turn, trouble: PeerTrouble | null): void {
    const before = standing.trouble?.code;
    standing.trouble = trouble;
    if (trouble && trouble.code !== before) this.#options.onTrouble(trouble);
  }

  #later(turn: Turn): void {
    const waitMs = turn.retryMs;
    turn.retryMs = Math.min(RETRY_MAX_MS, waitMs * 2);
    turn.retryTimer = setTimeout(() => {
      turn.retryTimer = null;
      this.#start(turn);
    }, waitMs);
  }
}

export interface PeerAsksOptions {
  peers: () => readonly WitnessPeer[];
  log: OwnLog;
  /** True where the line verified and was taken. */
  onLine: (wanted: Wanted, key: NoteKey, signature: NoteSignature) => boolean;
  onAhead: (wanted: Wanted, key: NoteKey, size: number) => void;
  onTrouble: (trouble: PeerTrouble) => void;
  /** An ask ended. */
  onChange: () => void;
  /** A bug, or a disk that failed under the tiles of a proof. */
  onFailure: (error: Error) => void;
}

function idOf({ name, key }: WitnessPeer): string {
  return `${name} ${toHex(key.keyId)}`;
}
