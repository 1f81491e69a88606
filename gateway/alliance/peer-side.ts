import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership-policy.js';
import type { FastifyContextConfig } from 'fastify';
import type { Logger } from 'pino';
import { digestOfEntry } from '../admit/inbox-keeper.ts';
import { nativeVerify } from '../admit/native-verify.ts';
import type { AllianceConfig } from '../config.ts';
import { type ContentSource, contentsRoutes } from '../peers/contents-routes.ts';
import type { MemberTls } from '../peers/member-tls.ts';
import type { PeerClient } from '../peers/peer-client.ts';
import { openPeerDoor, type PeerDoor, type PeerRoutes } from '../peers/peer-door.ts';
import { Witness } from '../peers/witness.ts';
import { witnessRoutes } from '../peers/witness-routes.ts';
import { mayHold } from './disclosure.ts';
import type { MemberDirectory } from './member-directory.ts';
import type { MemberNode } from './member-node.ts';

export interface PeerSide {
  readonly door: PeerDoor;
  readonly witness: Witness;
  /** Members or their certificates changed. */
  refresh(): void;
  close(): Promise<void>;
}

/** The members' door of a running node: witness, contents, log, position. */
export async function openPeerSide(options: {
  node: MemberNode;
  directory: MemberDirectory;
  client: PeerClient;
  tls: MemberTls;
  settings: AllianceConfig;
  log: Logger;
}): Promise<PeerSide> {
  const { node, directory, client, tls, settings, log } = options;
  const { pipeline } = node;
  const witness = new Witness({
    origin: pipeline.origin,
    cosigner: pipeline.anchorage.cosigner,
    log: pipeline.anchorage.log,
    policy: (size) => policyOfMembership(node.membership(), pipeline.origin, { size }),
    native: nativeVerify,
    onCosigned: (tree, signatures, body) => pipeline.anchor.offer(tree, signatures, body),
  });
  const door = await openPeerDoor({
    directory,
    tls,
    host: settings.peerHost,
    port: settings.peerPort,
    routes: [
      (app) => witnessRoutes(app, { witness, config: DOOR }),
      contentsRoutes(contentSource(node)),
      positionRoutes(node),
    ],
    logger: log,
  });
  return {
    door,
    witness,
    refresh: () => {
      client.refreshPeers();
      door.refreshPeers();
    },
    close: async () => {
      await door.close();
      client.close();
    },
  };
}

/** Routes of the members' door are for members alone; the public door's access does not apply. */
const DOOR = { access: 'public' } as const satisfies FastifyContextConfig;

/** For one that lost its vote state: how far the chain was seen to be from here. */
function positionRoutes(node: MemberNode): PeerRoutes {
  return (app) => {
    app.get('/position', async () => ({
      height: node.chain.status().height,
      size: node.ledger.state.size,
    }));
    app.get('/log/checkpoint', async (_request, reply) => {
      const note = node.pipeline.anchor.newest?.note;
      if (note === undefined) return reply.code(404).send('no checkpoint yet\n');
      return reply.header('content-type', 'text/plain; charset=utf-8').send(note);
    });
  };
}

/** What this node holds, shown to whom charter, ownership or a grant allows it. */
export function contentSource(node: Pick<MemberNode, 'ledger'>): ContentSource {
  const { ledger } = node;
  return {
    size: () => ledger.state.size,
    find: ({ leafIndex, digest }, iss) => {
      const { store, state } = ledger;
      const row = store.packs.row(leafIndex);
      const entry = row ? store.leaves.entry(leafIndex) : null;
      if (!row || !entry || !equal(digestOfEntry(entry), digest)) return { kind: 'unheld' };
      const device = state.keys[row.keyNo]?.iss ?? '';
      if (!mayHold(state, { iss, device, leafIndex })) return { kind: 'sealed' };
      const bytes = store.leaves.content(leafIndex);
      return bytes ? { kind: 'bytes', bytes } : { kind: 'unheld' };
    },
  };
}
