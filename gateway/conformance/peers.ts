import type { CheckpointBody } from '@truegrain/device-sdk/formats/checkpoint.js';
import { relationOf } from './history.ts';
import type { LedgerSource } from './ledger-source.ts';
import type { NoteJudge } from './note-judge.ts';
import { type Seen, seen, unseen } from './seen.ts';
import { TileTree } from './tile-tree.ts';
import type { PeerAnswer, PeerSight } from './view.ts';

export interface PeerPlace {
  readonly member: PeerSight['member'];
  /** Null for a member that has announced no place for the public. */
  readonly url: string | null;
}

/** What a place is compared with. */
interface Own {
  readonly body: CheckpointBody;
  readonly tree: TileTree;
  readonly notes: NoteJudge;
  readonly open: (url: string) => LedgerSource;
  readonly asksMembers: boolean;
}

/** The same ledger at its other places: whether it is there, and whether it is the same. */
export function lookAtPeers(places: readonly PeerPlace[], own: Own): Promise<PeerSight[]> {
  return Promise.all(places.map(async (place) => ({ ...place, answer: await lookAt(place, own) })));
}

async function lookAt({ member, url }: PeerPlace, own: Own): Promise<Seen<PeerAnswer>> {
  if (url === null) return unseen('not-asked', 'no address for the public is on record');
  if (member !== null && !own.asksMembers) {
    return unseen('not-asked', 'members were not to be asked');
  }
  const source = own.open(url);
  const note = await source.checkpoint();
  if (!note.seen && note.why === 'unreachable') return note;
  // Whoever answers, and has no checkpoint of this ledger, is there and does not keep its books.
  const opened = note.seen ? own.notes.open(note.value) : note;
  if (!opened.seen) return seen({ size: 0, fault: opened.detail, relation: opened });
  const body = opened.value;
  const larger = body.size > own.body.size ? new TileTree(source, body.size) : own.tree;
  const relation = await relationOf(own.body, body, larger);
  return seen({ size: body.size, fault: null, relation });
}
