import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { MEDIA_CBOR } from '@truegrain/device-sdk/formats/media-types.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import type { Wanted, WantedRow } from '../store/wanted.ts';
import type { Backoff } from './backoff.ts';
import {
  ANSWER_BYTES_MAX,
  type ContentsAnswer,
  encodeAsks,
  parseContents,
} from './contents-wire.ts';
import type { Peer, PeerDirectory } from './directory.ts';
import type { PeerClient } from './peer-client.ts';

export interface Misbehaviour {
  readonly iss: string;
  /** `wrong_content`: bytes that are not what the statement says. `bad_answer`: no answer at all. */
  readonly code: 'wrong_content' | 'bad_answer';
  /** For people; names the member. */
  readonly text: string;
}

export interface RoundLimits {
  readonly requestTimeoutMs: number;
  /** Of a content that not even its owner has: the first wait, and the last of the doubling ones. */
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  /** While the owner can't be asked: it has the content as soon as it is back. */
  readonly retryUnaskedMs: number;
}

export interface RoundParts {
  readonly wanted: Wanted;
  readonly client: PeerClient;
  readonly directory: PeerDirectory;
  /** Leaves of this member's own log, committed. */
  readonly size: () => number;
  /** In the COMMIT that ends the want; the bytes are a view of the whole answer. */
  readonly keep: (leafIndex: number, bytes: Uint8Array) => void;
  readonly onMisbehaviour: (misbehaviour: Misbehaviour) => void;
  readonly nowMs: () => number;
  readonly limits: RoundLimits;
  readonly rests: Backoff;
  /** Counts what opened sealed contents. */
  readonly wakes: () => number;
  readonly signal: AbortSignal;
}

/** What this side knew when it asked. */
interface Asked {
  readonly peer: Peer;
  readonly size: number;
  readonly wakes: number;
}

/** One page of an owner's contents, asked of the owner and then of others for what is left. */
export class ContentRound {
  readonly #owner: string;
  readonly #parts: RoundParts;
  /** Not had, and still to be asked for. */
  #open: WantedRow[];
  /** Of these, what the owner's log has not reached yet. */
  readonly #behind = new Set<WantedRow>();
  readonly #asked = new Set<string>();

  constructor(owner: string, rows: readonly WantedRow[], parts: RoundParts) {
    this.#owner = owner;
    this.#open = [...rows];
    this.#parts = parts;
  }

