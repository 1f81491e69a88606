import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { AbciApplication } from './application.ts';
import type { CometLedger } from './comet-ledger.ts';
import { parseGenesisState } from './genesis-state.ts';
import {
  CheckTxType,
  ResponseApplySnapshotChunk_Result as ChunkResult,
  type CommitInfo,
  type Misbehavior,
  ResponseOfferSnapshot_Result as OfferResult,
  ResponseProcessProposal_ProposalStatus as ProposalStatus,
  type RequestCheckTx,
  type RequestFinalizeBlock,
  type RequestInitChain,
  type RequestLoadSnapshotChunk,
  type RequestPrepareProposal,
  type RequestProcessProposal,
} from './proto/tendermint/abci/types_pb.ts';
import type { SnapshotTaker } from './snapshot-taker.ts';
import type { ValidatorChange } from './validators.ts';

/** The protocol version of this state machine: raised with every change of what a block does. */
export const APP_VERSION = 1n;
const REFUSED = 1;

/** What consensus shows of the members. */
export interface Observer {
  /** A proposal this node votes against. `proposer`: validator address, 20 bytes. */
  onBadProposal(proposer: Uint8Array, refusal: { code: string; detail: string }): void;
  /** Who signed the block before this one, and proof of a member that voted twice. */
  onVotes(seen: {
    height: number;
    votes: CommitInfo | undefined;
    misbehavior: Misbehavior[];
  }): void;
}

/** The engine's questions, put to the ledger. */
export class AbciApp implements AbciApplication {
  readonly #ledger: CometLedger;
  readonly #taker: SnapshotTaker;
  readonly #observer: Observer;
  readonly #admitsPeer: (nodeId: string) => boolean;
  readonly #retainFrom: (height: number) => number;
  #height = 0;

  constructor(options: {
    ledger: CometLedger;
    taker: SnapshotTaker;
    observer: Observer;
    admitsPeer: (nodeId: string) => boolean;
    /** Lowest block height the engine has to keep; 0 keeps all. */
    retainFrom: (height: number) => number;
  }) {
    this.#ledger = options.ledger;
    this.#taker = options.taker;
    this.#observer = options.observer;
    this.#admitsPeer = options.admitsPeer;
    this.#retainFrom = options.retainFrom;
  }

  info() {
    const { height, appHash } = this.#ledger.position();
    return {
      data: 'truegrain',
      appVersion: APP_VERSION,
      lastBlockHeight: BigInt(height),
      lastBlockAppHash: height === 0 ? new Uint8Array() : appHash,
    };
  }

  query() {
    return { code: REFUSED, log: 'ask the gateway' };
  }

  admitsPeer(nodeId: string): boolean {
    return this.#admitsPeer(nodeId);
  }

  initChain(request: RequestInitChain) {
    const entries = parseGenesisState(request.appStateBytes);
    const { appHash, validators } = this.#ledger.found(entries);
    return { appHash, validators: validators.map(validatorUpdate) };
  }

  async checkTx(request: RequestCheckTx) {
    // Whether its log time fits the block's is for the block: a chain that was idle dates its next
    // block by its last votes, and a mempool that refused what is newer would never wake it.
    const refusal = await this.#ledger.admits(request.tx.slice(), {
      isNew: request.type === CheckTxType.NEW,
    });
    return refusal ? { code: REFUSED, log: `${refusal.code}: ${refusal.detail}` } : {};
  }

  async prepareProposal(request: RequestPrepareProposal) {
    const txs = await this.#ledger.propose(copies(request.txs), {
      bytesMax: Number(request.maxTxBytes),
      timeMs: timeMs(request.time),
    });
    return { txs };
  }

  async processProposal(request: RequestProcessProposal) {
    const refusal = await this.#ledger.judge(copies(request.txs), timeMs(request.time));
    if (!refusal) return { status: ProposalStatus.ACCEPT };
    this.#observer.onBadProposal(request.proposerAddress.slice(), refusal);
    return { status: ProposalStatus.REJECT };
  }

  async finalizeBlock(request: RequestFinalizeBlock) {
    const height = Number(request.height);
    const at = timeMs(request.time);
    const { decidedLastCommit: votes, misbehavior } = request;
    this.#observer.onVotes({ height: height - 1, votes, misbehavior });
    const finalized = await this.#ledger.finalize({ height, timeMs: at, txs: copies(request.txs) });
    this.#height = height;
    return {
      appHash: finalized.appHash,
      txResults: finalized.txs.map(({ result }) =>
        result.ok ? {} : { code: REFUSED, log: `${result.code}: ${result.detail}` },
      ),
      validatorUpdates: finalized.validatorChanges.map(validatorUpdate),
    };
  }

  commit() {
    this.#ledger.commit();
    return { retainHeight: BigInt(this.#retainFrom(this.#height)) };
  }

  listSnapshots() {
    return { snapshots: this.#taker.list() };
  }

  loadSnapshotChunk(request: RequestLoadSnapshotChunk) {
    const { height, format, chunk } = request;
    return {
      chunk: this.#taker.load({ height: Number(height), format, chunk }) ?? new Uint8Array(),
    };
  }

  /** A node that has the ledger takes none over; join-app.ts does. */
  offerSnapshot() {
    return { result: OfferResult.REJECT };
  }

  applySnapshotChunk() {
    return { result: ChunkResult.ABORT };
  }
}

function validatorUpdate({ publicKey, power }: ValidatorChange) {
  return {
    pubKey: { sum: { case: 'ed25519' as const, value: publicKey } },
    power: BigInt(power),
  };
}

/** They outlive the request: entries, contents and inbox rows are cut out of them. */
function copies(txs: readonly Uint8Array[]): Uint8Array[] {
  return txs.map((tx) => tx.slice());
}

function timeMs(time: Timestamp | undefined): number {
  if (!time) throw new Error('a block has a time');
  return timestampDate(time).getTime();
}
