// One request, one response of the same kind. By message, never by connection: the engine's four
// connections carry no label.

/** @module dispatch */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AbciApplication } from './application.ts';
import {
  type Request,
  type RequestQuery,
  type ResponseQuerySchema,
  type ResponseSchema,
  ResponseVerifyVoteExtension_VerifyStatus,
} from './proto/tendermint/abci/types_pb.ts';

type ResponseValue = NonNullable<MessageInitShape<typeof ResponseSchema>['value']>;

/** CometBFT node/setup.go, `filter_peers`: asked as queries; a code other than 0 refuses the peer. */
const PEER_ADDRESS_PATH = '/p2p/filter/addr/';
const PEER_ID_PATH = '/p2p/filter/id/';
const PEER_REFUSED = 1;

/** Throws what the handler throws, and on a message that this version of the engine doesn't have. */
export async function answerTo(
  { value: request }: Request,
  application: AbciApplication,
): Promise<ResponseValue> {
  switch (request.case) {
    case 'echo':
      return { case: 'echo', value: { message: request.value.message } };
    case 'flush':
      return { case: 'flush', value: {} };
    case 'info':
      return { case: 'info', value: await application.info(request.value) };
    case 'query':
      return { case: 'query', value: await answerToQuery(request.value, application) };
    case 'checkTx':
      return { case: 'checkTx', value: await application.checkTx(request.value) };
    case 'initChain':
      return { case: 'initChain', value: await application.initChain(request.value) };
    case 'prepareProposal':
      return { case: 'prepareProposal', value: await application.prepareProposal(request.value) };
    case 'processProposal':
      return { case: 'processProposal', value: await application.processProposal(request.value) };
    case 'finalizeBlock':
      return { case: 'finalizeBlock', value: await application.finalizeBlock(request.value) };
    case 'commit':
      return { case: 'commit', value: await application.commit() };
    case 'listSnapshots':
      return { case: 'listSnapshots', value: await application.listSnapshots() };
    case 'offerSnapshot':
      return { case: 'offerSnapshot', value: await application.offerSnapshot(request.value) };
    case 'loadSnapshotChunk':
      return {
        case: 'loadSnapshotChunk',
        value: await application.loadSnapshotChunk(request.value),
      };
    case 'applySnapshotChunk':
      return {
        case: 'applySnapshotChunk',
        value: await application.applySnapshotChunk(request.value),
      };
    // Vote extensions are off (`vote_extensions_enable_height` 0); a peer's is let pass.
    case 'extendVote':
      return { case: 'extendVote', value: {} };
    case 'verifyVoteExtension':
      return {
        case: 'verifyVoteExtension',
        value: { status: ResponseVerifyVoteExtension_VerifyStatus.ACCEPT },
      };
    case undefined:
      throw new Error('the engine sent a request that ABCI 2.0 of v0.38 does not know');
  }
}

/** A peer is known by its key: its address says nothing and is not asked about. */
function answerToQuery(request: RequestQuery, application: AbciApplication) {
  const { path } = request;
  if (path.startsWith(PEER_ADDRESS_PATH)) return {};
  if (!path.startsWith(PEER_ID_PATH)) return application.query(request);
  const nodeId = path.slice(PEER_ID_PATH.length);
  const answer: MessageInitShape<typeof ResponseQuerySchema> = application.admitsPeer(nodeId)
    ? {}
    : { code: PEER_REFUSED, log: 'not a member' };
  return answer;
}