  /** `behind`: some of it is to be asked for again soon, when the owner has caught up. */
  async run(): Promise<'settled' | 'behind'> {
    for (const peer of holdersOf(this.#owner, this.#parts)) {
      if (this.#open.length === 0) break;
      const asked = { peer, size: this.#parts.size(), wakes: this.#parts.wakes() };
      const contents = await this.#ask(peer);
      if (this.#parts.signal.aborted) return 'settled';
      if (contents === null) continue;
      this.#asked.add(peer.iss);
      this.#take(asked, contents);
    }
    // Where nobody could be asked nothing is known, and the peers' rests space the attempts.
    if (this.#asked.size > 0) this.#postpone();
    return this.#open.some((row) => this.#behind.has(row)) ? 'behind' : 'settled';
  }

  async #ask(peer: Peer): Promise<ContentsAnswer | null> {
    const { client, limits, rests, signal } = this.#parts;
    const answer = await client.request(peer, {
      method: 'POST',
      path: '/contents',
      body: encodeAsks(this.#open),
      contentType: MEDIA_CBOR,
      requestTimeoutMs: limits.requestTimeoutMs,
      answerBytesMax: ANSWER_BYTES_MAX,
      signal,
    });
    if (!answer.ok || answer.status !== 200) {
      rests.failed(peer.iss);
      return null;
    }
    const contents = parseContents(answer.body, this.#open);
    if (contents.ok) return contents.value;
    this.#badAnswer(peer, contents.detail);
    return null;
  }

  /**
   * One COMMIT: each content that came and the end of its want. A crash before it leaves the rows,
   * which are asked for again.
   */
  #take(asked: Asked, contents: ContentsAnswer): void {
    const { peer } = asked;
    const rows = this.#open;
    const open: WantedRow[] = [];
    const later: WantedRow[] = [];
    const wrong: { row: WantedRow; bytes: Uint8Array }[] = [];
    let good = 0;
    this.#parts.wanted.transaction(() => {
      for (const [i, row] of rows.entries()) {
        const answer = contents.answers[i];
        if (answer?.kind === 'bytes' && this.#keep(row, answer.bytes)) good += 1;
        else if (answer?.kind === 'bytes') wrong.push({ row, bytes: answer.bytes });
        else if (answer?.kind === 'later') later.push(row);
        else if (answer?.kind !== 'sealed' || !this.#seal(row, asked, contents.size))
          open.push(row);
      }
    });
    this.#open = [...open, ...wrong.map(({ row }) => row)];
    if (this.#decides(peer)) {
      for (const row of open) if (contents.size <= row.leafIndex) this.#behind.add(row);
    }
    if (wrong[0]) this.#wrongContent(peer, wrong[0]);
    else if (later.length > 0 && good === 0) {
      // Rows stay due; without this a peer could be asked for ever and give nothing.
      this.#open.push(...later);
      this.#badAnswer(peer, 'full without a content');
    } else this.#parts.rests.good(peer.iss);
  }

  /** A content that is no longer wanted was erased meanwhile, or came by another way: not kept. */
  #keep({ leafIndex, digest }: WantedRow, bytes: Uint8Array): boolean {
    if (!equal(sha256(bytes), digest)) return false;
    if (this.#parts.wanted.done(leafIndex)) this.#parts.keep(leafIndex, bytes);
    return true;
  }

  /**
   * A refusal is final, until a grant, only by a state that is not older than what this side knew:
   * else the grant that made it ask would be missed.
   */
  #seal(row: WantedRow, { peer, size, wakes }: Asked, answeredBySize: number): boolean {
    if (!this.#decides(peer)) return false;
    if (answeredBySize < size || wakes !== this.#parts.wakes()) {
      this.#behind.add(row);
      return false;
    }
    this.#parts.wanted.seal(row.leafIndex);
    return true;
  }

  /** The owner; where it is no member any more, whoever answers. */
  #decides({ iss }: Peer): boolean {
    const peers = this.#parts.directory.peers();
    return iss === this.#owner || !peers.some((peer) => peer.iss === this.#owner);
  }

  #postpone(): void {
    const { limits, nowMs, wanted } = this.#parts;
    const { retryFirstMs, retryMaxMs, retryUnaskedMs } = limits;
    const wasAsked = this.#asked.has(this.#owner);
    wanted.transaction(() => {
      for (const row of this.#open) {
        if (this.#behind.has(row)) continue;
        const waitMs = wasAsked
          ? Math.min(retryFirstMs * 2 ** row.tries, retryMaxMs)
          : retryUnaskedMs;
        wanted.postpone(row.leafIndex, { untilMs: nowMs() + waitMs, isTry: wasAsked });
      }
    });
  }

  #wrongContent(peer: Peer, { row, bytes }: { row: WantedRow; bytes: Uint8Array }): void {
    this.#parts.rests.shunned(peer.iss);
    const text =
      `${named(peer)} gave ${bytes.length} bytes as the content of leaf ${row.leafIndex}, ` +
      `with SHA-256 ${toHex(sha256(bytes))}; the statement says ${toHex(row.digest)}`;
    this.#parts.onMisbehaviour({ iss: peer.iss, code: 'wrong_content', text });
  }

  #badAnswer(peer: Peer, why: string): void {
    this.#parts.rests.failed(peer.iss);
    const text = `${named(peer)} answers to contents with what is no such answer: ${why}`;
    this.#parts.onMisbehaviour({ iss: peer.iss, code: 'bad_answer', text });
  }
}

/** The owner, then the others, less those that are left alone for now. */
export function holdersOf(
  owner: string,
  { directory, rests }: Pick<RoundParts, 'directory' | 'rests'>,
): Peer[] {
  const peers = directory.peers();
  // What this member's own devices sent may have come through another of its gateways.
  const first = [...directory.own(), ...peers].filter(({ iss }) => iss === owner);
  const others = peers.filter(({ iss }) => iss !== owner);
  return [...first, ...others].filter(({ iss }) => !rests.isResting(iss));
}

const named = ({ name, iss }: Peer): string => `${name} (${iss})`;
