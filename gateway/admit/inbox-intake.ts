import { Judge } from '../ledger/judge.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { Inbox } from '../store/inbox.ts';
import type { Admission, AdmissionHooks } from './admission.ts';
import type { Checked } from './check.ts';
import { CheckPool } from './check-pool.ts';
import type { CheckEntry } from './entry-verifier.ts';
import type { Outcome, Settle } from './outcome.ts';

type Context =
  | { kind: 'frame'; device: string | null; frame: Uint8Array; settle: Settle }
  | { kind: 'entry'; done: (checked: Checked) => void };

interface Arrival {
  device: string | null;
  frame: Uint8Array;
  settle: Settle;
  checked: Checked & { authentic: true };
}

/** One COMMIT for what came together; at once where so many wait. */
const GROUP_MAX = 1_024;
const RETRY_AFTER_MS = 1_000;

/**
 * An alliance's door for frames. Accepted means durable in this gateway's inbox: a chain that halts
 * stops no device. Verdicts that depend on the log's order are given when a batch is made.
 */
export class InboxIntake implements Admission {
  readonly #ledger: { readonly store: LedgerStore; readonly state: LedgerState };
  readonly #inbox: Inbox;
  readonly #bytesMax: number;
  readonly #lingerMs: number;
  readonly #hooks: AdmissionHooks;
  readonly #pool: CheckPool<Context>;
  readonly #onQueued: (checked: Checked & { authentic: true }) => void;
  #group: Arrival[] = [];
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #checking = 0;
  #idle: (() => void) | null = null;
  trouble: string | null = null;

  constructor(
    options: AdmissionHooks & {
      ledger: { readonly store: LedgerStore; readonly state: LedgerState };
      inbox: Inbox;
      /** The disk budget of the inbox while the chain does not move. */
      inboxBytesMax: number;
      lingerMs: number;
      threads?: number;
      /** After COMMIT; the batcher knows then what it need not check again. */
      onQueued: (checked: Checked & { authentic: true }) => void;
    },
  ) {
    this.#ledger = options.ledger;
    this.#inbox = options.inbox;
    this.#bytesMax = options.inboxBytesMax;
    this.#lingerMs = options.lingerMs;
    this.#hooks = options;
    this.#onQueued = options.onQueued;
    this.#pool = new CheckPool<Context>({
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      onChecked: (context, checked) => this.#onChecked(context, checked),
      onChunk: () => this.#closeIfDue(),
      onFailure: options.onFailure,
    });
  }

  get pool(): Admission['pool'] {
    return this.#pool;
  }

  /** Other gateways' statements, before the frames that wait: a vote depends on them. */
  readonly checkEntry: CheckEntry = (entry, done) =>
    this.#pool.check(entry, { kind: 'entry', done }, { urgent: true });

  /** A frame of the inbox whose verdict is no longer in memory. */
  recheck(frame: Uint8Array): Promise<Checked> {
    return new Promise((done) => this.#pool.check(frame, { kind: 'entry', done }));
  }

  holds(id: Uint8Array): boolean {
    return this.#inbox.find(id) !== null;
  }

  submit(frame: Uint8Array, device: string | null, settle: Settle): void {
    if (this.#closed) return; // unacknowledged, so it comes again
    this.#checking += 1;
    this.#pool.check(frame, { kind: 'frame', device, frame, settle });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#checking + this.#group.length > 0 && !this.trouble) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
        this.#write();
      });
    }
    if (this.#timer) clearTimeout(this.#timer);
    await this.#pool.close();
  }

  #onChecked(context: Context, checked: Checked): void {
    if (context.kind === 'entry') {
      context.done(checked);
      return;
    }
    this.#checking -= 1;
    const { device, frame, settle } = context;
    const answer = this.#known(device, frame, checked);
    if (answer) settle(answer);
    else if (checked.authentic) this.#group.push({ device, frame, settle, checked });
    if (this.#group.length >= GROUP_MAX && !this.trouble) this.#write();
    this.#idleIfDone();
  }

  /** What needs no place in the inbox: nobody's frame, or one the log has the answer for. */
  #known(device: string | null, frame: Uint8Array, checked: Checked): Outcome | null {
    if (!checked.authentic) {
      this.#hooks.onGarbage(checked.code, frame);
      return { kind: 'refused', id: checked.id, code: checked.code };
    }
    const { facts } = checked;
    const { id, sub } = facts;
    const { state, store } = this.#ledger;
    const iss = state.keys[facts.keyNo]?.iss ?? '';
    // Another device's frame: listing it would let a thief of one frame erase it from its queue.
    if (device !== null && device !== iss) return { kind: 'refused', id, code: 'iss_mismatch' };
    if (new Judge(state, store.history, state.logTimeMs).isDuplicate(facts)) {
      const leafIndex = store.leaves.find(id);
      if (leafIndex !== null) return { kind: 'duplicate', id, leafIndex, sub };
    }
    const listed = store.fold.refusal(id);
    if (!listed) return null;
    return { kind: 'listed', id, code: listed.code as never, batchLeaf: listed.batchLeaf };
  }

  #closeIfDue(): void {
    if (this.#group.length === 0 || this.#timer) return;
    if (this.#closed) this.#write();
    else this.#timer = setTimeout(() => this.#write(), this.#lingerMs);
  }

  /**
   * A crash before COMMIT leaves nothing, and no PUBACK; after it the frames stand in the inbox, come
   * again from the device, and are found there.
   */
  #write(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#group.length === 0) return;
    const group = this.#thatFit();
    try {
      this.#ledger.store.db.transaction(() => {
        for (const { device, frame, checked } of group) {
          this.#inbox.add({ id: checked.facts.id, device, frame });
        }
      })();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#inbox.recount();
      this.#retryLater(error.message);
      return;
    }
    this.#group = this.#group.slice(group.length);
    for (const { settle, checked } of group) {
      this.#onQueued(checked);
      settle({ kind: 'queued', id: checked.facts.id });
    }
    const isFull = this.#group.length > 0;
    if (isFull) this.#retryLater(`the inbox is full: ${this.#bytesMax} bytes wait for the chain`);
    else this.trouble = null;
    this.#idleIfDone();
  }

  /** The oldest ones for which the inbox has room; the others wait, unacknowledged. */
  #thatFit(): Arrival[] {
    let room = this.#bytesMax - this.#inbox.bytes;
    const tooLarge = this.#group.findIndex(({ frame }) => {
      room -= frame.length;
      return room < 0;
    });
    return tooLarge < 0 ? this.#group : this.#group.slice(0, tooLarge);
  }

  /** A gateway that ends now loses nothing: none of what waits was acknowledged. */
  #retryLater(trouble: string): void {
    if (this.trouble !== trouble) this.#hooks.onTrouble(new Error(trouble));
    this.trouble = trouble;
    if (this.#closed) this.#idle?.();
    else this.#timer = setTimeout(() => this.#write(), RETRY_AFTER_MS);
  }

  #idleIfDone(): void {
    if (this.#closed && this.#checking === 0 && this.#group.length === 0) this.#idle?.();
  }
}
