// Cosigns ever larger trees for another member until it is killed:
// `cosign-child.ts TIP_FILE NAME FORK_AT FROM KILL_AFTER_KEEPS`.

import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import type { Tip } from '../../../gateway/anchor/signed-tip.ts';
import { SigningFloor } from '../../../gateway/anchor/signing-floor.ts';
import { AllianceRig, ask, CosignerRig, signNote } from '../../support/cosigner-rig.ts';
import { TestTree } from '../../support/test-tree.ts';

const [file = '', name = '0', forkAt = '0', from = '1', killAfter = '0'] = process.argv.slice(2);
let keeps = 0;
const original = SigningFloor.prototype.keep;
SigningFloor.prototype.keep = function keep(this: SigningFloor, tip: Tip): void {
  original.call(this, tip);
  keeps += 1;
  // Between what is durable and its answer.
  if (keeps === Number(killAfter)) process.kill(process.pid, 'SIGKILL');
};
const alliance = new AllianceRig(['a', 'b'], 1);
const tree = new TestTree(5_000, { name: Number(name), forkAt: Number(forkAt) });
const rig = new CosignerRig(alliance, alliance.keys[1]!, { tree, file });
for (let size = Number(from); size <= tree.size(); size += 1) {
  const old = rig.anchorage.cosigner.size();
  const proof = old > 0 && old < size ? tree.consistency(old, size) : [];
  const note = signNote(tree.tree(size), alliance.keys[0]!);
  const { status } = await rig.witness.addCheckpoint(ask(old, proof, note));
  // One line by one write: what is killed has said it or has not.
  process.stdout.write(`${status} ${size} ${toHex(tree.root(size))}\n`);
}
await alliance.close();
