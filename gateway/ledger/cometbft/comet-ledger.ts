import { equal, toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Result } from '@truegrain/device-sdk/formats/result.js';
import { sha256 } from '@truegrain/device-sdk/formats/sha256.js';
import type { NativeVerify } from '@truegrain/device-sdk/formats/signature.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { EntryVerifier } from '../../admit/entry-verifier.ts';
import type { BlockRow } from '../../store/block-row.ts';
import type { Books } from '../books.ts';
import type { LedgerStore } from '../ledger-store.ts';
import type { Applied } from '../replay.ts';
import type { LedgerState } from '../state.ts';
import { BlockDraft, type TxRefusal } from './block-draft.ts';
import { type CheckedTx, TxChecker } from './tx-checker.ts';
import { type ValidatorChange, validatorChanges } from './validators.ts';

export interface CommittedBlock {
  height: number;
  timeMs: number;
  /** It was proposed or judged here before it was decided: not an old block played again. */
  wasJudged: boolean;
  /** In order; those with a refusal moved nothing: a minority must execute them too. */
  txs: readonly BlockTx[];
}

/** After a block. */
export interface Position {
  height: number;
  size: number;
  appHash: Uint8Array;
}

export interface BlockTx {
  bytes: Uint8Array;
  result: { ok: true; applied: Applied } | ({ ok: false } & TxRefusal);
}

export interface FinalizedBlock {
  appHash: Uint8Array;
  txs: readonly BlockTx[];
  validatorChanges: readonly ValidatorChange[];
}

/** A node that is a block or two behind hears of batches before those they follow. */
const BATCHES_AHEAD_MAX = 4;

interface Built {
  key: string;
  block: BlockDraft;
  txs: readonly BlockTx[];
}

/**
 * The consensus driver of the state machine: what a block is, told without the engine's messages
 * (abci-app.ts translates). A block is built once, when it is proposed, and kept until it is
 * decided; nothing is written before `commit`, and there in one COMMIT with height and app hash.
 *
 * A crash before that COMMIT leaves the former block, and the engine plays this one again; a crash
 * after it leaves the store one block ahead of the engine's own record, which `info` tells it.
 */
export class CometLedger {
  readonly #books: Books;
  readonly #row: BlockRow;
  readonly #checker: TxChecker;
  readonly #native: NativeVerify | undefined;
  readonly #onWrite: (applied: readonly Applied[], position: Position) => void;
  readonly #onBlock: (block: CommittedBlock) => void;
  #isLastEmpty = false;
  #built: Built | null = null;
  #decided: { height: number; timeMs: number; wasJudged: boolean; built: Built } | null = null;

  constructor(options: {
    books: Books;
    row: BlockRow;
    verifier: EntryVerifier;
    native?: NativeVerify;
    /** Inside the COMMIT: contents and inbox rows of what is now in the log. */
    onWrite: (applied: readonly Applied[], position: Position) => void;
    /** After the COMMIT. */
    onBlock: (block: CommittedBlock) => void;
  }) {
    this.#books = options.books;
    this.#row = options.row;
    this.#checker = new TxChecker(options.verifier);
    this.#native = options.native;
    this.#onWrite = options.onWrite;
    this.#onBlock = options.onBlock;
  }

  get store(): LedgerStore {
    return this.#books.store;
  }

  /** The committed state: what no block that is only tried has touched. */
  get state(): LedgerState {
    return this.#books.state;
  }

  root(): Uint8Array {
    return this.#books.tree.root();
  }

  /** What this store is at; height 0 before the first block. */
  position(): { height: number; appHash: Uint8Array } {
    return this.#row.read() ?? { height: 0, appHash: this.root() };
  }

  /**
   * The first leaves, from the genesis file: charter and acceptances. A store that has them already
   * (a solo ledger that becomes an alliance; a start that was interrupted) must have just these.
   */
  found(entries: readonly Uint8Array[]): { appHash: Uint8Array; validators: ValidatorChange[] } {
    if (this.state.size === 0) this.#foundFrom(entries);
    for (const [i, entry] of entries.entries()) {
      const own = this.store.leaves.entry(i);
      if (!own || !equal(own, entry)) throw new Error(`leaf ${i} is not that of the genesis file`);
    }
    return { appHash: this.root(), validators: validatorChanges(null, this.state.membership) };
  }

