// Fetches what its store wants until it is killed: `replicate-child.ts DATA ISS HTTP CA`.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fromHex } from '@truegrain/device-sdk/formats/bytes.js';
import { useSha256 } from '@truegrain/device-sdk/formats/sha256.js';
import type { Peer } from '../../../gateway/peers/directory.ts';
import { loadMemberTls } from '../../../gateway/peers/member-tls.ts';
import { PeerClient } from '../../../gateway/peers/peer-client.ts';
import { Replicator } from '../../../gateway/peers/replicator.ts';
import { openDatabase } from '../../../gateway/store/database.ts';
import { Leaves } from '../../../gateway/store/leaves.ts';
import { Wanted } from '../../../gateway/store/wanted.ts';

useSha256((bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()));
const [data = '', iss = '', http = '', ca = ''] = process.argv.slice(2);
const owner: Peer = {
  iss,
  name: iss,
  kind: 'participant',
  http,
  ca: fromHex(ca) ?? new Uint8Array(),
};
const directory = { self: () => 'https://me.example', peers: () => [owner], own: () => [] };
const db = openDatabase(join(data, 'ledger.db'));
const wanted = new Wanted(db);
const leaves = new Leaves(db);
const client = new PeerClient({ tls: loadMemberTls(join(data, 'tls')), directory });
const replicator = new Replicator({
  wanted,
  client,
  directory,
  size: () => 0,
  keep: (leafIndex, bytes) => {
    leaves.keepContent(leafIndex, bytes);
    process.stdout.write(`keeping ${leafIndex}\n`);
  },
  onMisbehaviour: ({ text }) => process.stdout.write(`misbehaviour ${text}\n`),
  onFailure: (error) => {
    throw error;
  },
  nowMs: Date.now,
});
const waiting = setInterval(() => {
  if (wanted.count() > 0) return;
  clearInterval(waiting);
  void replicator.close().then(() => {
    client.close();
    db.close();
    process.stdout.write('done\n');
  });
}, 5);
