import { setTimeout as pause } from 'node:timers/promises';
import { fromUtf8, toHex, utf8 } from '@truegrain/device-sdk/formats/bytes.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import type { SigningFloor } from '../anchor/signing-floor.ts';
import type { Peer, PeerDirectory } from '../peers/directory.ts';
import type { PeerClient } from '../peers/peer-client.ts';

const ASK_EVERY_MS = 1_000;
const TOLD_EVERY_TRIES = 10;

/**
 * What the other members remember of this one (DESIGN §7): a member whose folder was wiped or put
 * back asks before it signs or votes, because it may have signed more than it knows.
 */
export class Floors {
  readonly #client: PeerClient;
  readonly #directory: PeerDirectory;
  readonly #originHash: string;
  readonly #onWaiting: (text: string) => void;
  #closed = false;

  constructor(options: {
    client: PeerClient;
    directory: PeerDirectory;
    origin: string;
    onWaiting: (text: string) => void;
  }) {
    this.#client = options.client;
    this.#directory = options.directory;
    this.#originHash = toHex(sha256(utf8(options.origin)));
    this.#onWaiting = options.onWaiting;
  }

  close(): void {
    this.#closed = true;
  }

  /**
   * Height at and below which this member's lost vote state may have voted: one above the newest
   * block anybody has. 0 where nobody has any block, at the founding. Null when closed meanwhile.
   */
  async voteFloor(answersNeeded: number): Promise<number | null> {
    const heights = new Map<string, number>();
    for (let tries = 0; !this.#closed; tries += 1) {
      await Promise.all(
        this.#directory.peers().map(async (peer) => {
          const height = await this.#heightOf(peer);
          if (height !== null) heights.set(peer.iss, height);
        }),
      );
      if (heights.size >= answersNeeded) {
        const newest = Math.max(0, ...heights.values());
        return newest === 0 ? 0 : newest + 1;
      }
      if (tries % TOLD_EVERY_TRIES === 0) {
        this.#onWaiting(
          `before this node votes, ${answersNeeded} members must say at what height they are; ${heights.size} have`,
        );
      }
      await pause(ASK_EVERY_MS);
    }
    return null;
  }

  /** Asks until the floor is known and the own tree has reached it; then `onReady`. */
  async watch(floor: SigningFloor, onReady: () => void): Promise<void> {
    let told = '';
    for (;;) {
      if (this.#closed) return;
      await Promise.all(this.#directory.peers().map((peer) => this.#hear(peer, floor)));
      const state = floor.state();
      if (state.state === 'ready') return onReady();
      const text = signingWords(state);
      if (text !== told) this.#onWaiting(text);
      told = text;
      await pause(ASK_EVERY_MS);
    }
  }

  async #hear(peer: Peer, floor: SigningFloor): Promise<void> {
    const notes: string[] = [];
    for (const path of ['/log/checkpoint', `/witness/${this.#originHash}/checkpoint`]) {
      const answer = await this.#client.request(peer, { method: 'GET', path });
      if (!answer.ok) return;
      const text = answer.status === 200 ? fromUtf8(answer.body) : null;
      if (text !== null) notes.push(text);
      else if (answer.status !== 404) return;
    }
    floor.heard(peer.iss, notes);
  }

  async #heightOf(peer: Peer): Promise<number | null> {
    const answer = await this.#client.request(peer, { method: 'GET', path: '/position' });
    if (!answer.ok || answer.status !== 200) return null;
    try {
      const { height } = JSON.parse(fromUtf8(answer.body) ?? '') as { height?: unknown };
      return typeof height === 'number' && Number.isSafeInteger(height) && height >= 0
        ? height
        : null;
    } catch {
      return null;
    }
  }
}

/** Whether this member signs, for its operator. */
export function signingWords(state: ReturnType<SigningFloor['state']>): string {
  switch (state.state) {
    case 'waiting':
      return `signs nothing until its tree has ${state.size} entries, as ${state.from} shows it signed`;
    case 'asking':
      return `signs nothing until ${state.needed} members have said what they hold; ${state.answered} have`;
    case 'forked':
      return `signs nothing more: at size ${state.size} it signed another root, as ${state.from} shows`;
    case 'ready':
      return 'signs';
  }
}