  #foundFrom(entries: readonly Uint8Array[]): void {
    const draft = this.#books.draft(this.#native);
    for (const [i, entry] of entries.entries()) {
      const statement = parseStatement(entry);
      const applied = statement.ok ? draft.governance(statement.value) : statement;
      if (!applied.ok) throw new Error(`genesis leaf ${i}: ${applied.code}: ${applied.detail}`);
    }
    if (draft.state.awaiting.size > 0) throw new Error('a founder has not accepted the charter');
    this.#books.commit(draft);
  }

  /** Would it be applied if the next block, of that time where one is given, held it alone? */
  async check(bytes: Uint8Array, timeMs?: number): Promise<TxRefusal | null> {
    const checked = await this.#checker.check(bytes);
    return refusalOf(this.#blockAt(timeMs).apply(checked));
  }

  /**
   * Whether the mempool may hold it: the gateway's signature, delegation, quota, a number that may
   * still come. A new one's statements are verified behind this answer, because the engine's COMMIT
   * waits for it; when the mempool is checked again after a block, their verdict counts. Whether it
   * applies is for the proposal; but where the last one had nothing to take, what is left is
   * checked whole, or it would call for empty blocks for ever.
   */
  async admits(bytes: Uint8Array, { isNew }: { isNew: boolean }): Promise<TxRefusal | null> {
    const read = this.#checker.read(bytes);
    const { statement, tx } = read;
    const isKnown = async () => (await this.#checker.check(bytes)).factsRoot !== null;
    const isBatch = tx?.kind === 'batch' && statement.ok;
    const isWhole = !isBatch || (!isNew && (this.#isLastEmpty || !(await isKnown())));
    if (isWhole) return this.check(bytes);
    const gateway = this.#blockAt().gatewayOf(read, statement.value);
    if (!gateway.ok) return refusalOf(gateway);
    const { iss, no, status } = gateway.value;
    if (status !== 'active') return { code: 'not_allowed', detail: `${iss}'s key is ${status}` };
    const before = this.state.streams.get(no)?.maxSeq ?? 0;
    const { seq } = statement.value;
    if (seq <= before || seq > before + BATCHES_AHEAD_MAX) {
      return { code: 'seq', detail: `gateway sequence ${seq}, ${before} is in the log` };
    }
    // Only for what a member's gateway signed: nobody else makes this node verify.
    if (isNew) void this.#checker.check(bytes);
    return null;
  }

  /**
   * The transactions of an own proposal: those that apply, in the order of the mempool. What is
   * left out now may fit the next block, or is dropped when the mempool is checked again.
   */
  async propose(
    txs: readonly Uint8Array[],
    { bytesMax, timeMs }: { bytesMax: number; timeMs: number },
  ): Promise<Uint8Array[]> {
    const checked = await this.#checker.checkAll(txs);
    const block = this.#blockAt(timeMs);
    const chosen: BlockTx[] = [];
    let bytes = 0;
    for (const tx of checked) {
      if (bytes + tx.bytes.length > bytesMax) continue;
      const result = outcomeOf(block, tx);
      if (!result.ok) continue;
      bytes += tx.bytes.length;
      chosen.push({ bytes: tx.bytes, result });
    }
    const kept = chosen.map((tx) => tx.bytes);
    this.#built = { key: keyOfBlock(kept, timeMs), block, txs: chosen };
    return kept;
  }

  /** Whether every transaction of somebody's proposal applies; the first that does not, and why. */
  async judge(
    txs: readonly Uint8Array[],
    timeMs: number,
  ): Promise<(TxRefusal & { index: number }) | null> {
    const built = await this.#build(txs, timeMs);
    for (const [index, { result }] of built.txs.entries()) {
      if (!result.ok) return { code: result.code, detail: result.detail, index };
    }
    return null;
  }

  /** The decided block. What a majority let through and does not apply moves nothing. */
  async finalize(decided: {
    height: number;
    timeMs: number;
    txs: readonly Uint8Array[];
  }): Promise<FinalizedBlock> {
    const { height, timeMs, txs } = decided;
    const wasJudged = this.#built?.key === keyOfBlock(txs, timeMs);
    const built = await this.#build(txs, timeMs);
    this.#decided = { height, timeMs, wasJudged, built };
    const { draft } = built.block;
    return {
      appHash: draft.root(),
      txs: built.txs,
      validatorChanges: validatorChanges(this.state.membership, draft.state.membership),
    };
  }

  commit(): void {
    if (!this.#decided) throw new Error('commit without a decided block');
    const { height, timeMs, wasJudged, built } = this.#decided;
    const { draft } = built.block;
    this.#books.commit(draft, () => {
      const position = { height, size: draft.state.size, appHash: draft.root() };
      this.#row.write(position);
      this.#onWrite(draft.applied, position);
    });
    this.#decided = null;
    this.#built = null;
    this.#checker.forget(built.txs);
    this.#isLastEmpty = built.txs.length === 0;
    this.#onBlock({ height, timeMs, wasJudged, txs: built.txs });
  }

  /** The engine is gone: it will play again what it had decided and this store has not. */
  forgetUndecided(): void {
    this.#built = null;
    this.#decided = null;
  }

  /** The same bytes on the same state were built before: as a proposal, or when it was judged. */
  async #build(txs: readonly Uint8Array[], timeMs: number): Promise<Built> {
    const key = keyOfBlock(txs, timeMs);
    if (this.#built?.key === key) return this.#built;
    const checked = await this.#checker.checkAll(txs);
    const block = this.#blockAt(timeMs);
    const built = {
      key,
      block,
      txs: checked.map((tx) => ({ bytes: tx.bytes, result: outcomeOf(block, tx) })),
    };
    this.#built = built;
    return built;
  }

  #blockAt(timeMs?: number): BlockDraft {
    return new BlockDraft(this.#books.draft(this.#native), { timeMs, native: this.#native });
  }
}

function refusalOf(result: Result<unknown, string>): TxRefusal | null {
  return result.ok ? null : { code: result.code, detail: result.detail };
}

function outcomeOf(block: BlockDraft, tx: CheckedTx): BlockTx['result'] {
  const applied = block.apply(tx);
  return applied.ok
    ? { ok: true, applied: applied.value }
    : { ok: false, code: applied.code, detail: applied.detail };
}

/** State and height are those of the last commit, which forgets what was built. */
function keyOfBlock(txs: readonly Uint8Array[], timeMs: number): string {
  return `${timeMs}:${txs.map((tx) => toHex(sha256(tx))).join()}`;
}
