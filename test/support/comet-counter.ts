// A state machine of one number: how many transactions there were. What is durable is told apart
// from what is not, so that a test can lose the latter.
import { createHash } from 'node:crypto';
import type { AbciApplication } from '../../gateway/ledger/cometbft/application.ts';
import {
  type RequestFinalizeBlock,
  ResponseApplySnapshotChunk_Result,
  ResponseOfferSnapshot_Result,
  ResponseProcessProposal_ProposalStatus,
} from '../../gateway/ledger/cometbft/proto/tendermint/abci/types_pb.ts';

export const GENESIS_HASH = new Uint8Array(32).fill(1);

export interface Counted {
  height: number;
  hash: Uint8Array;
  txs: readonly string[];
}

export const NOTHING: Counted = { height: 0, hash: GENESIS_HASH, txs: [] };

export class CometCounter implements AbciApplication {
  /** What a disk would hold. */
  durable: Counted = NOTHING;
  #decided: Counted | null = null;
  /** Node ids; null lets everybody in. */
  members: ReadonlySet<string> | null = null;
  /** Called before each FinalizeBlock and each Commit is done. */
  onFinalize: (height: number) => void = () => {};
  onCommit: (height: number) => void = () => {};
  /** Put into the hash of each transaction: a state that differs from that of the others. */
  salt = '';
  initialised = 0;

  /** The process was killed. */
  forget(): void {
    this.#decided = null;
  }

  info() {
    return { lastBlockHeight: BigInt(this.durable.height), lastBlockAppHash: this.durable.hash };
  }

  query() {
    return {};
  }

  admitsPeer(nodeId: string): boolean {
    return this.members?.has(nodeId) ?? true;
  }

  checkTx({ tx }: { tx: Uint8Array }) {
    const text = Buffer.from(tx).toString();
    return text.startsWith('no') ? { code: 7, log: text, codespace: 'counter' } : {};
  }

  initChain() {
    this.initialised++;
    return { appHash: GENESIS_HASH };
  }

  prepareProposal({ txs }: { txs: Uint8Array[] }) {
    return { txs };
  }

  processProposal() {
    return { status: ResponseProcessProposal_ProposalStatus.ACCEPT };
  }

  finalizeBlock({ height, txs }: RequestFinalizeBlock) {
    this.onFinalize(Number(height));
    let { hash } = this.durable;
    const texts = txs.map((tx) => Buffer.from(tx).toString());
    for (const text of texts) {
      hash = createHash('sha256').update(hash).update(text).update(this.salt).digest();
    }
    this.#decided = {
      height: Number(height),
      hash: new Uint8Array(hash),
      txs: [...this.durable.txs, ...texts],
    };
    return { appHash: this.#decided.hash, txResults: txs.map(() => ({})) };
  }

  commit() {
    if (!this.#decided) throw new Error('commit without a block');
    this.durable = this.#decided;
    this.#decided = null;
    this.onCommit(this.durable.height);
    return {};
  }

  listSnapshots() {
    return {};
  }

  offerSnapshot() {
    return { result: ResponseOfferSnapshot_Result.REJECT };
  }

  loadSnapshotChunk() {
    return {};
  }

  applySnapshotChunk() {
    return { result: ResponseApplySnapshotChunk_Result.ABORT };
  }
}
