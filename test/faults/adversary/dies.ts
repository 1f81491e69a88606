// A member that is killed in the middle of a block: TRUEGRAIN_DIES names the moment and who dies.

import { AbciApp } from '../../../gateway/ledger/cometbft/abci-app.ts';
import { enginePidOf } from '../../../sim/alliance/engine-pid.ts';
import type { Death } from './adversary.ts';
import { runMember } from './run-member.ts';

const { at, who, block } = JSON.parse(process.env['TRUEGRAIN_DIES'] ?? '{}') as Death;
const data = process.argv[process.argv.indexOf('--data') + 1] ?? '';
let blocks = 0;
let engine: number | null = null;

async function die(moment: Death['at']): Promise<void> {
  if (moment !== at || blocks < block) return;
  engine ??= await enginePidOf(data);
  if (who !== 'gateway' && engine !== null) process.kill(engine, 'SIGKILL');
  if (who !== 'engine') process.kill(process.pid, 'SIGKILL');
  blocks = Number.NEGATIVE_INFINITY;
}

const { initChain, processProposal, finalizeBlock, commit } = AbciApp.prototype;
AbciApp.prototype.initChain = function (request) {
  const answer = initChain.call(this, request);
  // Synchronous, as initChain is: nothing of its answer has left this process.
  if (at === 'initChain') process.kill(process.pid, 'SIGKILL');
  return answer;
};
AbciApp.prototype.processProposal = async function (request) {
  const answer = await processProposal.call(this, request);
  await die('processProposal');
  return answer;
};
AbciApp.prototype.finalizeBlock = async function (request) {
  blocks += request.txs.length > 0 ? 1 : 0;
  const answer = await finalizeBlock.call(this, request);
  await die('finalizeBlock');
  return answer;
};
AbciApp.prototype.commit = async function (this: AbciApp) {
  await die('beforeCommit');
  const answer = commit.call(this);
  await die('afterCommit');
  return answer;
} as never;
await runMember();
