import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Membership } from '@truegrain/device-sdk/formats/membership.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';

/** A thing seen of a member, in words for an operator. Nothing here decides anything. */
export interface MemberFinding {
  iss: string;
  name: string;
  code: string;
  text: string;
  firstMs: number;
  lastMs: number;
  count: number;
}

export interface MemberConduct {
  /** Height of the newest block it voted for; null where none was seen since the start. */
  votedHeight: number | null;
  /** Blocks in a row without its vote. */
  missedBlocks: number;
}

/** A node that restarts misses a few; more is told. */
const MISSED_BLOCKS_TOLD = 20;
const FINDINGS_MAX = 200;

/** What this node has seen the members do: votes, proposals, cosignatures, contents. */
export class Standing {
  readonly #membership: () => Membership | null;
  readonly #nowMs: () => number;
  readonly #onFinding: (finding: MemberFinding) => void;
  readonly #findings = new Map<string, MemberFinding>();
  readonly #conduct = new Map<string, MemberConduct>();

  constructor(options: {
    membership: () => Membership | null;
    nowMs: () => number;
    onFinding: (finding: MemberFinding) => void;
  }) {
    this.#membership = options.membership;
    this.#nowMs = options.nowMs;
    this.#onFinding = options.onFinding;
  }

  /** One finding a member and code: it is told when it is new, and counted after that. */
  tell({ iss, code, text }: { iss: string; code: string; text: string }): void {
    const key = `${iss} ${code}`;
    const nowMs = this.#nowMs();
    const known = this.#findings.get(key);
    if (known) {
      this.#findings.set(key, { ...known, text, lastMs: nowMs, count: known.count + 1 });
      return;
    }
    const name = this.#membership()?.members.get(iss)?.name ?? iss;
    const finding = { iss, name, code, text, firstMs: nowMs, lastMs: nowMs, count: 1 };
    if (this.#findings.size >= FINDINGS_MAX) this.#dropOldest();
    this.#findings.set(key, finding);
    this.#onFinding(finding);
  }

  badProposal(proposer: Uint8Array, refusal: { code: string; detail: string }): void {
    const iss = this.#issOf(proposer);
    const { code, detail } = refusal;
    const text = `proposed a block that does not hold: ${detail} (${code}); this node voted against it`;
    this.tell({ iss, code: 'bad_proposal', text });
  }

  votedTwice(validator: Uint8Array, height: number): void {
    const text = `signed two different votes at height ${height}; the engine holds both`;
    this.tell({ iss: this.#issOf(validator), code: 'double_vote', text });
  }

  votes(height: number, votes: readonly { address: Uint8Array; voted: boolean }[]): void {
    for (const { address, voted } of votes) {
      const iss = this.#issOf(address);
      const before = this.#conduct.get(iss);
      const missedBlocks = voted ? 0 : (before?.missedBlocks ?? 0) + 1;
      const votedHeight = voted ? height : (before?.votedHeight ?? null);
      this.#conduct.set(iss, { votedHeight, missedBlocks });
      if (missedBlocks === MISSED_BLOCKS_TOLD) {
        const text = `has not voted for ${missedBlocks} blocks in a row: down, cut off, or voting no`;
        this.tell({ iss, code: 'not_voting', text });
      }
      if (voted && before && before.missedBlocks >= MISSED_BLOCKS_TOLD) {
        this.#findings.delete(`${iss} not_voting`);
      }
    }
  }

  findings(): MemberFinding[] {
    return [...this.#findings.values()];
  }

  conduct(iss: string): MemberConduct {
    return this.#conduct.get(iss) ?? { votedHeight: null, missedBlocks: 0 };
  }

  /** Whose node key has this CometBFT validator address; a retired key still names its member. */
  #issOf(address: Uint8Array): string {
    const hex = toHex(address);
    const key = this.#membership()?.keys.find(
      (one) => one.role === 'node' && toHex(sha256(one.key.x).subarray(0, 20)) === hex,
    );
    return key?.iss ?? `validator ${hex}`;
  }

  #dropOldest(): void {
    const [oldest] = this.#findings.keys();
    if (oldest !== undefined) this.#findings.delete(oldest);
  }
}
