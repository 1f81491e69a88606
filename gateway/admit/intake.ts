import {
  BATCH_BYTES_MAX,
  BATCH_REFUSALS_MAX,
  BATCH_STATEMENTS_MAX,
} from '@truegrain/device-sdk/formats/batch.js';
import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import {
  isListable,
  type ListableRefusalCode,
  type RefusalCode,
} from '@truegrain/device-sdk/formats/refusal.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import { expectedGrade } from '../ledger/apply-batch.ts';
import type { Facts } from '../ledger/facts.ts';
import { FLAG } from '../ledger/grade.ts';
import { Judge } from '../ledger/judge.ts';
import { sealBatch } from '../ledger/seal-batch.ts';
import type { RefusedFrame, SoloLedger } from '../ledger/solo.ts';
import type { Checked } from './check.ts';
import { CheckPool } from './check-pool.ts';
import { RefusalQuota } from './refusal-quota.ts';

/** What became of a frame, told only once it is durable. */
export type Outcome =
  | { kind: 'accepted'; id: Uint8Array; leafIndex: number; sub: string }
  | { kind: 'duplicate'; id: Uint8Array; leafIndex: number; sub: string }
  /** Listed in the batch at `batchLeaf`: the device may release the frame on that batch's receipt. */
  | { kind: 'listed'; id: Uint8Array; code: RefusalCode; batchLeaf: number }
  /** Not listed: nobody signed for it, or a carrier may have caused it. */
  | { kind: 'refused'; id: Uint8Array | null; code: RefusalCode };

export type Settle = (outcome: Outcome) => void;

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
export class Intake {
  readonly #ledger: SoloLedger;
  readonly #gateway: { signer: Signer; iss: string };
  readonly #nowMs: () => number;
  readonly #lingerMs: number;
  readonly #pool: CheckPool<Arrival>;
  readonly #quota: RefusalQuota;
  readonly #onCommitted: () => void;
  readonly #onTrouble: (error: Error) => void;
  readonly #onGarbage: (code: RefusalCode, frame: Uint8Array) => void;
  #group: { arrival: Arrival; checked: Checked }[] = [];
  #groupBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #pending = 0;
  #closed = false;
  #idle: (() => void) | null = null;
  /** Set while commits fail: nothing is accepted, nothing acknowledged, nothing lost. */
  trouble: string | null = null;

