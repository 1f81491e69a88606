import { BATCH_STATEMENTS_MAX } from '@truegrain/device-sdk/formats/batch.js';
import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { MEDIA_BATCH } from '@truegrain/device-sdk/formats/media-types.js';
import { rootOf } from '@truegrain/device-sdk/formats/merkle.js';
import { type NativeVerify, verifySignature } from '@truegrain/device-sdk/formats/signature.js';
import { parseStatement, type Statement } from '@truegrain/device-sdk/formats/statement.js';
import { factsOf } from '../admit/check.ts';
import { type AppliedBatch, applyBatch } from './apply-batch.ts';
import { type AppliedGovernance, applyGovernance } from './apply-governance.ts';
import type { Facts } from './facts.ts';
import { emptyState, type History, type KeyRecord, keyOf, type LedgerState } from './state.ts';

export type Applied = AppliedBatch | AppliedGovernance;

export interface ReplayFault {
  leafIndex: number;
  /** A code of formats/errors.ts, of a refused block, or `entry_form`, `unreadable`. */
  code: string;
  detail: string;
}

export type Replayed =
  /** A device statement; its batch statement comes later. */
  | { kind: 'open' }
  | { kind: 'applied'; applied: Applied }
  /** The state is unknown from this block on. */
  | { kind: 'fault'; fault: ReplayFault }
  /** After a fault: its form alone was checked. */
  | { kind: 'unjudged' };

/**
 * The fold over a log, from leaf 0 and from entries alone: device statements are grouped under the
 * batch statement that follows them, signatures verified under the key valid at their leaf, and
 * every block is judged again by the same code that admitted it.
 */
export class Replay {
  readonly state: LedgerState = emptyState();
  readonly #history: History;
  readonly #native: NativeVerify | undefined;
  readonly #checksSignatures: boolean;
  #open: Facts[] = [];
  #leafIndex = 0;
  /** First leaf of the block that could not be applied. */
  haltedAt: number | null = null;

  constructor(options: { history: History; native?: NativeVerify; checksSignatures?: boolean }) {
    this.#history = options.history;
    this.#native = options.native;
    this.#checksSignatures = options.checksSignatures ?? true;
  }

  /** The next entry in leaf order; null where it can't be read. */
  push(entry: Uint8Array | null): Replayed {
    const leafIndex = this.#leafIndex;
    this.#leafIndex += 1;
    if (!entry) return this.#halt(leafIndex, 'unreadable', 'the entry can not be read');
    const parsed = parseStatement(entry);
    if (!parsed.ok) return this.#halt(leafIndex, parsed.code, parsed.detail);
    if (!equal(parsed.value.entry, entry)) {
      return this.#halt(leafIndex, 'entry_form', 'unprotected header is not empty');
    }
    if (this.haltedAt !== null) return { kind: 'unjudged' };
    return this.#judge(leafIndex, parsed.value);
  }

  /** Device statements that no batch statement closes: no commit leaves such a log. */
  end(): ReplayFault | null {
    if (this.haltedAt !== null || this.#open.length === 0) return null;
    const detail = `${this.#open.length} statements without their batch statement`;
    const leafIndex = this.#leafIndex - this.#open.length;
    this.haltedAt = leafIndex;
    return { leafIndex, code: 'open_batch', detail };
  }

  #judge(leafIndex: number, statement: Statement): Replayed {
    const { payload } = statement;
    if (payload.kind === 'hash') return this.#collect(leafIndex, statement);
    const isBatch = payload.contentType === MEDIA_BATCH;
    if (!isBatch && this.#open.length > 0) {
      return this.#halt(leafIndex, 'open_batch', 'a governance statement inside a batch');
    }
    const applied = isBatch
      ? this.#applyBatch(statement)
      : applyGovernance(this.state, statement, this.#native);
    if (!applied.ok) return this.#halt(leafIndex, applied.code, applied.detail);
    this.#open = [];
    return { kind: 'applied', applied: applied.value };
  }

  #collect(leafIndex: number, statement: Statement): Replayed {
    const key = keyOf(this.state, statement.kid);
    const { ledgerId } = this.state;
    if (!key || !ledgerId) return this.#halt(leafIndex, 'unknown_key', 'key was never registered');
    if (!this.#isSigned(statement, key)) {
      return this.#halt(leafIndex, 'bad_signature', `of ${key.iss}`);
    }
    if (this.#open.length === BATCH_STATEMENTS_MAX) {
      return this.#halt(leafIndex, 'too_large', 'more statements than a batch may have');
    }
    this.#open.push(factsOf(statement, key, ledgerId));
    return { kind: 'open' };
  }

  #applyBatch(batch: Statement): ReturnType<typeof applyBatch> {
    const key = keyOf(this.state, batch.kid);
    // applyBatch refuses an unknown key by itself.
    if (key && !this.#isSigned(batch, key)) {
      return { ok: false, code: 'bad_signature', detail: `batch statement of ${key.iss}` };
    }
    const factsRoot = rootOf(this.#open.map((facts) => facts.leafHash));
    return applyBatch(this.state, this.#history, { facts: this.#open, factsRoot, batch });
  }

  #isSigned(statement: Statement, { key }: KeyRecord): boolean {
    if (!this.#checksSignatures) return true;
    const { alg, toBeSigned: message, signature } = statement;
    return verifySignature({ alg, key, message, signature, native: this.#native });
  }

  #halt(leafIndex: number, code: string, detail: string): Replayed {
    this.haltedAt ??= leafIndex - this.#open.length;
    this.#open = [];
    return { kind: 'fault', fault: { leafIndex, code, detail } };
  }
}
