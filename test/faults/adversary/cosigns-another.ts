// A member that cosigns another history than its node's: for those who ask it, and for monitors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '../../../device-sdk/formats/bytes.ts';
import { formatCheckpointBody } from '../../../device-sdk/formats/checkpoint.ts';
import { cosign } from '../../../device-sdk/formats/cosignature.ts';
import { sha256 } from '../../../device-sdk/formats/sha256.ts';
import { loadMemberKeys } from '../../../gateway/keys.ts';
import { Witness } from '../../../gateway/peers/witness.ts';
import { runMember } from './run-member.ts';

const data = process.argv[process.argv.indexOf('--data') + 1] ?? '';
const { cosignerName } = JSON.parse(readFileSync(join(data, 'truegrain.json'), 'utf8'));
const { cosigner } = loadMemberKeys(join(data, 'keys'));
let shown = '';

Witness.prototype.addCheckpoint = (body) => {
  const [origin = '', size = ''] = body.slice(body.indexOf('\n\n') + 2).split('\n');
  const tree = { origin, size: Number(size), root: sha256(utf8('another history')) };
  const other = formatCheckpointBody(tree);
  const timeSeconds = Math.floor(Date.now() / 1000);
  const line = cosign(other, { name: cosignerName, signer: cosigner, timeSeconds });
  shown = `${other}\n${line}`;
  return Promise.resolve({ status: 200, contentType: 'text/plain; charset=utf-8', body: line });
};
Witness.prototype.checkpoint = () => (shown === '' ? null : shown);
await runMember();
