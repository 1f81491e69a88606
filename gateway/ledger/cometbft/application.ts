// ABCI 2.0 (CometBFT v0.38 spec/abci): what the engine asks of the state machine.

/** @module application */
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import type {
  RequestApplySnapshotChunk,
  RequestCheckTx,
  RequestFinalizeBlock,
  RequestInfo,
  RequestInitChain,
  RequestLoadSnapshotChunk,
  RequestOfferSnapshot,
  RequestPrepareProposal,
  RequestProcessProposal,
  RequestQuery,
  ResponseApplySnapshotChunkSchema,
  ResponseCheckTxSchema,
  ResponseCommitSchema,
  ResponseFinalizeBlockSchema,
  ResponseInfoSchema,
  ResponseInitChainSchema,
  ResponseListSnapshotsSchema,
  ResponseLoadSnapshotChunkSchema,
  ResponseOfferSnapshotSchema,
  ResponsePrepareProposalSchema,
  ResponseProcessProposalSchema,
  ResponseQuerySchema,
} from './proto/tendermint/abci/types_pb.ts';

/** Fields left out have their protobuf default. Integers of 64 bits are bigint. */
export type Answer<Schema extends DescMessage> =
  | MessageInitShape<Schema>
  | Promise<MessageInitShape<Schema>>;

/**
 * Calls of one connection come one after another, each after the answer to the one before; calls of
 * different connections interleave: checkTx and query run between and during the calls of
 * consensus. A handler that throws ends the engine: the process is to end too and to replay.
 * Bytes in a request alias that request's memory, which nobody else writes: a transaction kept for
 * long should be copied, or it keeps its whole block.
 */
export interface AbciApplication {
  info(request: RequestInfo): Answer<typeof ResponseInfoSchema>;
  query(request: RequestQuery): Answer<typeof ResponseQuerySchema>;
  /** The peer's p2p node id, 40 lower hex. Asked for each connection, inbound or dialled. */
  admitsPeer(nodeId: string): boolean;

  checkTx(request: RequestCheckTx): Answer<typeof ResponseCheckTxSchema>;

  initChain(request: RequestInitChain): Answer<typeof ResponseInitChainSchema>;
  prepareProposal(request: RequestPrepareProposal): Answer<typeof ResponsePrepareProposalSchema>;
  processProposal(request: RequestProcessProposal): Answer<typeof ResponseProcessProposalSchema>;
  finalizeBlock(request: RequestFinalizeBlock): Answer<typeof ResponseFinalizeBlockSchema>;
  /** Height and app hash are durable before the answer. */
  commit(): Answer<typeof ResponseCommitSchema>;

  listSnapshots(): Answer<typeof ResponseListSnapshotsSchema>;
  offerSnapshot(request: RequestOfferSnapshot): Answer<typeof ResponseOfferSnapshotSchema>;
  loadSnapshotChunk(
    request: RequestLoadSnapshotChunk,
  ): Answer<typeof ResponseLoadSnapshotChunkSchema>;
  applySnapshotChunk(
    request: RequestApplySnapshotChunk,
  ): Answer<typeof ResponseApplySnapshotChunkSchema>;
}
