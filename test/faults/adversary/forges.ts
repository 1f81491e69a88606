// A member whose gateway spoils signatures of devices and whose node proposes what it batched.
import { leafHash } from '../../../device-sdk/formats/merkle.ts';
import { Batcher } from '../../../gateway/admit/batcher.ts';
import { AbciApp } from '../../../gateway/ledger/cometbft/abci-app.ts';
import { ResponseProcessProposal_ProposalStatus as Status } from '../../../gateway/ledger/cometbft/proto/tendermint/abci/types_pb.ts';
import { runMember } from './run-member.ts';

const { remember } = Batcher.prototype;
Batcher.prototype.remember = function (checked) {
  const entry = checked.facts.entry.slice();
  entry[entry.length - 1] = (entry.at(-1) ?? 0) ^ 1;
  remember.call(this, {
    ...checked,
    facts: { ...checked.facts, entry, leafHash: leafHash(entry) },
  });
};
AbciApp.prototype.checkTx = () => Promise.resolve({});
AbciApp.prototype.prepareProposal = (request) => {
  return Promise.resolve({ txs: request.txs.map((tx) => tx.slice()) });
};
AbciApp.prototype.processProposal = () => Promise.resolve({ status: Status.ACCEPT });
await runMember();
