import { parseFrame } from '@truegrain/device-sdk/formats/frame.js';
import type { RefusalCode } from '@truegrain/device-sdk/formats/refusal.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import { digestOfEntry, type Facts } from '../ledger/facts.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { Applied } from '../ledger/replay.ts';
import type { Inbox, InboxRow } from '../store/inbox.ts';
import type { RefusedFrames } from '../store/refused-frames.ts';
import type { Wanted } from '../store/wanted.ts';
import type { Outcome } from './outcome.ts';

interface Settled {
  device: string | null;
  id: Uint8Array;
  outcome: Outcome;
}

/**
 * What a block's COMMIT does to the inbox: the content of a statement that is now in the log moves
 * beside its leaf, whoever's batch carried it; a refused frame is kept for whoever asks; contents
 * that are elsewhere are noted, as wanted or as sealed.
 */
export class InboxKeeper {
  readonly #store: LedgerStore;
  readonly #inbox: Inbox;
  readonly #refused: RefusedFrames;
  readonly #wanted: Wanted;
  readonly #mayHold: (facts: Facts) => boolean;
  readonly #isErased: (id: Uint8Array) => boolean;
  readonly #nowMs: () => number;
  #settled: Settled[] = [];

  constructor(options: {
    store: LedgerStore;
    inbox: Inbox;
    refused: RefusedFrames;
    wanted: Wanted;
    /** By the charter's disclosure, ownership and grants. */
    mayHold: (facts: Facts) => boolean;
    isErased: (id: Uint8Array) => boolean;
    nowMs: () => number;
  }) {
    this.#store = options.store;
    this.#inbox = options.inbox;
    this.#refused = options.refused;
    this.#wanted = options.wanted;
    this.#mayHold = options.mayHold;
    this.#isErased = options.isErased;
    this.#nowMs = options.nowMs;
  }

  /**
   * The content of a frame whose statement was in the log before the inbox knew: this ledger was
   * taken over from others. Inside the COMMIT that ends the row.
   */
  keepDuplicate({ frame }: InboxRow, leafIndex: number): void {
    if (!this.#wanted.done(leafIndex)) return;
    const parsed = parseFrame(frame);
    if (parsed.ok) this.#store.keepContent(leafIndex, parsed.value.content);
  }

  /** Inside the COMMIT; a rollback is followed by `forget`. */
  write(applied: readonly Applied[]): void {
    this.#settled = [];
    for (const one of applied) {
      if (one.kind !== 'batch') continue;
      for (const { facts, leafIndex } of one.statements) {
        this.#keep(facts, { leafIndex, owner: one.key.iss });
      }
      for (const { id, code } of one.body.refusals) this.#refuse(id, code, one.leafIndex);
    }
  }

  /** After the COMMIT: who is to be told what. */
  take(): Settled[] {
    const settled = this.#settled;
    this.#settled = [];
    return settled;
  }

  forget(): void {
    this.#settled = [];
    this.#inbox.recount();
  }

  #keep(facts: Facts, at: { leafIndex: number; owner: string }): void {
    const { id, sub, entry } = facts;
    const { leafIndex, owner } = at;
    const row = this.#inbox.count > 0 ? this.#inbox.find(id) : null;
    if (!row) {
      if (this.#isErased(id)) return;
      const digest = digestOfEntry(entry);
      if (this.#store.leaves.holdsContent(leafIndex, digest)) {
        this.#store.indexHeld(leafIndex);
        return;
      }
      const isSealed = !this.#mayHold(facts);
      this.#wanted.add({ leafIndex, digest, owner }, { isSealed });
      return;
    }
    const frame = parseFrame(row.frame);
    if (frame.ok && !this.#isErased(id)) {
      this.#store.keepContent(leafIndex, frame.value.content);
    }
    this.#settle(row, { kind: 'accepted', id, leafIndex, sub });
  }

  #refuse(id: Uint8Array, code: string, batchLeaf: number): void {
    const row = this.#inbox.count > 0 ? this.#inbox.find(id) : null;
    if (!row) return;
    const { frame } = row;
    const parts = parseFrame(frame);
    const statement = parts.ok ? parseStatement(parts.value.statement) : parts;
    if (!statement.ok) throw new Error(`inbox row ${row.no}: ${statement.code}`);
    const { iss: device, seq } = statement.value;
    this.#refused.keep({ id, device, seq, code, receivedMs: this.#nowMs(), frame });
    this.#settle(row, { kind: 'listed', id, code: code as RefusalCode, batchLeaf });
  }

  #settle(row: InboxRow, outcome: Outcome): void {
    this.#inbox.remove(row);
    this.#settled.push({ device: row.device, id: row.id, outcome });
  }
}
