import { equal } from '@truegrain/device-sdk/formats/bytes.js';
import { policyOfMembership } from '@truegrain/device-sdk/formats/membership-policy.js';
import { parseStatement } from '@truegrain/device-sdk/formats/statement.js';
import type { FastifyContextConfig } from 'fastify';
import type { Logger } from 'pino';
import { nativeVerify } from '../admit/native-verify.ts';
import type { Backend } from '../http/backend.ts';
import type { CommittedBlock } from '../ledger/cometbft/comet-ledger.ts';
import { digestOfEntry } from '../ledger/facts.ts';
import { type ContentSource, contentsRoutes } from '../peers/contents-routes.ts';
import { contradictionsOf, type OwnView, readNote } from '../peers/equivocation.ts';
import type { EquivocationEvidence } from '../peers/equivocation-evidence.ts';
import { logRoutes } from '../peers/log-routes.ts';
import type { MemberTls } from '../peers/member-tls.ts';
import type { PeerClient } from '../peers/peer-client.ts';
import { openPeerDoor, type PeerDoor, type PeerRoutes } from '../peers/peer-door.ts';
import { Replicator } from '../peers/replicator.ts';
import { rpcRoutes } from '../peers/rpc-routes.ts';
import { Witness } from '../peers/witness.ts';
import { witnessRoutes } from '../peers/witness-routes.ts';
import type { AllianceConfig } from './alliance-config.ts';
import { isErased, mayHold } from './disclosure.ts';
import type { MemberDirectory } from './member-directory.ts';
import type { MemberNode } from './member-node.ts';
import { effectsOf, opensContents } from './membership-effects.ts';
import { signatoriesOf } from './signatories.ts';

export interface PeerSide {
  readonly door: PeerDoor;
  readonly witness: Witness;
  /** A block brought statements whose contents are elsewhere. */
  onBlock(): void;
  /** Another certificate of the same CA, from the next connection on. */
  useTls(tls: MemberTls): void;
  /** Members, their certificates, the terms or a grant changed. */
  refresh(block: CommittedBlock): void;
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
  /** What of the log members may read: all of it. */
  backend: Pick<Backend, 'checkpoint' | 'tile' | 'entryBundle'>;
  nowMs: () => number;
  evidence: EquivocationEvidence;
}): Promise<PeerSide> {
  const { node, directory, client, tls, settings, log } = options;
  const { pipeline } = node;
  const witness = new Witness({
    origin: pipeline.origin,
    cosigner: pipeline.anchorage.cosigner,
    log: pipeline.anchorage.log,
    policy: (size) => policyOfMembership(node.membership(), pipeline.origin, { size }),
    native: nativeVerify,
    onContradiction: (noteText) => keepContradictions(options, noteText),
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
      logRoutes(options.backend),
      rpcRoutes(node.chain.rpc),
      positionRoutes(node),
    ],
    logger: log,
  });
  const replicator = openReplicator(options);
  return {
    door,
    witness,
    onBlock: () => replicator.poke(),
    useTls: (renewed) => {
      client.useTls(renewed);
      door.useTls(renewed);
    },
    refresh: (block) => {
      client.refreshPeers();
      door.refreshPeers();
      if (effectsOf(block).some(opensContents)) replicator.wake();
    },
    close: async () => {
      await replicator.close();
      await door.close();
    },
  };
}

/** A member's signature over another history than the own tree: kept with what it contradicts. */
function keepContradictions(
  { node, evidence }: { node: MemberNode; evidence: EquivocationEvidence },
  noteText: string,
): void {
  const { origin, anchorage, anchor } = node.pipeline;
  const view: OwnView = {
    origin,
    log: anchorage.log,
    signatories: () => signatoriesOf(node.membership(), origin),
    heldNotes: (size) => anchor.held(size),
    native: nativeVerify,
  };
  const note = readNote(noteText, view);
  if (!note.ok) return;
  for (const found of contradictionsOf(note.value, view)) {
    const file = evidence.keep(found);
    const text = `${found.words}${file ? `; both are kept in ${file}` : ''}`;
    node.standing.tell({ iss: found.member, code: 'equivocation', text });
  }
}

/** Contents this member may hold are fetched from those who have them. */
function openReplicator(options: {
  node: MemberNode;
  directory: MemberDirectory;
  client: PeerClient;
  log: Logger;
  nowMs: () => number;
}): Replicator {
  const { node, directory, client, log, nowMs } = options;
  const { ledger, standing, wanted } = node;
  return new Replicator({
    wanted,
    client,
    directory,
    nowMs,
    size: () => ledger.state.size,
    keep: (leafIndex, bytes) => {
      const entry = ledger.store.leaves.entry(leafIndex);
      const statement = entry ? parseStatement(entry) : null;
      // Erased while it was on its way.
      if (!statement?.ok || isErased(ledger.state, statement.value.id)) return;
      ledger.store.keepContent(leafIndex, bytes);
    },
    onMisbehaviour: (finding) => standing.tell(finding),
    onFailure: (error) => log.error({ error: error.message }, 'contents are not replicated'),
  });
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
