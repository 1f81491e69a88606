import type { ConductView, NodeView } from '../http/alliance-backend.ts';
import { signingWords } from './floors.ts';
import type { MemberNode } from './member-node.ts';

/** What this member's node sees of itself and of the others, for its operator. */
export function nodeView(node: MemberNode, { inboxBytesMax }: { inboxBytesMax: number }): NodeView {
  const { chain, inbox, wanted, standing, pipeline } = node;
  const { height, engine, detail } = chain.status();
  const elsewhere = wanted.countByOwner();
  const sealed = elsewhere.reduce((sum, owner) => sum + owner.sealed, 0);
  return {
    height,
    engine,
    engineDetail: detail,
    signing: signingWords(pipeline.anchorage.floor.state()),
    connected: [...node.connected],
    inbox: { frames: inbox.count, bytes: inbox.bytes, bytesMax: inboxBytesMax },
    unheld: elsewhere.reduce((sum, { count }) => sum + count, 0) - sealed,
    sealed,
    conduct: conductOf(node),
    findings: standing.findings(),
  };
}

function conductOf(node: MemberNode): ConductView[] {
  const { standing, pipeline } = node;
  const cosigned = new Map(pipeline.anchor.cosigners().map(({ name, size }) => [name, size]));
  return [...node.membership().members.keys()].map((iss) => {
    return { iss, ...standing.conduct(iss), cosignedSize: cosigned.get(iss) ?? null };
  });
}
