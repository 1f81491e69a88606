// Remembers ever larger trees until it is killed: `remember-child.ts STATE_FILE FROM`.

import { useNodeCrypto } from '../../../gateway/admit/native-verify.ts';
import { seen, unseen } from '../../../gateway/conformance/seen.ts';
import { readMemory } from '../../../gateway/watch/memory.ts';
import { Watcher } from '../../../gateway/watch/watcher.ts';
import { keysOf, policyOfKeys, signNote } from '../../support/cosigner-rig.ts';
import { TestTree } from '../../support/test-tree.ts';

useNodeCrypto();
const [file = '', from = '1'] = process.argv.slice(2);
const log = keysOf('acme');
const tree = new TestTree(20_000);
let size = Number(from);
const memory = readMemory(file);
if (!memory.seen) throw new Error(memory.detail);
const watcher = new Watcher({
  file,
  policy: policyOfKeys([log], 1),
  remembered: memory.value,
  staleMs: null,
  source: {
    checkpoint: async () => seen(signNote(tree.tree(size), log, [log])),
    tile: async (tile) => {
      const bytes = tile.level === 'entries' ? null : tree.tile({ ...tile, level: tile.level });
      return bytes ? seen(bytes) : unseen('absent', 'no such tile');
    },
  },
});
for (; size <= tree.size(); size += 1) {
  const { remembered, alarms } = await watcher.look(size);
  // One line by one write: what is killed has said it or has not.
  process.stdout.write(`${remembered?.size} ${alarms.map(({ kind }) => kind).join()}\n`);
}
