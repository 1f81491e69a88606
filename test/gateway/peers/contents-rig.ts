import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Misbehaviour } from '../../../gateway/peers/content-round.ts';
import { contentsRoutes, type FoundContent } from '../../../gateway/peers/contents-routes.ts';
import type { DoorLimits } from '../../../gateway/peers/peer-door.ts';
import { Replicator, type ReplicatorOptions } from '../../../gateway/peers/replicator.ts';
import { type Db, openDatabase } from '../../../gateway/store/database.ts';
import { Leaves } from '../../../gateway/store/leaves.ts';
import { Wanted } from '../../../gateway/store/wanted.ts';
import { folder, type Member, openDoor, peerRecord } from './rig.ts';

export const digestOf = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

/** The content of a leaf, told apart from every other. */
export function contentOf(leafIndex: number, length = 64): Uint8Array {
  const bytes = new Uint8Array(length).fill(leafIndex);
  new DataView(bytes.buffer).setUint32(0, leafIndex);
  return bytes;
}

/** What a member says of its contents; tests bend it. */
export interface Held {
  size: number;
  find: (leafIndex: number, forIss: string) => FoundContent | null;
  /** Leaves asked for, in order, by whom. */
  readonly asked: { leafIndex: number; by: string }[];
}

export function heldBy(leaves: number, length?: number): Held {
  return {
    size: leaves,
    find: (leafIndex) => ({ kind: 'bytes', bytes: contentOf(leafIndex, length) }),
    asked: [],
  };
}

/** Opens the member's door over what it holds, and lets the two know each other. */
export async function serve(from: Member, held: Held, to: Member, limits?: Partial<DoorLimits>) {
  from.knows.push(peerRecord(to));
  const routes = contentsRoutes({
    size: () => held.size,
    find: ({ leafIndex }, forIss) => {
      held.asked.push({ leafIndex, by: forIss });
      return held.find(leafIndex, forIss) ?? { kind: 'unheld' };
    },
  });
  const door = await openDoor(from, { routes: [routes], ...(limits && { limits }) });
  to.knows.push(peerRecord(from, door.port));
  return door;
}

export interface Store {
  readonly db: Db;
  readonly wanted: Wanted;
  readonly leaves: Leaves;
  /** Leaves whose content is there. */
  kept(): number[];
}

export function openStore(dir = folder()): Store {
  const db = openDatabase(join(dir, 'ledger.db'));
  onTestFinished(() => void db.close());
  const leaves = new Leaves(db);
  const all = db.prepare('SELECT leaf_index FROM content ORDER BY leaf_index').pluck();
  return { db, wanted: new Wanted(db), leaves, kept: () => all.all() as number[] };
}

/** Leaves 0 to count − 1 of this owner are wanted. */
export function want(store: Store, owner: string, count: number, length?: number): void {
  store.wanted.transaction(() => {
    for (let leafIndex = 0; leafIndex < count; leafIndex += 1) {
      const digest = digestOf(contentOf(leafIndex, length));
      store.wanted.add({ leafIndex, digest, owner });
    }
  });
}

export const QUICK = {
  idleMs: 20,
  requestTimeoutMs: 5_000,
  restFirstMs: 20,
  restMaxMs: 60_000,
  retryFirstMs: 20,
  retryUnaskedMs: 20,
};

export function replicate(
  of: Member,
  store: Store,
  options: Partial<ReplicatorOptions> = {},
): { replicator: Replicator; found: Misbehaviour[]; failures: Error[] } {
  const found: Misbehaviour[] = [];
  const failures: Error[] = [];
  const replicator = new Replicator({
    wanted: store.wanted,
    client: of.client,
    directory: of.directory,
    size: () => 0,
    keep: (leafIndex, bytes) => store.leaves.keepContent(leafIndex, bytes),
    onMisbehaviour: (one) => found.push(one),
    onFailure: (error) => failures.push(error),
    nowMs: Date.now,
    limits: QUICK,
    ...options,
  });
  onTestFinished(() => replicator.close());
  return { replicator, found, failures };
}
