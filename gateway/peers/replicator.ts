// Contents that this member may hold, fetched from others until it holds them.
import type { WantedRow } from '../store/wanted.ts';
import { Backoff } from './backoff.ts';
import { ContentRound, holdersOf, type RoundLimits, type RoundParts } from './content-round.ts';
import { ASKS_MAX } from './contents-wire.ts';

export interface ReplicatorLimits extends RoundLimits {
  /** Owners whose contents are fetched at the same time. */
  readonly roundsMax: number;
  readonly idleMs: number;
  /** How long a peer that fails is left alone: at first, and at most. */
  readonly restFirstMs: number;
  readonly restMaxMs: number;
  /** And one that gave a wrong content. */
  readonly shunMs: number;
}

export interface ReplicatorOptions
  extends Omit<RoundParts, 'limits' | 'rests' | 'wakes' | 'signal'> {
  /** The store failed, or there is a bug; nothing of that answer was kept. */
  readonly onFailure: (error: Error) => void;
  readonly limits?: Partial<ReplicatorLimits>;
}

const DEFAULT_LIMITS: ReplicatorLimits = {
  roundsMax: 4,
  idleMs: 1_000,
  requestTimeoutMs: 30_000,
  restFirstMs: 250,
  restMaxMs: 60_000,
  shunMs: 600_000,
  retryFirstMs: 30_000,
  retryMaxMs: 86_400_000,
  retryUnaskedMs: 15_000,
};

/**
 * Works off the table of what is wanted, and remembers nothing beside it: after a crash the table
 * says what is missing.
 */
export class Replicator {
  readonly #options: ReplicatorOptions;
  readonly #parts: RoundParts;
  readonly #limits: ReplicatorLimits;
  /** Owners whose log is behind ours. */
  readonly #laggards: Backoff;
  readonly #rounds = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #wakes = 0;
  #lastOwner = '';

  constructor(options: ReplicatorOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { restFirstMs: firstMs, restMaxMs: maxMs, shunMs } = limits;
    const rest = { nowMs: options.nowMs, firstMs, maxMs, shunMs };
    const rests = new Backoff(rest);
    const signal = this.#closing.signal;
    this.#parts = { ...options, limits, rests, signal, wakes: () => this.#wakes };
    this.#options = options;
    this.#limits = limits;
    this.#laggards = new Backoff({ ...rest, maxMs: LAGGARD_REST_MAX_MS });
    this.#timer = setInterval(() => this.poke(), limits.idleMs);
    // For a grant whose `wake` a crash forestalled: at each start what is sealed is asked for once.
    this.wake();
  }

  /** After a block that brought something to want; without it, that is seen within `idleMs`. */
  poke(): void {
    if (this.#closing.signal.aborted) return;
    try {
      this.#startRounds();
    } catch (error) {
      this.#options.onFailure(error as Error);
    }
  }

  /** After a grant or a change of the charter: what was sealed is asked for again. */
  wake(): void {
    this.#wakes += 1;
    this.#options.wanted.wake();
    this.poke();
  }

  /** When this returns nothing is written any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#timer);
    await Promise.all(this.#rounds.values());
  }

  /** In turn, so that an owner of much keeps nobody waiting. */
  #startRounds(): void {
    const owners = this.#options.wanted.owners();
    const turn = owners.findIndex((owner) => owner > this.#lastOwner);
    const ordered = turn < 0 ? owners : [...owners.slice(turn), ...owners.slice(0, turn)];
    for (const owner of ordered) {
      if (this.#rounds.size >= this.#limits.roundsMax) return;
      if (this.#rounds.has(owner) || this.#laggards.isResting(owner)) continue;
      if (holdersOf(owner, this.#parts).length === 0) continue;
      const due = { nowMs: this.#options.nowMs(), limit: ASKS_MAX };
      const rows = this.#options.wanted.next(owner, due);
      if (rows.length === 0) continue;
      this.#lastOwner = owner;
      this.#rounds.set(owner, this.#runRound(owner, rows));
    }
  }

  async #runRound(owner: string, rows: readonly WantedRow[]): Promise<void> {
    try {
      const end = await new ContentRound(owner, rows, this.#parts).run();
      if (end === 'behind') this.#laggards.failed(owner);
      else this.#laggards.good(owner);
    } catch (error) {
      this.#laggards.failed(owner);
      this.#options.onFailure(error as Error);
    }
    this.#rounds.delete(owner);
    this.poke();
  }
}

const LAGGARD_REST_MAX_MS = 30_000;
