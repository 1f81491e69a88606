// A member whose proposals leave out everybody's transactions, and whose contents nobody gets.

import { AbciApp } from '../../../gateway/ledger/cometbft/abci-app.ts';
import { Leaves } from '../../../gateway/store/leaves.ts';
import { runMember } from './run-member.ts';

AbciApp.prototype.prepareProposal = () => Promise.resolve({ txs: [] });
Leaves.prototype.content = () => null;
await runMember();
