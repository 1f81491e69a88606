import { APP_VERSION } from './abci-app.ts';
import type { AbciApplication } from './application.ts';
import {
  ResponseProcessProposal_ProposalStatus as ProposalStatus,
  type RequestApplySnapshotChunk,
  type RequestOfferSnapshot,
} from './proto/tendermint/abci/types_pb.ts';
import type { SnapshotReader } from './snapshot-reader.ts';

const REFUSED = 1;

/**
 * What a newcomer's engine talks to until it has the ledger: it takes a snapshot and nothing else.
 * The first block after it is the sign that the engine has kept its own part; it is not answered,
 * the engine is ended, and plays that block to the real application.
 */
export class JoinApp implements AbciApplication {
  readonly #reader: SnapshotReader;
  readonly #admitsPeer: (nodeId: string) => boolean;
  readonly #onTaken: () => void;
  #leave: () => void = () => {};

  constructor(options: {
    reader: SnapshotReader;
    admitsPeer: (nodeId: string) => boolean;
    onTaken: () => void;
  }) {
    this.#reader = options.reader;
    this.#admitsPeer = options.admitsPeer;
    this.#onTaken = options.onTaken;
  }

  info() {
    const position = this.#reader.position();
    return {
      appVersion: APP_VERSION,
      lastBlockHeight: BigInt(position?.height ?? 0),
      lastBlockAppHash: position?.appHash ?? new Uint8Array(),
    };
  }

  query() {
    return { code: REFUSED };
  }

  admitsPeer(nodeId: string): boolean {
    return this.#admitsPeer(nodeId);
  }

  checkTx() {
    return { code: REFUSED, log: 'joining: this node takes no transactions yet' };
  }

  initChain(): never {
    throw new Error('a newcomer takes a snapshot; it does not found the chain');
  }

  prepareProposal() {
    return { txs: [] };
  }

  processProposal() {
    return { status: ProposalStatus.REJECT };
  }

  finalizeBlock(): Promise<never> {
    if (this.#reader.position()) this.#onTaken();
    return new Promise<never>((_resolve, reject) => {
      this.#leave = () => reject(new Error('joined: the real application answers from here on'));
    });
  }

  /** The engine is gone: nobody waits for the block's answer any more. */
  leave(): void {
    this.#leave();
  }

  commit() {
    return {};
  }

  listSnapshots() {
    return { snapshots: [] };
  }

  loadSnapshotChunk() {
    return {};
  }

  offerSnapshot(request: RequestOfferSnapshot) {
    return this.#reader.offer(request);
  }

  applySnapshotChunk(request: RequestApplySnapshotChunk) {
    return this.#reader.apply(request);
  }
}
