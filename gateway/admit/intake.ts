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
import type { ContentVerdict, Facts } from '../ledger/facts.ts';
import { FLAG } from '../ledger/grade.ts';
import { Judge } from '../ledger/judge.ts';
import { sealBatch } from '../ledger/seal-batch.ts';
import type { SoloLedger } from '../ledger/solo.ts';
import type { RefusedFrame } from '../store/refused-frames.ts';
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
    const round = new Round(this.#ledger, this.#quota, logTimeMs);
    const taken: { settle: Settle; outcome: () => Outcome }[] = [];
    for (const { arrival, checked } of group) {
      if (round.isFull(checked)) break;
      const outcome = this.#decide(round, arrival, checked);
      taken.push({ settle: arrival.settle, outcome });
    }
    if (round.accepted.length > 0 || round.refused.length > 0) {
      round.commit(this.#gateway);
      this.#onCommitted();
    }
    return taken.map(({ settle, outcome }) => [settle, outcome()]);
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

/** Room for the batch statement itself: grades, 256 refusals and its header. */
const GROUP_BYTES_SPARED = 24 * 1024;

/** One batch in the making. */
class Round {
  readonly #ledger: SoloLedger;
  readonly #quota: RefusalQuota;
  readonly #judge: Judge;
  readonly #logTimeMs: number;
  readonly #size: number;
  readonly accepted: { facts: Facts; grade: number; content: Uint8Array }[] = [];
  readonly refused: (RefusedFrame & { code: ListableRefusalCode })[] = [];
  /** The code under which an id is listed here. */
  readonly #codes = new Map<string, RefusalCode>();
  readonly #refusedOf = new Map<string, number>();
  #bytes = 0;
  #batchLeaf = -1;

  constructor(ledger: SoloLedger, quota: RefusalQuota, logTimeMs: number) {
    this.#ledger = ledger;
    this.#quota = quota;
    this.#logTimeMs = logTimeMs;
    this.#judge = new Judge(ledger.state, ledger.store.history, logTimeMs);
    this.#size = ledger.state.size;
  }

  /** Whether there may be no room for `next`, whatever becomes of it. */
  isFull(next: Checked): boolean {
    const entryBytes = next.authentic ? next.facts.entry.length : 0;
    return (
      this.refused.length >= BATCH_REFUSALS_MAX ||
      this.accepted.length >= BATCH_STATEMENTS_MAX ||
      this.#bytes + entryBytes > BATCH_BYTES_MAX - GROUP_BYTES_SPARED
    );
  }

  /** The answer of one that is accepted or was before, else why it is refused. */
  judge(
    facts: Facts,
    content: Uint8Array,
    attested: ContentVerdict,
  ): RefusalCode | (() => Outcome) {
    // First of all: what the log has is answered so, even if it would be refused today.
    if (attested.code !== null && !this.#judge.isDuplicate(facts)) return attested.code;
    const { id, sub } = facts;
    const verdict = this.#judge.judge(facts);
    if (verdict.kind === 'refuse') return verdict.code;
    if (verdict.kind === 'duplicate') {
      return () => {
        const leafIndex = this.#ledger.store.leaves.find(id);
        if (leafIndex === null) throw new Error('a duplicate has its first');
        return { kind: 'duplicate', id, leafIndex, sub };
      };
    }
    const claimed = attested.suspect ? FLAG.suspect : 0;
    const forecast = { ...verdict, logTimeMs: this.#logTimeMs, claimed };
    const grade = expectedGrade(this.#ledger.state, this.#judge, facts, forecast);
    const leafIndex = this.#size + this.accepted.length;
    this.accepted.push({ facts, grade, content });
    this.#bytes += facts.entry.length;
    return () => ({ kind: 'accepted', id, leafIndex, sub });
  }

  refuse(refusal: {
    facts: Facts;
    code: RefusalCode;
    device: string;
    frame: Uint8Array;
    receivedMs: number;
  }): () => Outcome {
    const { facts, code, device, frame, receivedMs } = refusal;
    const { id, seq } = facts;
    const listed = this.#ledger.store.fold.refusal(id);
    if (listed) {
      const { batchLeaf } = listed;
      return () => ({ kind: 'listed', id, code: listed.code as RefusalCode, batchLeaf });
    }
    if (!isListable(code)) return () => ({ kind: 'refused', id, code });
    const known = this.#codes.get(toHex(id));
    if (!known) {
      const ofDevice = this.#refusedOf.get(device) ?? 0;
      if (ofDevice >= this.#quota.left(device)) {
        return () => ({ kind: 'refused', id, code: 'rate_limited' });
      }
      this.#refusedOf.set(device, ofDevice + 1);
      this.#codes.set(toHex(id), code);
      this.refused.push({ id, seq, code, device, frame, receivedMs });
    }
    return () => ({ kind: 'listed', id, code: known ?? code, batchLeaf: this.#batchLeaf });
  }

  commit(gateway: { signer: Signer; iss: string }): void {
    const { accepted, refused } = this;
    const ledger = this.#ledger;
    const facts = accepted.map((a) => a.facts);
    const factsRoot = rootOf(facts.map(({ leafHash }) => leafHash));
    const logTimeMs = this.#logTimeMs;
    const contents = { accepted, root: factsRoot, refusals: refused, logTimeMs };
    const batch = sealBatch(ledger.state, gateway, contents);
    const applied = ledger.commitBatch(
      { facts, factsRoot, batch },
      { contents: accepted.map((a) => a.content), refused },
    );
    // One process, one thread: nothing can have changed between forecast and position.
    if (!applied.ok) throw new Error(`own batch refused: ${applied.code} (${applied.detail})`);
    for (const { device } of refused) this.#quota.take(device);
    this.#batchLeaf = applied.value.leafIndex;
  }
}
