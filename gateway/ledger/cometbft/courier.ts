import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import type { Applied } from '../replay.ts';
import type { TxRefusal } from './block-draft.ts';
import type { CommittedBlock } from './comet-ledger.ts';

/** The engine's mempool is memory: what a restart lost is handed over again after this long. */
const RESEND_AFTER_MS = 2_000;

/** Of the engine, not of the transaction: handed over again, it may well be taken. */
const PASSING: ReadonlySet<string> = new Set(['mempool_full', 'unreachable', 'duplicate']);

export type Delivered =
  | { ok: true; applied: Applied; height: number }
  | ({ ok: false } & TxRefusal);

/** No stream of a device: what is told of a key, a member or a rule. */
const NONE: ReadonlySet<number> = new Set();

interface Parcel {
  tx: Uint8Array;
  streams: ReadonlySet<number>;
  settle: (delivered: Delivered) => void;
  sentMs: number;
}

/**
 * Brings transactions into a block: hands them to the engine, hands them over again while no block
 * has them, and gives them up when they no longer apply to the state (a stale batch). It keeps
 * nothing on disk: what it carried stands in the inbox or is asked for again.
 */
export class Courier {
  readonly #send: (tx: Uint8Array) => Promise<TxRefusal | null>;
  readonly #check: (tx: Uint8Array) => Promise<TxRefusal | null>;
  readonly #nowMs: () => number;
  readonly #parcels = new Map<string, Parcel>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: {
    /** Into the engine's mempool; a refusal of the engine or of CheckTx. */
    send: (tx: Uint8Array) => Promise<TxRefusal | null>;
    /** Against the committed state. */
    check: (tx: Uint8Array) => Promise<TxRefusal | null>;
    /** A monotonic clock. */
    nowMs: () => number;
  }) {
    this.#send = options.send;
    this.#check = options.check;
    this.#nowMs = options.nowMs;
    this.#timer = setInterval(() => this.#resend(), RESEND_AFTER_MS / 2);
    this.#timer.unref();
  }

  /**
   * Resolves when a block has it, or when it can no longer be in one. `streams`: numbers of the keys
   * whose statements it carries; whatever else a batch does to them may spoil it.
   */
  deliver(tx: Uint8Array, streams: ReadonlySet<number> = NONE): Promise<Delivered> {
    return new Promise((settle) => {
      const parcel = { tx, streams, settle, sentMs: this.#nowMs() };
      this.#parcels.set(toHex(sha256(tx)), parcel);
      void this.#handOver(parcel);
    });
  }

  onBlock({ height, txs }: CommittedBlock): void {
    if (this.#parcels.size === 0) return;
    for (const { bytes, result } of txs) {
      // In the block without effect: the state it met there decides what becomes of it, below.
      if (!result.ok) continue;
      const key = toHex(sha256(bytes));
      const parcel = this.#parcels.get(key);
      if (!parcel) continue;
      this.#parcels.delete(key);
      parcel.settle({ ok: true, applied: result.applied, height });
    }
    const touched = streamsOf(txs);
    for (const [key, parcel] of this.#parcels) {
      const isSpoilt = !touched || [...parcel.streams].some((no) => touched.has(no));
      if (isSpoilt) void this.#recheck(key, parcel);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #handOver(parcel: Parcel): Promise<void> {
    parcel.sentMs = this.#nowMs();
    const refusal = await this.#send(parcel.tx);
    if (refusal && !PASSING.has(refusal.code)) this.#giveUp(parcel, refusal);
  }

  async #recheck(key: string, parcel: Parcel): Promise<void> {
    const refusal = await this.#check(parcel.tx);
    if (!refusal || PASSING.has(refusal.code)) return;
    if (this.#parcels.get(key) === parcel) this.#giveUp(parcel, refusal);
  }

  #giveUp(parcel: Parcel, refusal: TxRefusal): void {
    const key = toHex(sha256(parcel.tx));
    if (!this.#parcels.delete(key)) return;
    parcel.settle({ ok: false, ...refusal });
  }

  #resend(): void {
    const nowMs = this.#nowMs();
    for (const [key, parcel] of this.#parcels) {
      if (nowMs - parcel.sentMs < RESEND_AFTER_MS) continue;
      parcel.sentMs = nowMs;
      void this.#again(key, parcel);
    }
  }

  async #again(key: string, parcel: Parcel): Promise<void> {
    await this.#recheck(key, parcel);
    if (this.#parcels.get(key) === parcel) await this.#handOver(parcel);
  }
}

/** Streams that a block moved; null where it did more than that, or where something had no effect. */
function streamsOf(txs: CommittedBlock['txs']): ReadonlySet<number> | null {
  const touched = new Set<number>();
  for (const { result } of txs) {
    if (!result.ok || result.applied.kind !== 'batch') return null;
    for (const { keyNo } of result.applied.streams) touched.add(keyNo);
  }
  return touched;
}
