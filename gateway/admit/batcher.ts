import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { encodeLedgerTx } from '@truegrain/device-sdk/formats/ledger-tx.js';
import type { RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';
import type { Signer } from '@truegrain/device-sdk/formats/signer.js';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { Inbox, InboxRow } from '../store/inbox.ts';
import type { Checked } from './check.ts';
import type { Outcome } from './outcome.ts';
import { RefusalQuota } from './refusal-quota.ts';
import { Round, type RoundLaw } from './round.ts';

/** Rows looked at for one batch: some are settled without it. */
const ROWS_A_ROUND = 1_280;
/** Verdicts kept from the door to the batch; older ones are checked again. */
const VERDICTS_KEPT_MAX = 16_384;
/** After this many batches that a stream's changed verdict spoilt, it gets batches of its own. */
const STALE_MAX = 3;
const RETRY_AFTER_MS = 500;

export type Sent = { ok: true } | { ok: false; code: string; detail: string };

/**
 * Turns the inbox into batches, oldest first, one on its way at a time: the gateway key's numbers
 * have no gaps. A batch that became stale on its way leaves the inbox as it was; it is judged again
 * against the new state, so what changed leaves it by itself.
 */
export class Batcher {
  readonly #ledger: { readonly store: LedgerStore; readonly state: LedgerState };
  readonly #inbox: Inbox;
  readonly #gateway: { signer: Signer; iss: string };
  readonly #chainTimeMs: () => number;
  readonly #send: (tx: Uint8Array, streams: ReadonlySet<number>) => Promise<Sent>;
  readonly #recheck: (frame: Uint8Array) => Promise<Checked>;
  readonly #keepDuplicate: (row: InboxRow, leafIndex: number) => void;
  readonly #settle: (device: string | null, outcome: Outcome) => void;
  readonly #onTrouble: (error: Error) => void;
  readonly #quota: RefusalQuota;
  readonly #law: RoundLaw;
  readonly #verdicts = new Map<string, Checked>();
  readonly #staleOf = new Map<number, number>();
  #isRunning = false;
  #closed = false;
  #timer: NodeJS.Timeout | null = null;
  /** Turns of the lonely: every other batch, so that nobody else waits for them. */
  #isLonelyTurn = false;

  constructor(options: {
    ledger: { readonly store: LedgerStore; readonly state: LedgerState };
    inbox: Inbox;
    gateway: { signer: Signer; iss: string };
    /** The present as the chain tells it: a wrong clock here must not spoil batches. */
    chainTimeMs: () => number;
    /** Resolves when a block has it, or when it can't be in one any more. */
    send: (tx: Uint8Array, streams: ReadonlySet<number>) => Promise<Sent>;
    recheck: (frame: Uint8Array) => Promise<Checked>;
    /** In the COMMIT that ends the row. */
    keepDuplicate: (row: InboxRow, leafIndex: number) => void;
    /** Outcomes of rows that need no batch. */
    settle: (device: string | null, outcome: Outcome) => void;
    onTrouble: (error: Error) => void;
    law: RoundLaw;
  }) {
    this.#ledger = options.ledger;
    this.#inbox = options.inbox;
    this.#gateway = options.gateway;
    this.#chainTimeMs = options.chainTimeMs;
    this.#send = options.send;
    this.#recheck = options.recheck;
    this.#keepDuplicate = options.keepDuplicate;
    this.#settle = options.settle;
    this.#onTrouble = options.onTrouble;
    this.#quota = new RefusalQuota(options.chainTimeMs);
    this.#law = options.law;
  }

  /** Settled by a block. */
  forget(id: Uint8Array): void {
    this.#verdicts.delete(toHex(id));
  }

  remember(checked: Checked & { authentic: true }): void {
    if (this.#verdicts.size >= VERDICTS_KEPT_MAX) return;
    this.#verdicts.set(toHex(checked.facts.id), checked);
  }

  /** Something is in the inbox, or the last batch has settled. */
  wake(): void {
    if (this.#isRunning || this.#closed || this.#timer) return;
    this.#isRunning = true;
    void this.#turn();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  async #turn(): Promise<void> {
    let goOn = false;
    try {
      goOn = await this.#run();
    } catch (error) {
      this.#onTrouble(error as Error);
    }
    // What was adopted stays; a batch that is in no block has told the rules nothing.
    this.#law.judge.drop();
    this.#isRunning = false;
    if (goOn) this.wake();
    else if (this.#inbox.count > 0) this.#wakeLater();
  }

  #wakeLater(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.wake();
    }, RETRY_AFTER_MS);
  }

  /** True where it is worth going on at once. */
  async #run(): Promise<boolean> {
    const rows = this.#inbox.after(0, ROWS_A_ROUND);
    if (rows.length === 0) return false;
    const checked = await Promise.all(rows.map((row) => this.#verdictOf(row)));
    if (this.#closed) return false;
    const logTimeMs = Math.max(this.#chainTimeMs(), this.#ledger.state.logTimeMs);
    const bytesMax = this.#ledger.state.charter?.bytesPerBlock ?? 0;
    const parts = { quota: this.#quota, law: this.#law };
    const round = new Round(this.#ledger, parts, { logTimeMs, bytesMax });
    const before = this.#inbox.count;
    const keys = this.#fill(round, rows, checked);
    if (round.isEmpty()) return this.#inbox.count < before;
    const { facts, batch } = round.seal(this.#gateway);
    const tx = encodeLedgerTx({
      kind: 'batch',
      entries: facts.map(({ entry }) => entry),
      batch: batch.entry,
    });
    const sent = await this.#send(tx, keys);
    if (sent.ok) {
      this.#law.judge.adopt();
      round.countRefusals();
      this.#unspoil(keys);
    } else if (sent.code === 'stale_batch') this.#spoil(round);
    return sent.ok || sent.code === 'stale_batch' || sent.code === 'seq';
  }

  #verdictOf(row: InboxRow): Checked | Promise<Checked> {
    return this.#verdicts.get(toHex(row.id)) ?? this.#recheck(row.frame);
  }

  /** Takes rows in order until the batch is full; those that need none are settled and removed. */
  #fill(round: Round, rows: readonly InboxRow[], checked: readonly Checked[]): Set<number> {
    this.#isLonelyTurn = !this.#isLonelyTurn;
    const taken = new Set<number>();
    const done: { row: InboxRow; outcome: Outcome }[] = [];
    const lonely = this.#lonely(checked);
    for (const [i, row] of rows.entries()) {
      const one = checked[i];
      if (!one || round.isFull(one)) break;
      if (!one.authentic) {
        // A key that was known at the door and is not now: the ledger is being taken over anew.
        if (one.code === 'unknown_key') continue;
        // It was checked at the door: this is damage.
        done.push({ row, outcome: { kind: 'refused', id: row.id, code: one.code } });
        continue;
      }
      const { keyNo } = one.facts;
      if (lonely !== null ? keyNo !== lonely : this.#isLonely(keyNo)) continue;
      const outcome = this.#decide(round, row, one);
      if (outcome) done.push({ row, outcome });
      else taken.add(keyNo);
    }
    this.#drop(done);
    return taken;
  }

  /** The outcome of a row that needs no batch, else null: the block's COMMIT will settle it. */
  #decide(round: Round, row: InboxRow, checked: Checked & { authentic: true }): Outcome | null {
    const { facts, content, verdict } = checked;
    const before = round.accepted.length + round.refused.length;
    const answer = round.judge(facts, content, verdict);
    const code: RefusalCode | null = typeof answer === 'string' ? answer : null;
    const device = this.#ledger.state.keys[facts.keyNo]?.iss ?? '';
    const outcome =
      code === null
        ? (answer as () => Outcome)
        : round.refuse({ facts, code, device, frame: row.frame, receivedMs: this.#chainTimeMs() });
    return round.accepted.length + round.refused.length > before ? null : outcome();
  }

  /** A crash leaves the rows, which are judged again and settled again. */
  #drop(done: readonly { row: InboxRow; outcome: Outcome }[]): void {
    if (done.length === 0) return;
    this.#ledger.store.db.transaction(() => {
      for (const { row, outcome } of done) {
        if (outcome.kind === 'duplicate') this.#keepDuplicate(row, outcome.leafIndex);
        this.#inbox.remove(row);
      }
    })();
    for (const { row, outcome } of done) {
      this.#verdicts.delete(toHex(row.id));
      this.#settle(row.device, outcome);
    }
  }

  /** The state moved under the batch: whose verdicts changed? */
  #spoil(round: Round): void {
    for (const keyNo of round.changedSince()) {
      this.#staleOf.set(keyNo, (this.#staleOf.get(keyNo) ?? 0) + 1);
    }
  }

  #unspoil(keys: ReadonlySet<number>): void {
    for (const keyNo of keys) this.#staleOf.delete(keyNo);
  }

  #isLonely(keyNo: number): boolean {
    return (this.#staleOf.get(keyNo) ?? 0) >= STALE_MAX;
  }

  /** The stream whose own batch it is now; null for everybody else's. */
  #lonely(checked: readonly Checked[]): number | null {
    const others = checked.some((one) => one.authentic && !this.#isLonely(one.facts.keyNo));
    if (others && !this.#isLonelyTurn) return null;
    const first = checked.find((one) => one.authentic && this.#isLonely(one.facts.keyNo));
    return first?.authentic ? first.facts.keyNo : null;
  }
}
