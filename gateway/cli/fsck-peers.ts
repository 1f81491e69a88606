import { toHex } from '@truegrain/device-sdk/formats/bytes.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership-policy.js';
import { nativeVerify } from '../admit/native-verify.ts';
import { MemberDirectory } from '../alliance/member-directory.ts';
import { signatoriesOf } from '../alliance/signatories.ts';
import { OwnLog } from '../anchor/own-log.ts';
import { ShownCheckpoints } from '../anchor/shown-checkpoints.ts';
import { LedgerStore } from '../ledger/ledger-store.ts';
import type { Finding } from '../log/findings.ts';
import { fsckPeers, type PeerSource } from '../log/fsck-peers.ts';
import { Proofs } from '../log/proofs.ts';
import { EquivocationEvidence } from '../peers/equivocation-evidence.ts';
import { loadMemberTls } from '../peers/member-tls.ts';
import { PeerClient } from '../peers/peer-client.ts';
import { openDatabase } from '../store/database.ts';
import type { Place } from './place.ts';
import { CliError, EXIT } from './terminal.ts';

/** What the other members show, held against this folder's store; both sides of a lie are kept. */
export async function askPeers({ folder, config }: Place): Promise<Finding[]> {
  if (!config?.alliance) {
    throw new CliError(EXIT.usage, '--peers is for a member of an alliance');
  }
  const db = openDatabase(folder.ledger, { readonly: true });
  const store = new LedgerStore(db);
  const { size, membership, charter, ledgerId } = store.loadState();
  if (!membership || !charter || !ledgerId) throw new CliError(EXIT.local, 'no ledger is here yet');
  const origin = `${charter.ledgerName}/${toHex(ledgerId)}`;
  const directory = new MemberDirectory({
    self: config.member.iss,
    membership: () => membership,
    known: [],
  });
  const client = new PeerClient({ tls: loadMemberTls(folder.tls), directory });
  const proofs = new Proofs((level, index) => store.tiles.get(level, index));
  const evidence = new EquivocationEvidence(folder.evidence);
  try {
    return await fsckPeers({
      view: {
        origin,
        log: new OwnLog({ size: () => size, proofs }),
        signatories: () => signatoriesOf(membership, origin),
        heldNotes: (from) => new ShownCheckpoints(db).held(from),
        native: nativeVerify,
      },
      policy: (at) => policyOfMembership(membership, origin, { size: at }),
      peers: directory.peers().map(
        (peer): PeerSource => ({
          member: peer.iss,
          get: async (path) => client.request(peer, { method: 'GET', path }),
        }),
      ),
      keep: (found) => evidence.keep(found),
    });
  } finally {
    client.close();
    db.close();
  }
}
