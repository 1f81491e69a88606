import { join, resolve } from 'node:path';

/** What stands where in a gateway's data folder. */
export interface DataFolder {
  readonly root: string;
  /** SQLite: entries, contents, tree, state. */
  readonly ledger: string;
  /** The newest checkpoint this member signed: outside the database, never restored (DESIGN §7). */
  readonly signedTip: string;
  readonly tokens: string;
  /** member.pem, log.pem, cosigner.pem, gateway.pem; in an alliance node.pem and p2p.pem too. */
  readonly keys: string;
  /** Alliance: own CA and certificate for the members' door. */
  readonly tls: string;
  /** Alliance: what this member gives to the others; nothing in it is secret. */
  readonly card: string;
  /** Alliance: charter, acceptances and cards, as every member has them. */
  readonly founding: string;
  /** Alliance, joined later: where the members were when they invited this one. */
  readonly invitation: string;
  /** Alliance: the acceptance this member signed, one a ledger, named by the ledger id. */
  readonly acceptances: string;
  /** Alliance: home of the consensus engine. */
  readonly engine: string;
  /** Alliance: proof of members that signed two histories. */
  readonly evidence: string;
  /** Keys of the tags this member reads (NTAG 424), JSON; absent where it reads none. */
  readonly tagKeys: string;
  /** Held by the one process that may write; see store/lock.ts. */
  readonly lock: string;
}

export function dataFolder(data: string): DataFolder {
  const root = resolve(data);
  return {
    root,
    ledger: join(root, 'ledger.db'),
    signedTip: join(root, 'signed-tip'),
    tokens: join(root, 'tokens.json'),
    keys: join(root, 'keys'),
    tls: join(root, 'tls'),
    card: join(root, 'member.tgcard'),
    founding: join(root, 'founding.tgfound'),
    invitation: join(root, 'invitation.tginvite'),
    acceptances: join(root, 'acceptances'),
    engine: join(root, 'engine'),
    evidence: join(root, 'evidence'),
    tagKeys: join(root, 'keys', 'tags.json'),
    lock: join(root, 'lock'),
  };
}
