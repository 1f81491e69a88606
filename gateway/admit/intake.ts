import { BATCH_STATEMENTS_MAX } from '@truegrain/device-sdk/formats/batch.js';
import type { RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { SoloLedger } from '../ledger/solo.ts';
import type { Admission, AdmissionHooks } from './admission.ts';
import type { Checked } from './check.ts';
import { CheckPool } from './check-pool.ts';
import type { Outcome, Settle } from './outcome.ts';
import { RefusalQuota } from './refusal-quota.ts';
import { Round, type RoundLaw } from './round.ts';

interface Arrival {
  /** The authenticated connection's device; null at doors that take any device's statement. */
  device: string | null;
  frame: Uint8Array;
  settle: Settle;
}

/** A disk that is full now may have room later; the frames wait unacknowledged meanwhile. */
const RETRY_AFTER_MS = 1_000;

/**
 * From frame to committed: checks on all cores, then, one group at a time, judges, seals a batch
 * and commits it. A group closes when it is full or `lingerMs` after its first frame.
 */
export class Intake implements Admission {
  readonly #ledger: SoloLedger;
  readonly #gateway: { signer: Signer; iss: string };
  readonly #nowMs: () => number;
  readonly #lingerMs: number;
  readonly #pool: CheckPool<Arrival>;
  readonly #quota: RefusalQuota;
  readonly #law: RoundLaw;
  readonly #onCommitted: () => void;
  readonly #onTrouble: (error: Error) => void;
  readonly #onGarbage: (code: RefusalCode, frame: Uint8Array) => void;
  #group: { arrival: Arrival; checked: Checked }[] = [];
  #timer: NodeJS.Timeout | null = null;
  #pending = 0;
  #closed = false;
  #idle: (() => void) | null = null;
  /** Set while commits fail: nothing is accepted, nothing acknowledged, nothing lost. */
  trouble: string | null = null;

  constructor(
    options: AdmissionHooks & {
      ledger: SoloLedger;
      gateway: { signer: Signer; iss: string };
      nowMs: () => number;
      lingerMs: number;
      threads?: number;
    },
  ) {
    this.#ledger = options.ledger;
    this.#gateway = options.gateway;
    this.#nowMs = options.nowMs;
    this.#lingerMs = options.lingerMs;
    this.#onCommitted = options.onCommitted;
    this.#onTrouble = options.onTrouble;
    this.#onGarbage = options.onGarbage;
    this.#quota = new RefusalQuota(options.nowMs);
    this.#law = options.law;
    this.#pool = new CheckPool<Arrival>({
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      onChecked: (arrival, checked) => this.#collect(arrival, checked),
      onChunk: () => this.#closeIfDue(),
      onFailure: options.onFailure,
    });
  }

  get pool(): Pick<CheckPool<unknown>, 'setLedger' | 'setKey'> {
    return this.#pool;
  }

  /** Accepted and committed are one COMMIT here. */
  holds(): boolean {
    return false;
  }

  submit(frame: Uint8Array, device: string | null, settle: Settle): void {
    if (this.#closed) return; // unacknowledged, so it comes again
    this.#pending += 1;
    this.#pool.check(frame, { device, frame, settle });
  }

  /** Takes nothing more; what is being checked is committed first, if the disk lets it. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#pending > 0 && !this.trouble) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
        this.#close();
      });
    }
    if (this.#timer) clearTimeout(this.#timer);
    await this.#pool.close();
  }

  #collect(arrival: Arrival, checked: Checked): void {
    this.#group.push({ arrival, checked });
    // While commits fail the timer alone tries again: each try judges a whole group.
    if (this.#group.length >= BATCH_STATEMENTS_MAX && !this.trouble) this.#close();
  }

  #closeIfDue(): void {
    if (this.#group.length === 0 || this.#timer) return;
    if (this.#closed) this.#close();
    else this.#timer = setTimeout(() => this.#close(), this.#lingerMs);
  }

  #close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const group = this.#group;
    if (group.length === 0) return;
    let settled: [Settle, Outcome][];
    try {
      settled = this.#commit(group);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#law.judge.drop();
      this.#failed(error);
      return;
    }
    this.#group = group.slice(settled.length);
    this.trouble = null;
    this.#pending -= settled.length;
    for (const [settle, outcome] of settled) settle(outcome);
    if (this.#group.length > 0) this.#closeIfDue();
    if (this.#pending === 0) this.#idle?.();
  }

  #failed(error: Error): void {
    this.trouble = error.message;
    this.#onTrouble(error);
    // Nothing of it was acknowledged: a gateway that ends now loses nothing.
    if (this.#closed) this.#idle?.();
    else this.#timer = setTimeout(() => this.#close(), RETRY_AFTER_MS);
  }

  /** One batch at most; what does not fit stays in the group. */
  #commit(group: readonly { arrival: Arrival; checked: Checked }[]): [Settle, Outcome][] {
    const logTimeMs = Math.max(this.#nowMs(), this.#ledger.state.logTimeMs);
    const parts = { quota: this.#quota, law: this.#law };
    const round = new Round(this.#ledger, parts, { logTimeMs });
    const taken: { settle: Settle; outcome: () => Outcome }[] = [];
    for (const { arrival, checked } of group) {
      if (round.isFull(checked)) break;
      const outcome = this.#decide(round, arrival, checked);
      taken.push({ settle: arrival.settle, outcome });
    }
    if (!round.isEmpty()) {
      this.#write(round);
      this.#law.judge.adopt();
      this.#onCommitted();
    }
    return taken.map(({ settle, outcome }) => [settle, outcome()]);
  }

  #write(round: Round): void {
    const contents = round.accepted.map((a) => a.content);
    const summaries = round.accepted.map((a) => a.summary);
    const beside = { contents, summaries, refused: round.refused };
    const applied = this.#ledger.commitBatch(round.seal(this.#gateway), beside);
    // One process, one thread: nothing can have changed between forecast and position.
    if (!applied.ok) throw new Error(`own batch refused: ${applied.code} (${applied.detail})`);
    round.committedAt(applied.value.leafIndex);
  }

  #decide(round: Round, { device, frame }: Arrival, checked: Checked): () => Outcome {
    if (!checked.authentic) {
      return () => {
        this.#onGarbage(checked.code, frame);
        return { kind: 'refused', id: checked.id, code: checked.code };
      };
    }
    const { facts, content, verdict } = checked;
    const iss = this.#ledger.state.keys[facts.keyNo]?.iss ?? '';
    // Another device's frame: listing it would let a thief of one frame erase it from its queue.
    if (device !== null && device !== iss) {
      return () => ({ kind: 'refused', id: facts.id, code: 'iss_mismatch' });
    }
    const answer = round.judge(facts, content, verdict);
    if (typeof answer !== 'string') return answer;
    return round.refuse({ facts, code: answer, device: iss, frame, receivedMs: this.#nowMs() });
  }
}
