// A member whose state machine comes to another root than all others.
import { AbciApp } from '../../../gateway/ledger/cometbft/abci-app.ts';
import { runMember } from './run-member.ts';

const { finalizeBlock } = AbciApp.prototype;
AbciApp.prototype.finalizeBlock = async function (request) {
  const answer = await finalizeBlock.call(this, request);
  if (request.txs.length === 0) return answer;
  const appHash = answer.appHash.slice();
  appHash[0] = (appHash[0] ?? 0) ^ 1;
  return { ...answer, appHash };
};
await runMember();