  constructor(options: {
    ledger: SoloLedger;
    gateway: { signer: Signer; iss: string };
    nowMs: () => number;
    lingerMs: number;
    threads?: number;
    onCommitted: () => void;
    onTrouble: (error: Error) => void;
    onGarbage: (code: RefusalCode, frame: Uint8Array) => void;
    onFailure: (error: Error) => void;
  }) {
    this.#ledger = options.ledger;
    this.#gateway = options.gateway;
    this.#nowMs = options.nowMs;
    this.#lingerMs = options.lingerMs;
    this.#onCommitted = options.onCommitted;
    this.#onTrouble = options.onTrouble;
    this.#onGarbage = options.onGarbage;
    this.#quota = new RefusalQuota(options.nowMs);
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

  submit(frame: Uint8Array, device: string | null, settle: Settle): void {
    if (this.#closed) return; // unacknowledged, so it comes again
    this.#pending += 1;
    this.#pool.check(frame, { device, frame, settle });
  }

  /** Takes nothing more; what is being checked is committed first. */
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
    if (checked.authentic) this.#groupBytes += checked.facts.entry.length;
    if (this.#isFull()) this.#close();
  }

  #closeIfDue(): void {
    if (this.#group.length === 0 || this.#timer) return;
    if (this.#closed) this.#close();
    else this.#timer = setTimeout(() => this.#close(), this.#lingerMs);
  }

  /** Refusals are counted as statements here, so that the smaller of the two limits holds. */
  #isFull(): boolean {
    const statementBytesMax = BATCH_BYTES_MAX - GROUP_BYTES_SPARED;
    return this.#group.length >= BATCH_STATEMENTS_MAX || this.#groupBytes >= statementBytesMax;
  }

  #close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const group = this.#group;
    if (group.length === 0) return;
    try {
      const settled = this.#commit(group);
      this.#group = group.slice(settled.length);
      this.#groupBytes = 0;
      this.trouble = null;
      for (const [settle, outcome] of settled) settle(outcome);
      this.#pending -= settled.length;
      if (this.#group.length > 0) this.#closeIfDue();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.trouble = error.message;
      this.#onTrouble(error);
      this.#timer = setTimeout(() => this.#close(), RETRY_AFTER_MS);
      return;
    }
    if (this.#pending === 0) this.#idle?.();
  }

  /** One batch at most; what does not fit stays in the group. */
  #commit(group: readonly { arrival: Arrival; checked: Checked }[]): [Settle, Outcome][] {
    const round = new Round(this.#ledger, Math.max(this.#nowMs(), this.#ledger.state.logTimeMs));
    const taken: { settle: Settle; outcome: () => Outcome }[] = [];
    for (const { arrival, checked } of group) {
      if (round.isFull()) break;
      const outcome = this.#decide(round, arrival, checked);
      taken.push({ settle: arrival.settle, outcome });
    }
    if (round.accepted.length > 0 || round.refused.length > 0) {
      round.commit(this.#ledger, this.#gateway);
      this.#onCommitted();
    }
    return taken.map(({ settle, outcome }) => [settle, outcome()]);
  }

  #decide(round: Round, { device, frame }: Arrival, checked: Checked): () => Outcome {
    if (!checked.authentic) {
      this.#onGarbage(checked.code, frame);
      return () => ({ kind: 'refused', id: checked.id, code: checked.code });
    }
    const { facts, content, verdict } = checked;
    const iss = this.#ledger.state.keys[facts.keyNo]?.iss ?? '';
    // Another device's frame: listing it would let a thief of one frame erase it from its queue.
    if (device !== null && device !== iss) {
      return () => ({ kind: 'refused', id: facts.id, code: 'iss_mismatch' });
    }
    const code = verdict.code ?? round.accept(facts, content, verdict.suspect);
    if (typeof code !== 'string') return code;
    return round.refuse(
      { facts, code, device: iss, frame, receivedMs: this.#nowMs() },
      this.#quota,
    );
  }
}

/** Room for the batch statement itself: grades, 256 refusals and its header. */
const GROUP_BYTES_SPARED = 24 * 1024;

/** One batch in the making. */
class Round {
  readonly #ledger: SoloLedger;
  readonly #judge: Judge;
  readonly #logTimeMs: number;
  readonly #size: number;
  readonly accepted: { facts: Facts; grade: number; content: Uint8Array }[] = [];
  readonly refused: (RefusedFrame & { code: ListableRefusalCode })[] = [];
  readonly #refusedIds = new Set<string>();
  #batchLeaf = -1;

  constructor(ledger: SoloLedger, logTimeMs: number) {
    this.#ledger = ledger;
    this.#logTimeMs = logTimeMs;
    this.#judge = new Judge(ledger.state, ledger.store.history, logTimeMs);
    this.#size = ledger.state.size;
  }

  isFull(): boolean {
    return (
      this.refused.length >= BATCH_REFUSALS_MAX || this.accepted.length >= BATCH_STATEMENTS_MAX
    );
  }

  accept(facts: Facts, content: Uint8Array, suspect: boolean): RefusalCode | (() => Outcome) {
    const { id, sub } = facts;
    const verdict = this.#judge.judge(facts);
    if (verdict.kind === 'refuse') return verdict.code;
    if (verdict.kind === 'duplicate') {
      return () => {
        const leafIndex = this.#ledger.store.packs.leafOf(facts.keyNo, facts.seq);
        if (leafIndex === null) throw new Error('a duplicate has its first');
        return { kind: 'duplicate', id, leafIndex, sub };
      };
    }
    const claimed = suspect ? FLAG.suspect : 0;
    const forecast = { ...verdict, logTimeMs: this.#logTimeMs, claimed };
    const grade = expectedGrade(this.#ledger.state, this.#judge, facts, forecast);
    const leafIndex = this.#size + this.accepted.length;
    this.accepted.push({ facts, grade, content });
    return () => ({ kind: 'accepted', id, leafIndex, sub });
  }

  refuse(
    refusal: {
      facts: Facts;
      code: RefusalCode;
      device: string;
      frame: Uint8Array;
      receivedMs: number;
    },
    quota: RefusalQuota,
  ): () => Outcome {
    const { facts, code, device, frame, receivedMs } = refusal;
    const { id, seq } = facts;
    const listed = this.#ledger.store.fold.refusal(id);
    if (listed) {
      return () => ({
        kind: 'listed',
        id,
        code: listed.code as RefusalCode,
        batchLeaf: listed.batchLeaf,
      });
    }
    if (!isListable(code)) return () => ({ kind: 'refused', id, code });
    if (!this.#refusedIds.has(toHex(id))) {
      if (!quota.take(device)) return () => ({ kind: 'refused', id, code: 'rate_limited' });
      this.#refusedIds.add(toHex(id));
      this.refused.push({ id, seq, code, device, frame, receivedMs });
    }
    return () => ({ kind: 'listed', id, code, batchLeaf: this.#batchLeaf });
  }

  commit(ledger: SoloLedger, gateway: { signer: Signer; iss: string }): void {
    const { accepted, refused } = this;
    const factsRoot = rootOf(accepted.map(({ facts }) => facts.leafHash));
    const logTimeMs = this.#logTimeMs;
    const contents = { accepted, root: factsRoot, refusals: refused, logTimeMs };
    const batch = sealBatch(ledger.state, gateway, contents);
    const block = { facts: accepted.map(({ facts }) => facts), factsRoot, batch };
    const applied = ledger.commitBatch(block, {
      contents: accepted.map((a) => a.content),
      refused,
    });
    // One process, one thread: nothing can have changed between forecast and position.
    if (!applied.ok) throw new Error(`own batch refused: ${applied.code} (${applied.detail})`);
    this.#batchLeaf = applied.value.leafIndex;
  }
}
