// A member that votes against every proposal, its own too.
import { AbciApp } from '../../../gateway/ledger/cometbft/abci-app.ts';
import { ResponseProcessProposal_ProposalStatus as Status } from '../../../gateway/ledger/cometbft/proto/tendermint/abci/types_pb.ts';
import { runMember } from './run-member.ts';

AbciApp.prototype.processProposal = () => Promise.resolve({ status: Status.REJECT });
await runMember();
